//! The columns of the table of utterances: their names, in order, and what is in them.
//!
//! Scripts name these columns: none is renamed, removed or moved, and new ones come at the end.

use std::borrow::Cow;

use undertone_reports::{DoubtName, FlowName, Report, UtteranceLine};

use crate::words::source;

/// A column.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// What its values are; all of them may be missing.
    pub kind: Kind,
    /// Its value for an utterance.
    pub(crate) value: for<'a> fn(&Row<'a>) -> Value<'a>,
}

/// What the values of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    Text,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// Yes or no.
    Flag,
}

/// A value in a table.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// There is none.
    Missing,
    /// Of a column of texts.
    Text(Cow<'a, str>),
    /// Of a column of whole numbers.
    Integer(i64),
    /// Of a column of numbers.
    Number(f64),
    /// Of a column of flags.
    Flag(bool),
}

/// An utterance, and the report that it is of.
pub(crate) struct Row<'a> {
    pub(crate) report: &'a Report,
    pub(crate) utterance: &'a UtteranceLine,
}

const fn column(
    name: &'static str,
    kind: Kind,
    value: for<'a> fn(&Row<'a>) -> Value<'a>,
) -> Column {
    Column { name, kind, value }
}

/// All columns, in order; `docs/export.md` explains them.
pub const COLUMNS: &[Column] = &[
    column("path", Kind::Text, |row| {
        text(&row.report.recording.source.path)
    }),
    column("utterance", Kind::Integer, |row| {
        Value::Integer(row.utterance.index.into())
    }),
    column("start_s", Kind::Number, |row| {
        Value::Number(row.utterance.start_s)
    }),
    column("end_s", Kind::Number, |row| {
        Value::Number(row.utterance.end_s)
    }),
    column("score", Kind::Number, |row| {
        sentiment(row, |it| Value::Number(it.score))
    }),
    column("interval_90_low", Kind::Number, |row| {
        sentiment(row, |it| number(it.interval_90.map(|it| it.low)))
    }),
    column("interval_90_high", Kind::Number, |row| {
        sentiment(row, |it| number(it.interval_90.map(|it| it.high)))
    }),
    column("class7", Kind::Integer, |row| {
        sentiment(row, |it| Value::Integer(it.class7.into()))
    }),
    column("polarity", Kind::Text, |row| {
        sentiment(row, |_| text(crate::words::polarity(row.utterance)))
    }),
    column("sentiment_missing", Kind::Text, |row| {
        maybe(row.utterance.sentiment_missing.as_deref())
    }),
    column("text_source", Kind::Text, |row| text(source(row.utterance))),
    column("transcript", Kind::Text, |row| {
        maybe(row.utterance.text.transcript.as_deref())
    }),
    column("confidence", Kind::Number, |row| {
        number(row.utterance.text.confidence)
    }),
    column("gate", Kind::Number, |row| {
        Value::Number(row.utterance.text.gate)
    }),
    column("doubt", Kind::Text, |row| {
        maybe(row.utterance.text.doubt.map(doubt))
    }),
    column("language", Kind::Text, |row| {
        maybe(
            row.utterance
                .text
                .language
                .as_ref()
                .map(|it| it.code.as_str()),
        )
    }),
    column("language_probability", Kind::Number, |row| {
        number(
            row.utterance
                .text
                .language
                .as_ref()
                .map(|it| it.probability),
        )
    }),
    column("flow", Kind::Text, |row| {
        maybe(row.utterance.flow.map(flow))
    }),
    column("audio_present", Kind::Flag, |row| {
        Value::Flag(row.utterance.modalities.audio.present)
    }),
    column("text_present", Kind::Flag, |row| {
        Value::Flag(row.utterance.modalities.text.present)
    }),
    column("video_present", Kind::Flag, |row| {
        Value::Flag(row.utterance.modalities.video.present)
    }),
    column("face_coverage", Kind::Number, |row| {
        Value::Number(row.utterance.modalities.video.face_coverage)
    }),
    column("notes", Kind::Text, |row| {
        let notes = row.utterance.notes.join(" ");
        if notes.is_empty() {
            Value::Missing
        } else {
            Value::Text(notes.into())
        }
    }),
    column("duration_s", Kind::Number, |row| {
        number(row.report.recording.media.duration_s)
    }),
    column("truncated", Kind::Flag, |row| {
        Value::Flag(row.report.recording.media.truncated)
    }),
    column("bundle", Kind::Text, |row| {
        text(&row.report.recording.bundle.name)
    }),
    column("bundle_version", Kind::Text, |row| {
        text(&row.report.recording.bundle.version)
    }),
    column("bundle_fingerprint", Kind::Text, |row| {
        text(&row.report.recording.bundle.fingerprint)
    }),
    column("text_mode", Kind::Text, |row| {
        text(&row.report.recording.config.text_mode)
    }),
    column("blake3", Kind::Text, |row| {
        maybe(row.report.recording.source.blake3.as_deref())
    }),
    column("simulated_text", Kind::Text, |row| {
        maybe(row.utterance.text.simulated.as_deref())
    }),
    column("contribution_audio", Kind::Number, |row| {
        number(row.utterance.modalities.audio.contribution)
    }),
    column("contribution_text", Kind::Number, |row| {
        number(row.utterance.modalities.text.contribution)
    }),
    column("contribution_video", Kind::Number, |row| {
        number(row.utterance.modalities.video.contribution)
    }),
    column("speaker", Kind::Integer, |row| {
        let speaker = row.utterance.speaker;
        speaker.map_or(Value::Missing, |number| Value::Integer(number.into()))
    }),
];

