//! WebVTT (.vtt): cues whose classes are their sentiment, the source of their text, and a colour;
//! with a voice, where there are several speakers.
//!
//! The colours are classes that players know without being told. A `STYLE` block would say more,
//! but FFmpeg 5.1 (Debian 12) and players built on it read no cue of a file that has one.

use std::io::Write;

use undertone_reports::Report;

use crate::ExportError;
use crate::times::clock;
use crate::words::{label, one_line, polarity, source, speaker_name};

pub(crate) fn write(report: &Report, mut out: impl Write) -> Result<(), ExportError> {
    let recording = escaped(&one_line(&report.recording.source.path));
    let bundle = escaped(&one_line(&report.recording.bundle.name));
    write!(
        out,
        "WEBVTT\n\nNOTE\nSentiment of {recording}\nfrom -3 (negative) to +3 (positive), by the models of \
         {bundle}\n\n"
    )?;
    for utterance in &report.utterances {
        let (start, end) = (clock(utterance.start_s, '.'), clock(utterance.end_s, '.'));
        let polarity = polarity(utterance);
        let classes = format!("{polarity}.{}.{}", source(utterance), colour(polarity));
        let text = escaped(&label(utterance));
        let voice = speaker_name(report, utterance);
        let voice = voice.map_or_else(String::new, |name| format!("<v {name}>"));
        let index = utterance.index;
        write!(
            out,
            "{index}\n{start} --> {end}\n{voice}<c.{classes}>{text}</c>\n\n"
        )?;
    }
    Ok(())
}

/// One of the colours of the standard; colour-blind people can tell these apart.
fn colour(polarity: &str) -> &'static str {
    match polarity {
        "positive" => "cyan",
        "negative" => "yellow",
        _ => "white",
    }
}

/// A `>` may not even stand in a note: `-->` would make it a cue.
fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;");
    text.replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{heard, report, silent, simulated, spoken, text};

    #[test]
    fn several_speakers_have_voices() {
        let written = |speakers: &[u32]| text(|out| write(&spoken(speakers), out));
        let two = written(&[1, 2]);
        assert!(two.contains("\n<v Speaker 1><c.negative."), "{two}");
        assert!(two.contains("\n<v Speaker 2><c.negative."), "{two}");
        assert!(!written(&[1, 1]).contains("<v"));
    }

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
        assert_eq!(
            written,
            "WEBVTT\n\nNOTE\nSentiment of /in/day 1/a&amp;b.mp4\n\
             from -3 (negative) to +3 (positive), by the models of tiny\n\n\
             0\n00:00:00.000 --> 00:00:01.000\n\
             <c.negative.transcript.yellow>[-2.26] Q&amp;A &lt;c&gt; --&gt; end</c>\n\n\
             1\n00:00:02.000 --> 00:00:03.000\n\
             <c.positive.simulated.cyan>[+1.50] (text simulated; perhaps: x)</c>\n\n\
             1800\n01:00:00.000 --> 01:00:01.000\n\
             <c.unscored.none.white>[no score] (no text)</c>\n\n"
        );
        let empty = text(|out| write(&report(vec![]), out));
        assert!(
            empty.starts_with("WEBVTT\n") && !empty.contains("-->"),
            "{empty}"
        );
    }
}
