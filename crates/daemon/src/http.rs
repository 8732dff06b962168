//! `/metrics`, `/healthz` and `/readyz`, on a thread of its own.

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread;

use tiny_http::{Header, Method, Request, Response, Server};

use super::health::Health;
use super::metrics::{Format, Metrics};

/// Cannot listen on the address.
#[derive(Debug, thiserror::Error)]
#[error(
    "cannot listen on {address}: {reason}; another program may use it: change `metrics.listen`, \
     or set it to \"\""
)]
pub struct HttpError {
    address: String,
    reason: String,
}

/// What a process says of itself when it is asked.
pub trait Exposed: Send + Sync {
    /// Its metrics.
    fn metrics(&self, format: Format) -> String;
    /// Why waiting work makes no progress, if so.
    fn problem(&self) -> Option<String>;
    /// Why it is not ready to score, if so.
    fn unready(&self) -> Option<String>;
}

/// What the daemon says of itself.
pub struct OfDaemon {
    /// Updated by the daemon.
    pub metrics: Arc<Metrics>,
    /// Updated by the daemon.
    pub health: Arc<Health>,
}

impl Exposed for OfDaemon {
    fn metrics(&self, format: Format) -> String {
        self.metrics.healthy(self.health.problem().is_none());
        self.metrics.text(format)
    }

    fn problem(&self) -> Option<String> {
        self.health.problem()
    }

    fn unready(&self) -> Option<String> {
        self.health.unready()
    }
}

/// Answers until the process ends. Returns the address, with the port that was chosen.
///
/// # Errors
/// When it cannot listen on the address.
pub fn answer(listen: &str, exposed: Arc<dyn Exposed>) -> Result<String, HttpError> {
    let error = |reason: &dyn std::fmt::Display| HttpError {
        address: listen.to_owned(),
        reason: reason.to_string(),
    };
    let server = Server::http(listen).map_err(|reason| error(&reason))?;
    let address = server
        .server_addr()
        .to_ip()
        .map_or(listen.to_owned(), |at: SocketAddr| at.to_string());
    let body = move || {
        for request in server.incoming_requests() {
            let (status, kind, text) = match (request.method(), request.url()) {
                (Method::Get | Method::Head, "/metrics") => {
                    let format = wanted(&request);
                    (200, format.content_type(), exposed.metrics(format))
                }
                (Method::Get | Method::Head, url) => page(url, &*exposed),
                _ => (405, TEXT, "only GET\n".to_owned()),
            };
            let header =
                |name, value| Header::from_bytes(name, value).expect("our own header is valid");
            let response = Response::from_string(text)
                .with_status_code(status)
                .with_header(header("Content-Type", kind))
                .with_header(header("Vary", "Accept"));
            // A client that has hung up needs no answer.
            let _ = request.respond(response);
        }
    };
    thread::Builder::new()
        .name("http".to_owned())
        .spawn(body)
        .map_err(|reason| error(&reason))?;
    Ok(address)
}

const TEXT: &str = "text/plain; charset=utf-8";

/// The format of the metrics that a request asks for.
fn wanted(request: &Request) -> Format {
    let headers = request.headers().iter();
    let accept = headers.filter(|header| header.field.equiv("Accept"));
    Format::wanted(accept.map(|header| header.value.as_str()))
}

fn page(url: &str, exposed: &dyn Exposed) -> (u16, &'static str, String) {
    let state = |problem: Option<String>| match problem {
        None => (200, TEXT, "ok\n".to_owned()),
        Some(problem) => (503, TEXT, format!("{problem}\n")),
    };
    match url {
        "/healthz" => state(exposed.problem()),
        "/readyz" => state(exposed.unready()),
        _ => (
            404,
            TEXT,
            "there are /metrics, /healthz and /readyz\n".to_owned(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::health::Condition;

    #[test]
    fn health_and_readiness_are_told_apart() {
        let exposed = OfDaemon {
            metrics: Arc::new(Metrics::new()),
            health: Arc::new(Health::new()),
        };
        let health = &exposed.health;
        let status = |url| page(url, &exposed).0;
        assert_eq!((status("/healthz"), status("/readyz")), (200, 503));
        let ready = Condition {
            ready: true,
            ..Condition::default()
        };
        health.update(ready.clone());
        assert_eq!((status("/healthz"), status("/readyz")), (200, 200));
        health.update(Condition {
            paused: Some("the disk is full".to_owned()),
            ..ready.clone()
        });
        assert_eq!((status("/healthz"), status("/readyz")), (503, 503));
        health.update(Condition {
            silent: Some("\"/mnt\" has not answered for 61 s".to_owned()),
            ..ready.clone()
        });
        let (status_code, _, text) = page("/healthz", &exposed);
        assert_eq!(status_code, 503);
        assert!(text.contains("/mnt"), "{text}");
        health.update(Condition {
            stuck: Some("nothing moves".to_owned()),
            ..ready
        });
        assert_eq!(page("/healthz", &exposed).2, "nothing moves\n");
        assert_eq!(status("/other"), 404);
    }
}