fn text(text: &str) -> Value<'_> {
    Value::Text(text.into())
}

fn maybe(text: Option<&str>) -> Value<'_> {
    text.map_or(Value::Missing, |text| Value::Text(text.into()))
}

fn number<'a>(number: Option<f64>) -> Value<'a> {
    number.map_or(Value::Missing, Value::Number)
}

fn sentiment<'a>(
    row: &Row<'a>,
    value: impl FnOnce(&'a undertone_reports::SentimentLine) -> Value<'a>,
) -> Value<'a> {
    row.utterance
        .sentiment
        .as_ref()
        .map_or(Value::Missing, value)
}

fn doubt(doubt: DoubtName) -> &'static str {
    match doubt {
        DoubtName::Loop => "loop",
        DoubtName::Language => "language",
    }
}

fn flow(flow: FlowName) -> &'static str {
    match flow {
        FlowName::Complete => "complete",
        FlowName::TextMissing => "text-missing",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{heard, report};

    /// The order of columns and their names may only grow at the end.
    #[test]
    fn columns_keep_their_names_and_places() {
        let names: Vec<_> = COLUMNS.iter().map(|column| column.name).collect();
        assert_eq!(
            names.join(" "),
            "path utterance start_s end_s score interval_90_low interval_90_high class7 polarity \
             sentiment_missing text_source transcript confidence gate doubt language \
             language_probability flow audio_present text_present video_present face_coverage notes \
             duration_s truncated bundle bundle_version bundle_fingerprint text_mode blake3 \
             simulated_text contribution_audio contribution_text contribution_video speaker"
        );
    }

    #[test]
    fn every_value_is_of_its_columns_kind() {
        let mut utterance = heard(0, "a");
        utterance.text.doubt = Some(DoubtName::Loop);
        utterance.speaker = Some(2);
        utterance.notes = vec!["This.".to_owned(), "That.".to_owned()];
        let report = report(vec![utterance]);
        let row = Row {
            report: &report,
            utterance: &report.utterances[0],
        };
        for column in COLUMNS {
            let kind = match (column.value)(&row) {
                Value::Missing => continue,
                Value::Text(_) => Kind::Text,
                Value::Integer(_) => Kind::Integer,
                Value::Number(_) => Kind::Number,
                Value::Flag(_) => Kind::Flag,
            };
            assert_eq!(kind, column.kind, "{}", column.name);
        }
        let notes = COLUMNS
            .iter()
            .find(|column| column.name == "notes")
            .unwrap();
        assert_eq!((notes.value)(&row), Value::Text("This. That.".into()));
    }

    #[test]
    fn the_manual_explains_every_column() {
        let manual = include_str!("../../../docs/export.md");
        for column in COLUMNS {
            let row = format!("| `{}` |", column.name);
            assert!(
                manual.contains(&row),
                "docs/export.md has no row for {}",
                column.name
            );
        }
    }
}
