//! SubRip (.srt): numbered cues. It has no style that every player shows, so sentiment is a
//! signed number before the words.

use std::io::Write;

use undertone_reports::Report;

use crate::ExportError;
use crate::times::clock;
use crate::words::label;

/// Invisible; keeps what it stands in from being read as a tag.
const WORD_JOINER: char = '\u{2060}';

pub(crate) fn write(report: &Report, mut out: impl Write) -> Result<(), ExportError> {
    for (number, utterance) in (1..).zip(&report.utterances) {
        let (start, end) = (clock(utterance.start_s, ','), clock(utterance.end_s, ','));
        let text = untagged(&label(utterance));
        write!(out, "{number}\n{start} --> {end}\n{text}\n\n")?;
    }
    Ok(())
}

/// Players read `<i>` and `{\an8}` as tags, and SubRip has no way to say that they are none.
fn untagged(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        safe.push(letter);
        let next = letters.peek();
        let is_tag = match letter {
            '<' => next.is_some_and(|next| next.is_alphabetic() || *next == '/'),
            '{' => next == Some(&'\\'),
            '-' => next == Some(&'-'),
            _ => false,
        };
        if is_tag {
            safe.push(WORD_JOINER);
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{heard, report, simulated, text};

    #[test]
    fn cues_are_numbered_and_sentiment_is_a_number() {
        let utterances = vec![heard(0, "a “fine”\nfilm"), simulated(1800, None)];
        assert_eq!(
            text(|out| write(&report(utterances), out)),
            "1\n00:00:00,000 --> 00:00:01,000\n[-2.26] a “fine” film\n\n\
             2\n01:00:00,000 --> 01:00:01,000\n[+1.50] (text simulated)\n\n"
        );
        assert_eq!(text(|out| write(&report(vec![]), out)), "");
    }

    #[test]
    fn nothing_that_was_said_is_a_tag() {
        let said = untagged("1 < 2 <b>x</b> {\\an8}top {a} -->");
        assert_eq!(
            said.replace(WORD_JOINER, "|"),
            "1 < 2 <|b>x<|/b> {|\\an8}top {a} -|->"
        );
    }
}
