//! Made-up reports.

use serde_json::json;
use undertone_reports::{Line, Report, UtteranceLine, WordLine};

/// An utterance of the second `index` × 2 to one later, whose transcript is trusted.
pub(crate) fn heard(index: u32, transcript: &str) -> UtteranceLine {
    utterance(index, "transcript", Some(transcript), -2.2636)
}

/// An utterance whose text was simulated; the transcript, if any, is not trusted.
pub(crate) fn simulated(index: u32, transcript: Option<&str>) -> UtteranceLine {
    utterance(index, "simulated", transcript, 1.5)
}

/// An utterance without text.
pub(crate) fn silent(index: u32) -> UtteranceLine {
    utterance(index, "none", None, 0.0)
}

fn utterance(index: u32, source: &str, transcript: Option<&str>, score: f64) -> UtteranceLine {
    let start_s = f64::from(index) * 2.0;
    let class = score.round_ties_even();
    let polarity = ["negative", "neutral", "positive"][(class.clamp(-1.0, 1.0) + 1.0) as usize];
    let modality = json!({ "present": true, "contribution": 0.5 });
    let line = json!({
        "kind": "utterance", "path": "/in/a.mp4", "blake3": "ab",
        "index": index, "start_s": start_s, "end_s": start_s + 1.0,
        "text": { "source": source, "transcript": transcript, "confidence": 0.25, "gate": 0.5 },
        "sentiment": { "score": score, "class7": class as i8, "polarity": polarity },
        "flow": "complete",
        "modalities": {
            "audio": modality, "text": modality,
            "video": { "present": false, "contribution": null, "face_coverage": 0.0 },
        },
    });
    match serde_json::from_value(line).expect("it is a line of a report") {
        Line::Utterance(utterance) => utterance,
        _ => unreachable!("its kind is utterance"),
    }
}

/// Words with start and end.
pub(crate) fn words(words: &[(&str, f64, f64)]) -> Vec<WordLine> {
    let words = words.iter().map(|&(word, start_s, end_s)| WordLine {
        word: word.to_owned(),
        start_s,
        end_s,
        probability: 0.75,
    });
    words.collect()
}

/// A report of these utterances, of a recording that is a second longer.
pub(crate) fn report(utterances: Vec<UtteranceLine>) -> Report {
    let length_s = utterances.last().map_or(0.0, |last| last.end_s) + 1.0;
    let bundle = json!({
        "name": "tiny", "version": "0.1.0", "purpose": "test", "fingerprint": "0123456789abcdef",
    });
    let recording = json!({
        "kind": "recording", "schema": 3, "program": "0.1.0",
        "source": { "path": "/in/day 1/a&b.mp4", "size_bytes": 1, "modified": null, "blake3": "ab" },
        "media": {
            "duration_s": length_s, "container": "ISO MP4/M4A", "audio": null,
            "video": { "codec": "H.264", "width_px": 4, "height_px": 4, "fps": 25.0, "start_s": 0.0 },
        },
        "bundle": bundle,
        "config": {
            "text_mode": "auto", "gate": 0.5, "frames_per_second": 5, "frame_width_px": 320,
            "window_s": 4.0, "min_s": 0.6, "max_s": 15.0, "pad_s": 0.2, "pause_s": 0.5,
            "voice_threshold": 0.5,
        },
    });
    let Ok(Line::Recording(recording)) = serde_json::from_value(recording) else {
        unreachable!("its kind is recording");
    };
    let count = u32::try_from(utterances.len()).expect("there are few");
    Report {
        recording,
        utterances,
        summary: undertone_reports::fixtures::summary(count),
    }
}

/// A report of an utterance for each of these speakers.
pub(crate) fn spoken(speakers: &[u32]) -> Report {
    let utterances = (0..).zip(speakers).map(|(index, speaker)| {
        let mut utterance = heard(index, "words");
        utterance.speaker = Some(*speaker);
        utterance
    });
    let mut report = report(utterances.collect());
    let count = speakers.iter().max().copied().unwrap_or_default();
    report.summary.speakers = (1..=count)
        .map(undertone_reports::fixtures::speaker)
        .collect();
    report
}

/// What a writer writes, as text.
pub(crate) fn text(write: impl FnOnce(&mut Vec<u8>) -> Result<(), crate::ExportError>) -> String {
    let mut bytes = Vec::new();
    write(&mut bytes).expect("memory can be written to");
    String::from_utf8(bytes).expect("it is text")
}
