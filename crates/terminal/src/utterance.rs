//! An utterance on a terminal: when, what score, from what words, and what made it so.

use undertone_reports::{
    DoubtName, ExplanationLine, ModalitiesLine, TextSourceName, UtteranceLine,
};
use undertone_types::shown;

use super::look::{Look, Paint, bar, signed};

/// Where texts stand: below the score.
const INDENT: usize = 9;

/// An utterance in as many lines as it needs; with its speaker, where there are `several`.
pub(super) fn utterance(line: &UtteranceLine, several: bool, look: Look) -> String {
    let mut text = heading(line, look);
    if let Some(speaker) = line.speaker.filter(|_| several) {
        text += &look.labelled("speaker", &speaker.to_string(), INDENT);
    }
    for (label, said) in words(line) {
        text += &match label {
            Some(label) => look.labelled(label, &said, INDENT),
            None => look.indented(&said, INDENT),
        };
    }
    for (label, fact) in facts(line) {
        text += &look.labelled(label, &fact, INDENT);
    }
    text
}

/// Time, score and the source of the words, in one line.
fn heading(line: &UtteranceLine, look: Look) -> String {
    let time = clock(line.start_s);
    let score = match &line.sentiment {
        Some(sentiment) => {
            let score = format!("{} {}", signed(sentiment.score), bar(sentiment.score));
            look.paint(&score, Paint::Score(sentiment.polarity))
                .into_owned()
        }
        None => format!("{:<19}", "no score"),
    };
    let source = look.paint(source(line), Paint::Strong).into_owned();
    format!("{time:>7}  {score}  {source}{}\n", confidence(line))
}

/// A point in time: "0:03.7", "1:02:05.0".
fn clock(seconds: f64) -> String {
    let tenths = (seconds * 10.0).round() as u64;
    let (hours, minutes) = (tenths / 36_000, tenths / 600 % 60);
    let rest = format!("{:02}.{}", tenths / 10 % 60, tenths % 10);
    match hours {
        0 => format!("{minutes}:{rest}"),
        hours => format!("{hours}:{minutes:02}:{rest}"),
    }
}

fn source(line: &UtteranceLine) -> &'static str {
    match line.text.source {
        TextSourceName::Transcript => "heard",
        TextSourceName::Simulated => "simulated",
        TextSourceName::None => "no words",
    }
}

/// The confidence in the transcript against the one that it needs: " 0.08 < 0.95".
fn confidence(line: &UtteranceLine) -> String {
    let text = &line.text;
    let Some(confidence) = text.confidence else {
        return String::new();
    };
    let sign = if confidence >= text.gate { '≥' } else { '<' };
    format!(" {confidence:.2} {sign} {:.2}", text.gate)
}

/// The words that were scored, without a label where they were heard and trusted; and those that
/// were heard and not used.
fn words(line: &UtteranceLine) -> Vec<(Option<&'static str>, String)> {
    let text = &line.text;
    let transcript = text.transcript.as_deref().map(|words| shown(words).into());
    let mut words = Vec::new();
    if text.source == TextSourceName::Transcript {
        words.extend(transcript.map(|transcript| (None, transcript)));
        return words;
    }
    let simulated = text.simulated.as_deref();
    words.extend(simulated.map(|simulated| (Some("sounds as"), shown(simulated).into())));
    words.extend(transcript.map(|transcript| (Some("unused"), transcript)));
    words
}

/// What is known of the score, each with a label.
fn facts(line: &UtteranceLine) -> Vec<(&'static str, String)> {
    let mut facts = Vec::new();
    if let Some(missing) = &line.sentiment_missing {
        facts.push(("why", shown(missing).into_owned()));
    }
    if let Some(doubt) = line.text.doubt {
        facts.push(("doubt", doubted(doubt).to_owned()));
    }
    let interval = line.sentiment.as_ref().and_then(|it| it.interval_90);
    if let Some(interval) = interval {
        let (low, high) = (signed(interval.low), signed(interval.high));
        facts.push(("90 %", format!("{low} to {high}")));
    }
    facts.extend(contributions(&line.modalities).map(|added| ("adds", added)));
    if let Some(explanation) = &line.explanation {
        facts.extend(moved_by(explanation).map(|words| ("moved by", words)));
        facts.extend(flows(explanation).map(|flows| ("flows", flows)));
    }
    facts.extend(line.notes.iter().map(|note| ("note", shown(note).into())));
    facts
}

/// The words that move the score most: "dreadful -2.10, saturday +0.12".
fn moved_by(explanation: &ExplanationLine) -> Option<String> {
    let words = explanation.words.iter();
    let words = words.map(|word| format!("{} {}", shown(&word.word), signed(word.effect)));
    let words: Vec<String> = words.collect();
    (!words.is_empty()).then(|| words.join(", "))
}

/// The scores of both flows, and the simulated text that is nowhere else; none where there is no
/// choice.
fn flows(explanation: &ExplanationLine) -> Option<String> {
    let (complete, text_missing) = (explanation.complete?, explanation.text_missing?);
    let simulated = explanation.simulated.as_deref();
    let simulated = simulated.map_or_else(String::new, |text| format!(" ({})", shown(text)));
    Some(format!(
        "transcript {}, simulated {}{simulated}",
        signed(complete),
        signed(text_missing)
    ))
}

fn doubted(doubt: DoubtName) -> &'static str {
    match doubt {
        DoubtName::Loop => "the recogniser repeated itself",
        DoubtName::Language => "in a language that the models do not read",
    }
}

/// What each modality adds to the score: "voice -0.02, words -2.45"; none where it is not known.
fn contributions(modalities: &ModalitiesLine) -> Option<String> {
    let known = [
        ("voice", modalities.audio.contribution),
        ("words", modalities.text.contribution),
        ("face", modalities.video.contribution),
    ];
    let known = known.into_iter().filter_map(|(name, added)| {
        let added = added?;
        Some(format!("{name} {}", signed(added)))
    });
    let known: Vec<String> = known.collect();
    (!known.is_empty()).then(|| known.join(", "))
}
