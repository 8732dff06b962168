//! WebVTT (.vtt): cues whose class is their sentiment and the source of their text, with a
//! style for each.

use std::io::Write;

use undertone_reports::Report;

use crate::ExportError;
use crate::times::clock;
use crate::words::{label, one_line, polarity, source};

/// Colours that colour-blind people can tell apart, on the dark ground of subtitles.
const STYLE: &str = "\
STYLE
::cue(.positive) { color: #8ecbff; }
::cue(.negative) { color: #ffb454; }
::cue(.neutral) { color: #ffffff; }
::cue(.unscored) { color: #c0c0c0; }
::cue(.simulated) { font-style: italic; }
::cue(.none) { font-style: italic; }
";

pub(crate) fn write(report: &Report, mut out: impl Write) -> Result<(), ExportError> {
    let recording = escaped(&one_line(&report.recording.source.path));
    let bundle = escaped(&one_line(&report.recording.bundle.name));
    write!(
        out,
        "WEBVTT\n\nNOTE\nSentiment of {recording}\nfrom -3 (negative) to +3 (positive), by the models of \
         {bundle}\n\n{STYLE}\n"
    )?;
    for utterance in &report.utterances {
        let (start, end) = (clock(utterance.start_s, '.'), clock(utterance.end_s, '.'));
        let classes = format!("{}.{}", polarity(utterance), source(utterance));
        let text = escaped(&label(utterance));
        let index = utterance.index;
        write!(
            out,
            "{index}\n{start} --> {end}\n<c.{classes}>{text}</c>\n\n"
        )?;
    }
    Ok(())
}

/// A `>` may not even stand in a note: `-->` would make it a cue.
fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;");
    text.replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{heard, report, silent, simulated, text};

    #[test]
    fn sentiment_and_source_are_classes() {
        let mut unscored = silent(1800);
        unscored.sentiment = None;
        let utterances = vec![
            heard(0, "Q&A <c> -->\n\nend"),
            simulated(1, Some("x")),
            unscored,
        ];
        let written = text(|out| write(&report(utterances), out));
        let (head, cues) = written.split_once(STYLE).unwrap();
        assert!(
            head.starts_with("WEBVTT\n\nNOTE\nSentiment of /in/day 1/a&amp;b.mp4\n"),
            "{head}"
        );
        assert_eq!(
            cues,
            "\n0\n00:00:00.000 --> 00:00:01.000\n\
             <c.negative.transcript>[-2.26] Q&amp;A &lt;c&gt; --&gt; end</c>\n\n\
             1\n00:00:02.000 --> 00:00:03.000\n\
             <c.positive.simulated>[+1.50] (text simulated; perhaps: x)</c>\n\n\
             1800\n01:00:00.000 --> 01:00:01.000\n<c.unscored.none>[no score] (no text)</c>\n\n"
        );
        let empty = text(|out| write(&report(vec![]), out));
        assert!(empty.ends_with(&format!("{STYLE}\n")), "{empty}");
    }
}
