//! Reports in other formats, beside them.

use std::path::{Path, PathBuf};

use undertone_exports::{Format, Plan, export};
use undertone_reports::RecordPath;

/// Writes a report in these formats below a folder; returns the files, with their names beside the
/// report. What a format cannot hold is logged and left out.
pub fn write(
    report: &Path,
    recording: &Path,
    formats: &[Format],
    folder: &Path,
) -> Result<Vec<(PathBuf, PathBuf)>, String> {
    let record = [RecordPath::alone(report)];
    let exported = export(&Plan {
        records: &record,
        formats,
        folder: Some(folder),
        ..Plan::default()
    });
    let exported = exported.map_err(|error| error.to_string())?;
    for problem in exported.problems {
        tracing::warn!(?recording, "not exported: {problem}");
    }
    let entries = std::fs::read_dir(folder).map_err(|error| error.to_string())?;
    let files = entries.filter_map(Result::ok).map(|entry| {
        let beside = recording.with_file_name(entry.file_name());
        (beside, entry.path())
    });
    Ok(files.collect())
}
