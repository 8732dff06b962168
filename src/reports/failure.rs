//! Failure records: what is left of a recording that could not be scored.

use std::fs;
use std::path::Path;
use std::time::SystemTime;

use crate::flow::{Failure, Recording};

use super::atomic::place;
use super::lines::{FailureLine, Line};
use super::mark::RunMark;
use super::paths::ReportPaths;
use super::render::source_line;
use super::time::rfc3339;
use super::{ReportError, SCHEMA_VERSION};

/// Leaves a failure record; counts up from the former one if the content is the same.
/// A recording whose content could not be read has an empty hash.
///
/// # Errors
/// When the disk refuses.
pub fn write_failure(
    paths: &ReportPaths,
    recording: &Recording,
    mark: &RunMark,
    failure: &Failure,
    next_try: Option<SystemTime>,
) -> Result<(), ReportError> {
    let source = source_line(recording);
    let attempts = match former(&paths.failure) {
        Some(former) if former.source.blake3 == source.blake3 => former.attempts.saturating_add(1),
        _ => 1,
    };
    let line = Line::Failure(FailureLine {
        schema: SCHEMA_VERSION,
        program: env!("CARGO_PKG_VERSION").to_owned(),
        source,
        bundle: mark.bundle.clone(),
        stage: failure.stage.name().to_owned(),
        error: failure.chain.clone(),
        hint: failure.hint.clone(),
        attempts,
        failed_at: rfc3339(SystemTime::now()),
        next_try: next_try.map(rfc3339),
    });
    let refused = |source| ReportError::Io {
        path: paths.failure.clone(),
        source,
    };
    fs::create_dir_all(paths.folder()).map_err(refused)?;
    let mut text = serde_json::to_vec(&line)?;
    text.push(b'\n');
    place(&paths.failure, |file| {
        file.write_all(&text).map_err(refused)
    })
}

fn former(path: &Path) -> Option<FailureLine> {
    match serde_json::from_slice(&fs::read(path).ok()?) {
        Ok(Line::Failure(line)) => Some(line),
        _ => None,
    }
}
