//! What a page is told of each record.

use serde::Serialize;
use undertone_reports::{DuplicateLine, FailureLine, RecordingLine, SummaryLine, UtteranceLine};

use super::facts::RecordingFacts;

/// A recording with a report, without its utterances.
#[derive(Serialize)]
pub(super) struct RecordingEntry {
    pub name: String,
    /// Where it may be, relative to the page.
    pub addresses: Vec<String>,
    pub recording: RecordingLine,
    pub summary: SummaryLine,
    pub facts: RecordingFacts,
}

/// A recording that failed.
#[derive(Serialize)]
pub(super) struct FailureEntry {
    pub name: String,
    pub record: FailureLine,
}

/// A recording whose report points to another.
#[derive(Serialize)]
pub(super) struct DuplicateEntry {
    pub name: String,
    pub record: DuplicateLine,
    /// What the page calls the original, if it shows it.
    pub original: Option<String>,
}

/// Utterances as a page needs them: what is said once for the recording is left out, and the page
/// shows no single words.
pub(super) fn shortened(mut utterances: Vec<UtteranceLine>) -> Vec<UtteranceLine> {
    for utterance in &mut utterances {
        utterance.path.clear();
        utterance.blake3.clear();
        utterance.text.words = None;
    }
    utterances
}
