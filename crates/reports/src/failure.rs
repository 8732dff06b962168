//! Failure records: why a recording could not be scored, and when it is tried again.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use walkdir::WalkDir;

use undertone_types::{Cause, Failure, Recording};

use super::atomic::place_line;
use super::lines::{FailureLine, Line};
use super::mark::RunMark;
use super::paths::{ReportPaths, recording_of};
use super::render::source_line;
use super::time::{parse, rfc3339};
use super::{ReportError, SCHEMA_VERSION};

/// When a failed recording is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextTry {
    /// At this time.
    At(SystemTime),
    /// Not again: it would not help, or did not.
    Never,
    /// Not again: it keeps crashing the worker or exceeding its limits.
    Quarantined,
}

impl FailureLine {
    /// When it is tried again.
    #[must_use]
    pub fn next(&self) -> NextTry {
        match self.next_try.as_deref().and_then(parse) {
            Some(at) => NextTry::At(at),
            None if self.quarantined => NextTry::Quarantined,
            None => NextTry::Never,
        }
    }
}

/// Writes a failure record after `attempts` attempts, of which `strikes` may be due to the
/// recording itself. A recording whose content could not be read has an empty hash.
///
/// # Errors
/// When it cannot be written.
pub fn write_failure(
    paths: &ReportPaths,
    recording: &Recording,
    mark: &RunMark,
    failure: &Failure,
    attempts: u32,
    strikes: &[Cause],
    next: NextTry,
) -> Result<(), ReportError> {
    let line = failure_line(recording, mark, failure, attempts, strikes, next);
    place_line(&paths.failure, &Line::Failure(line))
}

/// The failure record of a recording, as [`write_failure`] writes it.
#[must_use]
pub fn failure_line(
    recording: &Recording,
    mark: &RunMark,
    failure: &Failure,
    attempts: u32,
    strikes: &[Cause],
    next: NextTry,
) -> FailureLine {
    FailureLine {
        schema: SCHEMA_VERSION,
        program: env!("CARGO_PKG_VERSION").to_owned(),
        source: source_line(recording),
        bundle: mark.bundle.clone(),
        stage: failure.stage.name().to_owned(),
        cause: failure.cause,
        error: failure.chain.clone(),
        hint: failure.hint.clone(),
        attempts,
        strikes: strikes.to_owned(),
        quarantined: next == NextTry::Quarantined,
        failed_at: rfc3339(SystemTime::now()),
        next_try: match next {
            NextTry::At(time) => Some(rfc3339(time)),
            NextTry::Never | NextTry::Quarantined => None,
        },
    }
}

/// The record of an earlier failure of the same content, if it can be read.
#[must_use]
pub fn failed_before(paths: &ReportPaths, blake3: &str) -> Option<FailureLine> {
    read_failure(&paths.failure)
        .filter(|former| former.source.blake3.as_deref().unwrap_or_default() == blake3)
}

/// Reads a failure record; `None` when it does not exist or has another format.
#[must_use]
pub fn read_failure(path: &Path) -> Option<FailureLine> {
    match serde_json::from_slice(&fs::read(path).ok()?) {
        Ok(Line::Failure(line)) => Some(line),
        _ => None,
    }
}

/// All failure records below the output folder, with the path of each recording below its
/// input (shortened where the name is too long for a report).
pub fn failure_records(out: &Path) -> impl Iterator<Item = (PathBuf, FailureLine)> {
    let files = WalkDir::new(out)
        .sort_by_file_name()
        .into_iter()
        .filter_map(Result::ok);
    files.filter_map(move |entry| {
        let (recording, is_failure) = recording_of(entry.path().strip_prefix(out).ok()?)?;
        let entry = is_failure.then_some(entry)?;
        Some((recording, read_failure(entry.path())?))
    })
}

/// Changes a failure record so that the recording is tried again now.
///
/// # Errors
/// When it cannot be written.
pub fn retry_now(path: &Path, mut line: FailureLine) -> Result<(), ReportError> {
    line.next_try = Some(rfc3339(SystemTime::now()));
    place_line(path, &Line::Failure(line))
}
