//! The table of what a recogniser heard in labelled clips and how far a gate trusts it, for whoever
//! wants to know why, or fits a model of their own.

use std::io;
use std::path::Path;

use super::heard::Heard;
use serde::Serialize;
use undertone_bundle::Gate;
use undertone_types::write_atomically;

/// A line of the table. What a clip without a transcript, or with one in doubt, does not have is
/// left empty.
#[derive(Serialize)]
struct Row<'h> {
    file: &'h str,
    said: &'h str,
    heard: &'h str,
    right: bool,
    confidence: Option<f32>,
    mean_log_prob: Option<f32>,
    min_log_prob: Option<f32>,
    no_speech: Option<f32>,
    repetition: Option<f32>,
    chars_per_s: Option<f32>,
    voiced_share: Option<f32>,
}

/// Writes a CSV file with a line for each clip: what is said and what was heard, whether that is
/// right, the gate's confidence in it, and the evidence that it goes by.
///
/// # Errors
/// When the file cannot be written.
pub fn write_heard(path: &Path, gate: &Gate, all: &[Heard]) -> io::Result<()> {
    let mut table = csv::Writer::from_writer(Vec::new());
    for heard in all {
        let evidence = heard.evidence.as_ref();
        table.serialize(Row {
            file: &heard.clip,
            said: &heard.said,
            heard: &heard.text,
            right: heard.is_right(),
            confidence: evidence.map(|evidence| gate.weigh(evidence)),
            mean_log_prob: evidence.map(|evidence| evidence.mean_log_prob),
            min_log_prob: evidence.map(|evidence| evidence.min_log_prob),
            no_speech: evidence.map(|evidence| evidence.no_speech),
            repetition: evidence.map(|evidence| evidence.repetition),
            chars_per_s: evidence.map(|evidence| evidence.chars_per_s),
            voiced_share: evidence.map(|evidence| evidence.voiced_share),
        })?;
    }
    let bytes = table
        .into_inner()
        .map_err(csv::IntoInnerError::into_error)?;
    write_atomically(path, &bytes)
}
