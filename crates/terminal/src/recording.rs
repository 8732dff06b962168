//! A recording on a terminal: its name, its sentiment as a whole, and what to know first.

use std::borrow::Cow;

use undertone_reports::{Polarity, Report, SpeakerLine};
use undertone_types::shown;

use super::look::{Look, Paint, bar, signed};

/// Name, sentiment and caveats.
pub(super) fn heading(report: &Report, look: Look) -> String {
    let name = shown(&report.recording.source.path);
    let mut text = String::new();
    for row in look.indented(&name, 0).lines() {
        text += &look.paint(row, Paint::Strong);
        text.push('\n');
    }
    text += &sentiment(report, look);
    text += &look.indented(&counts(report), 2);
    for speaker in speakers(report) {
        text += &look.labelled("speaker", &speaker, 2);
    }
    for caveat in caveats(report) {
        text += &look.labelled("note", &caveat, 2);
    }
    text
}

fn sentiment(report: &Report, look: Look) -> String {
    let Some(span) = &report.summary.sentiment else {
        let why = report.summary.sentiment_missing.as_deref();
        let why = why.unwrap_or("there are no utterances");
        return look.indented(&format!("no sentiment: {}", shown(why)), 2);
    };
    let mean = format!("{} {}", signed(span.mean), bar(span.mean));
    let mean = look.paint(&mean, Paint::Score(span.polarity));
    let polarity = match span.polarity {
        Polarity::Negative => "negative",
        Polarity::Neutral => "neutral",
        Polarity::Positive => "positive",
    };
    let mut text = format!("  {mean}  {polarity} on the whole\n");
    if report.utterances.len() > 1 {
        let range = format!("{} to {}", signed(span.min), signed(span.max));
        text += &look.labelled("scores", &range, 2);
    }
    if let Some(interval) = span.interval_90 {
        let (low, high) = (signed(interval.low), signed(interval.high));
        text += &look.labelled("90 %", &format!("{low} to {high}"), 2);
    }
    text
}

/// "2 utterances in 12.5 s; models: demo 3".
fn counts(report: &Report) -> String {
    let count = report.utterances.len();
    let plural = if count == 1 { "" } else { "s" };
    let length = report.recording.media.duration_s;
    let length = length.map_or_else(String::new, |length_s| format!(" in {length_s:.1} s"));
    let bundle = &report.recording.bundle;
    let models = shown(&bundle.name);
    format!(
        "{count} utterance{plural}{length}; models: {models} {}",
        shown(&bundle.version)
    )
}

/// Each speaker, where there are several: "1: -0.41, 12 utterances in 41.9 s".
fn speakers(report: &Report) -> Vec<String> {
    let speakers = &report.summary.speakers;
    let several = speakers.iter().filter(|_| speakers.len() > 1);
    let line = |it: &SpeakerLine| {
        let mean = it.sentiment.as_ref().map(|span| signed(span.mean));
        let mean = mean.unwrap_or_else(|| "no score".to_owned());
        let plural = if it.utterances == 1 { "" } else { "s" };
        format!(
            "{}: {mean}, {} utterance{plural} in {:.1} s",
            it.speaker, it.utterances, it.spoken_s
        )
    };
    several.map(line).collect()
}

/// What people call a modality.
fn called(modality: &str) -> Cow<'_, str> {
    match modality {
        "audio" => "voice".into(),
        "text" => "words".into(),
        "video" => "face".into(),
        other => shown(other),
    }
}

/// What to know before any score is believed.
fn caveats(report: &Report) -> Vec<String> {
    let (recording, summary) = (&report.recording, &report.summary);
    let mut caveats = Vec::new();
    if recording.bundle.purpose == "demo" {
        caveats.push("demo models: scores of real recordings mean little".to_owned());
    }
    if !recording.bundle.untrained.is_empty() {
        let names = recording.bundle.untrained.iter().map(|name| called(name));
        let names: Vec<_> = names.collect();
        caveats.push(format!(
            "no data taught the network {}: no say in the scores",
            names.join(" and ")
        ));
    }
    if recording.media.truncated {
        let reached_s = recording.media.duration_s.unwrap_or_default();
        caveats.push(format!("the recording breaks off after {reached_s:.1} s"));
    }
    if let (Some(_), Some(missing)) = (&summary.sentiment, &summary.sentiment_missing) {
        caveats.push(format!("not all is scored: {}", shown(missing)));
    }
    caveats
}
