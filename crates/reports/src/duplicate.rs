//! Reports of duplicates: they point to the report of the first file with that content.

use std::path::Path;

use undertone_types::Recording;

use super::atomic::{place_line, remove_if_there};
use super::lines::{DuplicateLine, Line, OriginalLine};
use super::mark::RunMark;
use super::paths::ReportPaths;
use super::render::source_line;
use super::{ReportError, SCHEMA_VERSION};

/// Writes the report of a duplicate. The content was scored before as the file at `original`,
/// which is `original_relative` below its input.
///
/// # Errors
/// When it cannot be written.
pub fn write_duplicate(
    out: &Path,
    recording: &Recording,
    original: &Path,
    original_relative: &Path,
    mark: &RunMark,
) -> Result<(), ReportError> {
    let paths = ReportPaths::new(out, &recording.relative);
    let report = ReportPaths::new(out, original_relative).report;
    let line = Line::Duplicate(DuplicateLine {
        schema: SCHEMA_VERSION,
        program: env!("CARGO_PKG_VERSION").to_owned(),
        source: source_line(recording),
        bundle: mark.bundle.clone(),
        config: mark.config.clone(),
        of: OriginalLine {
            path: original.to_string_lossy().into_owned(),
            report: report.strip_prefix(out).unwrap_or(&report).to_owned(),
        },
    });
    place_line(&paths.report, &line)?;
    remove_if_there(&paths.failure)
}
