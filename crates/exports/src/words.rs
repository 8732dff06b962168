//! What may be said of an utterance's words: no text that was not heard is shown as if it was.

use std::fmt;

use undertone_reports::{Polarity, Report, TextSourceName, UtteranceLine, WordLine};

/// The words of an utterance, and how far they are to be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Words<'a> {
    /// The transcript, which the network read.
    Heard(&'a str),
    /// The text was simulated from the voice.
    Simulated {
        /// What was simulated; older reports do not say.
        text: Option<&'a str>,
        /// The transcript, if there is one, which was not trusted.
        doubted: Option<&'a str>,
    },
    /// No text was used. A transcript, if there is one, was not trusted.
    None(Option<&'a str>),
}

impl<'a> Words<'a> {
    /// The words of an utterance.
    #[must_use]
    pub fn of(utterance: &'a UtteranceLine) -> Self {
        let transcript = utterance.text.transcript.as_deref();
        match (utterance.text.source, transcript) {
            (TextSourceName::Transcript, Some(transcript)) => Self::Heard(transcript),
            (TextSourceName::Simulated, doubted) => Self::Simulated {
                text: utterance.text.simulated.as_deref(),
                doubted,
            },
            (TextSourceName::Transcript | TextSourceName::None, doubted) => Self::None(doubted),
        }
    }

    /// The words that were heard and trusted.
    #[must_use]
    pub fn heard(self) -> Option<&'a str> {
        match self {
            Self::Heard(words) => Some(words),
            _ => None,
        }
    }

    /// The transcript that was not trusted.
    #[must_use]
    pub fn doubted(self) -> Option<&'a str> {
        match self {
            Self::Heard(_) => None,
            Self::Simulated { doubted, .. } | Self::None(doubted) => doubted,
        }
    }
}

impl fmt::Display for Words<'_> {
    /// In one line; all but heard words in brackets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self {
            Self::Heard(words) => return f.write_str(&one_line(words)),
            Self::Simulated {
                text: Some(text), ..
            } => return write!(f, "(text simulated: {})", one_line(text)),
            Self::Simulated { text: None, .. } => "text simulated",
            Self::None(_) => "no text",
        };
        match self.doubted() {
            Some(doubted) => write!(f, "({what}; perhaps: {})", one_line(doubted)),
            None => write!(f, "({what})"),
        }
    }
}

/// Score and words in one line, for example "[-2.26] i liked the referee".
pub(crate) fn label(utterance: &UtteranceLine) -> String {
    format!("[{}] {}", score(utterance), Words::of(utterance))
}

/// The score with its sign, or that there is none.
pub(crate) fn score(utterance: &UtteranceLine) -> String {
    let Some(sentiment) = &utterance.sentiment else {
        return "no score".to_owned();
    };
    // Adding 0 makes -0 a plain 0.
    let rounded = (sentiment.score * 100.0).round() / 100.0 + 0.0;
    format!("{rounded:+.2}")
}

/// The name of the polarity, or that there is none.
pub(crate) fn polarity(utterance: &UtteranceLine) -> &'static str {
    match utterance.sentiment.as_ref().map(|it| it.polarity) {
        Some(Polarity::Negative) => "negative",
        Some(Polarity::Neutral) => "neutral",
        Some(Polarity::Positive) => "positive",
        None => "unscored",
    }
}

/// The name of whoever speaks, for people; `None` where nobody else does, or it is not known.
pub(crate) fn speaker_name(report: &Report, utterance: &UtteranceLine) -> Option<String> {
    let number = utterance.speaker?;
    (report.summary.speakers.len() > 1).then(|| format!("Speaker {number}"))
}

/// The number of whoever speaks, or nothing.
pub(crate) fn speaker(utterance: &UtteranceLine) -> String {
    let number = utterance.speaker;
    number.map_or_else(String::new, |number| number.to_string())
}

/// The name of the source of the text, as reports have it.
pub(crate) fn source(utterance: &UtteranceLine) -> &'static str {
    match utterance.text.source {
        TextSourceName::Transcript => "transcript",
        TextSourceName::Simulated => "simulated",
        TextSourceName::None => "none",
    }
}

/// The words of a trusted transcript with their times, where these were asked for.
pub(crate) fn heard_words(utterance: &UtteranceLine) -> &[WordLine] {
    match Words::of(utterance) {
        Words::Heard(_) => utterance.text.words.as_deref().unwrap_or_default(),
        _ => &[],
    }
}

/// Line breaks, tabs and other control characters become spaces; runs of spaces one.
pub(crate) fn one_line(text: &str) -> String {
    let parts = text.split(|letter: char| letter.is_whitespace() || letter.is_control());
    let parts: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
    parts.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{heard, silent, simulated};

    #[test]
    fn only_what_was_heard_stands_without_brackets() {
        let mut utterance = heard(0, "well\r\n then\u{0}\t!");
        assert_eq!(label(&utterance), "[-2.26] well then !");
        utterance.sentiment = None;
        assert_eq!(label(&utterance), "[no score] well then !");
        assert_eq!(
            label(&simulated(0, Some("the fabric"))),
            "[+1.50] (text simulated; perhaps: the fabric)"
        );
        assert_eq!(label(&simulated(0, None)), "[+1.50] (text simulated)");
        let mut utterance = simulated(0, Some("the fabric"));
        utterance.text.simulated = Some("the\nhero".to_owned());
        assert_eq!(label(&utterance), "[+1.50] (text simulated: the hero)");
        assert_eq!(label(&silent(0)), "[+0.00] (no text)");
        assert_eq!(Words::of(&simulated(0, Some("the fabric"))).heard(), None);
    }

    #[test]
    fn a_score_that_rounds_to_nothing_has_a_plain_sign() {
        let mut utterance = silent(0);
        utterance.sentiment.as_mut().unwrap().score = -0.001;
        assert_eq!(score(&utterance), "+0.00");
    }
}
