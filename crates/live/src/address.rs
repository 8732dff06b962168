//! What a request asks for, and whether it comes by a name of this machine.

use std::net::IpAddr;

/// What can be asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// The document.
    Document,
    /// Its style.
    Style,
    /// Its script.
    Script,
    /// What has changed after a change of a start of the server.
    Changes {
        /// Which start.
        start: String,
        /// Which change.
        after: u64,
    },
    /// The report of this number, whole.
    Report(u64),
    /// The recording of that report.
    Media(u64),
}

impl Asked {
    /// Of a path with its query; `None` where there is no such thing.
    pub fn of(url: &str) -> Option<Self> {
        let (path, query) = url.split_once('?').unwrap_or((url, ""));
        let number = |prefix| path.strip_prefix(prefix)?.parse().ok();
        match path {
            "/" => Some(Self::Document),
            "/page.css" => Some(Self::Style),
            "/page.js" => Some(Self::Script),
            "/changes" => Some(Self::Changes {
                start: value(query, "start").unwrap_or_default().to_owned(),
                after: value(query, "after")
                    .and_then(|after| after.parse().ok())
                    .unwrap_or_default(),
            }),
            _ => number("/report/")
                .map(Self::Report)
                .or_else(|| number("/media/").map(Self::Media)),
        }
    }
}

fn value<'a>(query: &'a str, name: &str) -> Option<&'a str> {
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs
        .filter(|(key, _)| *key == name)
        .map(|(_, value)| value)
        .next()
}

/// True when a browser was given an address of the machine itself, and not a name that somebody
/// else lets point to it: a page on the web could otherwise read what is answered (DNS rebinding).
pub fn is_own_host(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_there_is_can_be_asked_for() {
        assert_eq!(Asked::of("/"), Some(Asked::Document));
        assert_eq!(Asked::of("/?x"), Some(Asked::Document));
        assert_eq!(Asked::of("/report/12"), Some(Asked::Report(12)));
        assert_eq!(Asked::of("/media/3"), Some(Asked::Media(3)));
        let changes = |start: &str, after| Asked::Changes {
            start: start.to_owned(),
            after,
        };
        assert_eq!(
            Asked::of("/changes?start=ab&after=7"),
            Some(changes("ab", 7))
        );
        assert_eq!(Asked::of("/changes"), Some(changes("", 0)));
        assert_eq!(Asked::of("/changes?after=x&start"), Some(changes("", 0)));
        for other in [
            "",
            "/x",
            "/media/",
            "/media/-1",
            "/media/../etc/passwd",
            "/media/1/",
            "/report/%31",
            "/report/99999999999999999999",
        ] {
            assert_eq!(Asked::of(other), None, "{other}");
        }
    }

    #[test]
    fn names_of_others_are_not_ours() {
        for own in [
            "localhost",
            "LocalHost:9465",
            "127.0.0.1:9465",
            "[::1]:9465",
            "192.168.1.5",
        ] {
            assert!(is_own_host(own), "{own}");
        }
        for other in [
            "",
            "evil.example:9465",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "[evil]",
        ] {
            assert!(!is_own_host(other), "{other}");
        }
    }
}
