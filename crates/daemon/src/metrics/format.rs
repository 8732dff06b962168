//! The two text formats of `/metrics`, and which of them a client wants.

use std::fmt;

use prometheus_client::encoding::{prometheus_text, text};
use prometheus_client::registry::Registry;

/// A text format of metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// OpenMetrics 1.0: with units, and an end that shows that nothing is missing.
    OpenMetrics,
    /// Prometheus' older text format 0.0.4, which everything reads.
    Text,
}

impl Format {
    /// What the `Accept` headers of a request ask for. OpenMetrics must be asked for by its name:
    /// browsers and curl, which take anything, get plain text.
    pub fn wanted<'a>(accept: impl IntoIterator<Item = &'a str>) -> Self {
        let ranges = accept.into_iter().flat_map(|value| value.split(','));
        let (mut open, mut text) = (0.0, 0.0);
        for range in ranges {
            match Range::parse(range) {
                Range {
                    kind,
                    version,
                    weight,
                } if kind == "application/openmetrics-text" => {
                    if version.is_none_or(|version| version.starts_with("1.")) {
                        open = weight.max(open);
                    }
                }
                Range { kind, weight, .. } => {
                    if ["text/plain", "text/*", "*/*"].contains(&kind.as_str()) {
                        text = weight.max(text);
                    }
                }
            }
        }
        match open > 0.0 && open >= text {
            true => Self::OpenMetrics,
            false => Self::Text,
        }
    }

    /// The value of `Content-Type`.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Self::Text => prometheus_text::CONTENT_TYPE,
        }
    }

    /// All metrics of a registry.
    pub fn write(self, into: &mut String, registry: &Registry) -> fmt::Result {
        match self {
            Self::OpenMetrics => text::encode(into, registry),
            Self::Text => prometheus_text::encode(into, registry),
        }
    }
}

/// One of the media ranges of an `Accept` header.
struct Range {
    kind: String,
    version: Option<String>,
    weight: f32,
}

impl Range {
    fn parse(range: &str) -> Self {
        let range = range.to_ascii_lowercase();
        let mut parts = range.split(';').map(str::trim);
        let kind = parts.next().unwrap_or_default().to_owned();
        let (mut version, mut weight) = (None, 1.0);
        for part in parts {
            match part.split_once('=') {
                Some(("version", value)) => version = Some(value.trim_matches('"').to_owned()),
                // A weight that is none is no wish.
                Some(("q", value)) => weight = value.parse().unwrap_or(0.0),
                _ => {}
            }
        }
        Self {
            kind,
            version,
            weight,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_gets_what_it_prefers() {
        let prometheus_2 = "application/openmetrics-text;version=1.0.0,\
            application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
        let text_first = "text/plain;version=0.0.4;q=0.6, application/openmetrics-text; \
            version=1.0.0; q=0.5, */*;q=0.1";
        for (accept, format) in [
            (prometheus_2, Format::OpenMetrics),
            ("application/openmetrics-text", Format::OpenMetrics),
            (
                "text/plain, Application/OpenMetrics-Text",
                Format::OpenMetrics,
            ),
            (text_first, Format::Text),
            ("*/*", Format::Text),
            ("text/html,application/xml;q=0.9,*/*;q=0.8", Format::Text),
            (
                "application/openmetrics-text;version=2.0.0, text/plain;q=0.5",
                Format::Text,
            ),
            ("application/openmetrics-text;q=0", Format::Text),
            ("application/openmetrics-text;q=high", Format::Text),
            ("", Format::Text),
        ] {
            assert_eq!(Format::wanted([accept]), format, "{accept}");
        }
        assert_eq!(Format::wanted([]), Format::Text);
        let several = ["text/plain;q=0.5", "application/openmetrics-text"];
        assert_eq!(Format::wanted(several), Format::OpenMetrics);
    }
}
