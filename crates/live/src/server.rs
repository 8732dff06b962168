//! Answers browsers.

use std::io::{Cursor, Read, Seek, SeekFrom};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{io, thread};

use serde_json::{Value, json};
use tiny_http::{Header, Method, Request, Response, ResponseBox, Server, StatusCode};
use undertone_pages::{LIVE_DOCUMENT, LIVE_STYLE, live_script, recording_json};
use undertone_reports::{Record, read_record};
use undertone_types::{error_chain, shown_path};

use super::address::{Asked, is_own_host};
use super::index::Changes;
use super::media;
use super::range::Part;
use super::reader::Watched;

/// Requests that are answered at once.
const THREADS: usize = 8;

/// What a page may do: run our script and style, ask us, and play what we send.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
    media-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// What is served.
pub struct Live {
    /// The folder of reports.
    pub out: PathBuf,
    /// Folders whose recordings may be played, absolute.
    pub recordings: Vec<PathBuf>,
    /// What the daemon is doing, as `undertone status --json` says it; `None` where it is not known.
    pub status: Box<dyn Fn() -> Option<Value> + Send + Sync>,
}

/// Where it is served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Serving {
    /// What to open in a browser.
    pub url: String,
    /// True when only this machine can.
    pub is_loopback: bool,
}

/// Cannot listen on the address.
#[derive(Debug, thiserror::Error)]
#[error(
    "cannot listen on {address}: {reason}; another program may use it: change `pages.listen`, \
     or set it to \"\""
)]
pub struct LiveError {
    address: String,
    reason: String,
}

impl Live {
    /// Answers until the process ends.
    ///
    /// # Errors
    /// When it cannot listen on the address.
    pub fn serve(self, listen: &str) -> Result<Serving, LiveError> {
        let error = |reason: &dyn std::fmt::Display| LiveError {
            address: listen.to_owned(),
            reason: reason.to_string(),
        };
        let server = Server::http(listen).map_err(|reason| error(&reason))?;
        let server = Arc::new(server);
        let watched = Watched::start(self.out.clone()).map_err(|reason| error(&reason))?;
        let desk = Arc::new(Desk {
            live: self,
            watched,
            script: live_script(),
        });
        for number in 0..THREADS {
            let (server, desk) = (server.clone(), desk.clone());
            thread::Builder::new()
                .name(format!("pages-{number}"))
                .spawn(move || {
                    for request in server.incoming_requests() {
                        let answer = desk.answer(&request);
                        // A client that has hung up needs no answer.
                        let _ = request.respond(answer);
                    }
                })
                .map_err(|reason| error(&reason))?;
        }
        let address = server.server_addr().to_ip();
        Ok(Serving {
            url: format!(
                "http://{}/",
                address.map_or(listen.to_owned(), |at: SocketAddr| at.to_string())
            ),
            is_loopback: address.is_none_or(|at| at.ip().is_loopback()),
        })
    }
}

/// Where requests are answered.
struct Desk {
    live: Live,
    watched: Watched,
    script: String,
}

impl Desk {
    fn answer(&self, request: &Request) -> ResponseBox {
        let answer = match (request.method(), Asked::of(request.url())) {
            _ if !is_own_host(header(request, "Host").unwrap_or_default()) => text(
                403,
                "this is answered by the address of the machine or as localhost only: another name could be \
                 a trick of a page on the web",
            ),
            (Method::Get | Method::Head, Some(asked)) => self.body(asked, request),
            (Method::Get | Method::Head, None) => text(404, "there is no such page"),
            _ => text(405, "only GET"),
        };
        with_headers(
            answer,
            &[
                ("Content-Security-Policy", POLICY),
                ("X-Content-Type-Options", "nosniff"),
                ("Referrer-Policy", "no-referrer"),
                ("Cross-Origin-Resource-Policy", "same-origin"),
                ("Cross-Origin-Opener-Policy", "same-origin"),
                // Transcripts do not belong on the disk of whoever looks.
                ("Cache-Control", "no-store"),
            ],
        )
    }

    fn body(&self, asked: Asked, request: &Request) -> ResponseBox {
        match asked {
            Asked::Document => page("text/html; charset=utf-8", LIVE_DOCUMENT),
            Asked::Style => page("text/css; charset=utf-8", LIVE_STYLE),
            Asked::Script => page("text/javascript; charset=utf-8", self.script.as_str()),
            Asked::Changes { start, after } => {
                // The lock is released before anything is sent.
                let changes = self.watched.index().changes(&start, after);
                page("application/json", self.changes_json(&changes))
            }
            Asked::Report(id) => self.report(id),
            Asked::Media(id) => self.media(id, header(request, "Range")),
        }
    }

