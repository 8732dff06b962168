//! JSON as WhisperX writes it: segments with their words, and the sentiment of each. Tools that
//! read WhisperX's files pass over the keys that are ours.

use std::io::Write;

use serde::Serialize;
use undertone_reports::{Report, SentimentLine, TextSourceName, UtteranceLine};

use crate::ExportError;
use crate::words::{Words, heard_words};

#[derive(Serialize)]
struct Document<'a> {
    segments: Vec<Segment<'a>>,
    word_segments: Vec<Word<'a>>,
    /// The one that was heard most; without any, the recogniser knows only one.
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<&'a str>,
    path: &'a str,
}

#[derive(Serialize)]
struct Segment<'a> {
    start: f64,
    end: f64,
    /// What was heard and trusted; else empty.
    text: &'a str,
    words: Vec<Word<'a>>,
    sentiment: Option<&'a SentimentLine>,
    text_source: TextSourceName,
    /// The transcript where it was not trusted.
    #[serde(skip_serializing_if = "Option::is_none")]
    doubted_text: Option<&'a str>,
    /// What was simulated from the voice, where that decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    simulated_text: Option<&'a str>,
    confidence: Option<f64>,
    /// As pyannote names speakers: from SPEAKER_00.
    #[serde(skip_serializing_if = "Option::is_none")]
    speaker: Option<String>,
}

#[derive(Serialize)]
struct Word<'a> {
    word: &'a str,
    start: f64,
    end: f64,
    score: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    speaker: Option<String>,
}

pub(crate) fn write(report: &Report, mut out: impl Write) -> Result<(), ExportError> {
    let languages = report.summary.languages.iter();
    let document = Document {
        segments: report.utterances.iter().map(segment).collect(),
        word_segments: report.utterances.iter().flat_map(words).collect(),
        language: languages
            .max_by(|a, b| a.1.total_cmp(b.1))
            .map(|(code, _)| code.as_str()),
        path: &report.recording.source.path,
    };
    serde_json::to_writer_pretty(&mut out, &document)?;
    Ok(out.write_all(b"\n")?)
}

fn segment(utterance: &UtteranceLine) -> Segment<'_> {
    let heard = Words::of(utterance);
    Segment {
        start: utterance.start_s,
        end: utterance.end_s,
        text: heard.heard().unwrap_or_default(),
        words: words(utterance).collect(),
        sentiment: utterance.sentiment.as_ref(),
        text_source: utterance.text.source,
        doubted_text: heard.doubted(),
        simulated_text: utterance.text.simulated.as_deref(),
        confidence: utterance.text.confidence,
        speaker: speaker(utterance),
    }
}

fn speaker(utterance: &UtteranceLine) -> Option<String> {
    let number = utterance.speaker?.saturating_sub(1);
    Some(format!("SPEAKER_{number:02}"))
}

fn words(utterance: &UtteranceLine) -> impl Iterator<Item = Word<'_>> {
    heard_words(utterance).iter().map(move |word| Word {
        word: &word.word,
        start: word.start_s,
        end: word.end_s,
        score: word.probability,
        speaker: speaker(utterance),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::fixtures::{self, heard, report, silent, simulated, text};

    fn written(report: &Report) -> Value {
        serde_json::from_str(&text(|out| write(report, out))).unwrap()
    }

    #[test]
    fn segments_have_words_and_sentiment() {
        let mut first = heard(0, "a \"b\"");
        first.text.words = Some(fixtures::words(&[("a", 0.0, 0.4)]));
        let mut report = report(vec![first, simulated(1800, Some("x")), silent(1801)]);
        report.summary.languages = [("de".to_owned(), 0.2), ("en".to_owned(), 0.8)].into();
        let written = written(&report);
        let word = json!({ "word": "a", "start": 0.0, "end": 0.4, "score": 0.75 });
        assert_eq!(
            written["segments"][0],
            json!({
                "start": 0.0, "end": 1.0, "text": "a \"b\"", "words": [word],
                "sentiment": { "score": -2.2636, "class7": -2, "polarity": "negative" },
                "text_source": "transcript", "confidence": 0.25,
            })
        );
        assert_eq!(written["word_segments"], json!([word]));
        assert_eq!(written["language"], "en");
        assert_eq!(written["segments"][1]["text"], "");
        assert_eq!(written["segments"][1]["doubted_text"], "x");
        assert_eq!(written["segments"][1]["start"], 3600.0);
        assert_eq!(written["segments"][2]["text"], "");
    }

    #[test]
    fn speakers_are_named_as_in_whisperx() {
        let mut report = fixtures::spoken(&[1, 2]);
        report.utterances[1].text.words = Some(fixtures::words(&[("a", 2.0, 2.4)]));
        let written = written(&report);
        assert_eq!(written["segments"][0]["speaker"], "SPEAKER_00");
        assert_eq!(written["word_segments"][0]["speaker"], "SPEAKER_01");
    }

    #[test]
    fn without_utterances_there_are_no_segments() {
        assert_eq!(
            written(&report(vec![])),
            json!({ "segments": [], "word_segments": [], "path": "/in/day 1/a&b.mp4" })
        );
    }
}
