//! A whole record on a terminal: a report, a pointer, or why there is none.

use undertone_reports::{DuplicateLine, FailureLine, Record, Report};
use undertone_types::{shown, shown_path};

use super::look::Look;
use super::recording::heading;
use super::utterance::utterance;

/// A report: its recording, then its utterances.
#[must_use]
pub fn show(report: &Report, look: Look) -> String {
    let utterances = report.utterances.iter();
    let several = report.summary.speakers.len() > 1;
    let utterances: String = utterances
        .map(|line| utterance(line, several, look))
        .collect();
    let gap = if utterances.is_empty() { "" } else { "\n" };
    format!("{}{gap}{utterances}", heading(report, look))
}

/// What a file of this program says of a recording, whatever it is.
#[must_use]
pub fn show_record(record: &Record, look: Look) -> String {
    match record {
        Record::Report(report) => show(report, look),
        Record::Duplicate(line) => duplicate(line, look),
        Record::Failure(line) => failure(line, look),
    }
}

fn duplicate(line: &DuplicateLine, look: Look) -> String {
    let of = format!(
        "the same as {}, which has the report {}",
        shown(&line.of.path),
        shown_path(&line.of.report)
    );
    format!(
        "{}{}",
        look.indented(&shown(&line.source.path), 0),
        look.indented(&of, 2)
    )
}

fn failure(line: &FailureLine, look: Look) -> String {
    let why = format!("{}: {}", line.stage, line.error.join(": "));
    let mut text = look.indented(&shown(&line.source.path), 0);
    text += &look.labelled("failed", &shown(&why), 2);
    if let Some(hint) = &line.hint {
        text += &look.labelled("hint", &shown(hint), 2);
    }
    text
}

#[cfg(test)]
mod tests;
