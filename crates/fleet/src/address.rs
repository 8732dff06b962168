//! Where a queue is: servers, and the name of the queue on them.

use std::fmt;
use std::str::FromStr;

use percent_encoding::percent_decode_str;

use crate::FleetError;

/// The name of a queue that was given none.
const UNNAMED: &str = "main";

/// Where a queue is.
#[derive(Clone, PartialEq, Eq)]
pub struct QueueAddress {
    /// Addresses of the servers of one cluster, without user and password.
    servers: Vec<String>,
    /// Who asks: that of the last server that has any.
    login: Option<Login>,
    /// The queue's name: letters, digits, `-` and `_`.
    name: String,
}

/// User and password, or a token alone.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    pub user: String,
    pub password: Option<String>,
}

impl Login {
    /// Reads `USER:PASSWORD` or `TOKEN`, in which `%40` stands for `@`.
    fn new(text: &str) -> Self {
        let plain = |text| percent_decode_str(text).decode_utf8_lossy().into_owned();
        match text.split_once(':') {
            Some((user, password)) => Self {
                user: plain(user),
                password: Some(plain(password)),
            },
            None => Self {
                user: plain(text),
                password: None,
            },
        }
    }
}

impl QueueAddress {
    pub(crate) fn login(&self) -> Option<&Login> {
        self.login.as_ref()
    }

    pub(crate) fn servers(&self) -> &[String] {
        &self.servers
    }

    /// The queue's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// Reads `nats://HOST[:PORT][/NAME]`; several servers of a cluster are separated by commas, and the
/// name is behind the last one.
impl FromStr for QueueAddress {
    type Err = FleetError;

    fn from_str(text: &str) -> Result<Self, FleetError> {
        let wrong = |problem| FleetError::QueueAddress {
            address: text.split(',').map(masked).collect::<Vec<_>>().join(","),
            problem,
        };
        let (mut name, mut login) = (None, None);
        let mut servers = Vec::new();
        let mut parts = text.split(',').peekable();
        while let Some(part) = parts.next() {
            let (scheme, rest) = part
                .split_once("://")
                .ok_or_else(|| wrong("there is no scheme"))?;
            if !matches!(scheme, "nats" | "tls") {
                return Err(wrong("only nats:// and tls:// are known"));
            }
            let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
            let host = match host.rsplit_once('@') {
                Some((said, host)) => {
                    login = Some(Login::new(said));
                    host
                }
                None => host,
            };
            if host.is_empty() {
                return Err(wrong("there is no host"));
            }
            match (path.trim_end_matches('/'), parts.peek()) {
                ("", _) => {}
                (path, None) => name = Some(path.to_owned()),
                (_, Some(_)) => return Err(wrong("the name belongs behind the last server")),
            }
            servers.push(format!("{scheme}://{host}"));
        }
        let name = name.unwrap_or_else(|| UNNAMED.to_owned());
        let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_".contains(letter);
        if !name.chars().all(is_plain) {
            return Err(wrong("a name is of letters, digits, - and _"));
        }
        Ok(Self {
            servers,
            login,
            name,
        })
    }
}

/// Without user and password.
impl fmt::Display for QueueAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.servers.join(","), self.name)
    }
}

/// As [`Display`](fmt::Display): a password must not get into a log.
impl fmt::Debug for QueueAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

fn masked(server: &str) -> String {
    match (server.split_once("://"), server.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, host))) => format!("{scheme}://{host}"),
        (None, Some((_, host))) => host.to_owned(),
        (_, None) => server.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_and_name() {
        let one: QueueAddress = "nats://queue.example:4222".parse().unwrap();
        assert_eq!(one.servers(), ["nats://queue.example:4222"]);
        assert_eq!(one.name(), "main");
        let three: QueueAddress = "tls://a,tls://b:1,tls://c/talks-2024".parse().unwrap();
        assert_eq!(three.servers(), ["tls://a", "tls://b:1", "tls://c"]);
        assert_eq!(three.name(), "talks-2024");
        assert_eq!(three.to_string(), "tls://a,tls://b:1,tls://c/talks-2024");
    }

    #[test]
    fn a_password_is_never_shown() {
        let queue: QueueAddress = "nats://me:s3cret@host/q".parse().unwrap();
        assert_eq!(queue.servers(), ["nats://host"]);
        assert!(
            queue
                .login()
                .is_some_and(|it| it.password.as_deref() == Some("s3cret"))
        );
        let token: QueueAddress = "nats://a%40b@host".parse().unwrap();
        assert!(
            token
                .login()
                .is_some_and(|it| it.user == "a@b" && it.password.is_none())
        );
        let wrong = "nats://me:s3cret@host/a.b".parse::<QueueAddress>();
        for shown in [
            queue.to_string(),
            format!("{queue:?}"),
            wrong.unwrap_err().to_string(),
        ] {
            assert!(
                !shown.contains("s3cret") && shown.contains("host"),
                "{shown}"
            );
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        for wrong in [
            "",
            "host",
            "http://host",
            "nats://",
            "nats://a/q,nats://b",
            "nats://a/q.r",
        ] {
            let error = wrong.parse::<QueueAddress>().unwrap_err();
            assert!(error.is_usage(), "{wrong}: {error}");
        }
    }
}