    /// Rows are JSON already, and are many.
    fn changes_json(&self, changes: &Changes) -> String {
        let status = (self.live.status)().unwrap_or(Value::Null);
        let reading = changes
            .reading
            .map(|(done, of)| json!({ "done": done, "of": of }));
        format!(
            r#"{{"start":{},"up_to":{},"title":{},"rows":[{}],"gone":{},"together":{},"reading":{},"status":{status}}}"#,
            json!(changes.start),
            changes.up_to,
            json!(title(&self.live.out)),
            changes.rows.join(","),
            json!(changes.gone),
            changes.together.as_deref().unwrap_or("null"),
            json!(reading),
        )
    }

    fn report(&self, id: u64) -> ResponseBox {
        let Some((name, file)) = self.watched.index().record(id) else {
            return text(404, "it is no longer there");
        };
        match read_record(&file) {
            Ok(Record::Report(report)) => {
                let is_there = media::is_there(&report.recording.source, &self.live.recordings);
                let address = is_there.then(|| format!("media/{id}"));
                let addresses = address.into_iter().collect();
                page(
                    "application/json",
                    recording_json(&name, *report, addresses),
                )
            }
            Ok(_) => text(404, "it has no report of its own any more"),
            Err(error) => text(500, &error_chain(&error).join(": ")),
        }
    }

    fn media(&self, id: u64, range: Option<&str>) -> ResponseBox {
        let record = self.watched.index().record(id);
        let media = record.and_then(|(_, file)| media::open(&file, &self.live.recordings));
        match media {
            None => text(404, "the recording is no longer where and as it was scored"),
            Some(media) => sent(media, range).unwrap_or_else(|error| text(500, &error.to_string())),
        }
    }
}

fn sent(media: media::Media, range: Option<&str>) -> io::Result<ResponseBox> {
    let media::Media {
        mut file,
        size,
        kind,
    } = media;
    let (status, from, length) = match Part::of(range, size) {
        Part::None => {
            let answer = text(416, "the recording has no such part");
            let all = format!("bytes */{size}");
            return Ok(with_headers(answer, &[("Content-Range", &all)]));
        }
        Part::Whole => (200, 0, size),
        Part::Of { from, length } => (206, from, length),
    };
    file.seek(SeekFrom::Start(from))?;
    let length_here = usize::try_from(length).map_err(io::Error::other)?;
    let body: Box<dyn Read + Send> = Box::new(file.take(length));
    let answer = Response::new(
        StatusCode(status),
        Vec::new(),
        body,
        Some(length_here),
        None,
    )
    // Players want to know the length, which answers in chunks do not tell.
    .with_chunked_threshold(usize::MAX);
    let answer = with_headers(
        answer,
        &[("Content-Type", kind), ("Accept-Ranges", "bytes")],
    );
    Ok(match status {
        206 => {
            let part = format!("bytes {from}-{}/{size}", from + length - 1);
            with_headers(answer, &[("Content-Range", &part)])
        }
        _ => answer,
    })
}

fn page(kind: &str, body: impl Into<Vec<u8>>) -> ResponseBox {
    let body = body.into();
    let length = body.len();
    let body: Box<dyn Read + Send> = Box::new(Cursor::new(body));
    let answer = Response::new(StatusCode(200), Vec::new(), body, Some(length), None);
    with_headers(answer, &[("Content-Type", kind)])
}

fn text(status: u16, message: &str) -> ResponseBox {
    page("text/plain; charset=utf-8", format!("{message}\n")).with_status_code(status)
}

fn with_headers(answer: ResponseBox, headers: &[(&str, &str)]) -> ResponseBox {
    headers.iter().fold(answer, |answer, (name, value)| {
        let header = Header::from_bytes(*name, *value);
        answer.with_header(header.expect("our own header is valid"))
    })
}

fn header<'a>(request: &'a Request, name: &'static str) -> Option<&'a str> {
    let mut headers = request.headers().iter();
    let header = headers.find(|header| header.field.equiv(name))?;
    Some(header.value.as_str())
}

/// The name of the folder.
fn title(out: &Path) -> String {
    let real = out.canonicalize().unwrap_or_else(|_| out.to_owned());
    shown_path(Path::new(real.file_name().unwrap_or(real.as_os_str())))
}

#[cfg(test)]
mod tests;
