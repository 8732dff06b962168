//! Finds the records (reports, pointers, failure records) whose recording is gone, and removes
//! them.
//!
//! A share that is not mounted looks like a folder whose recordings are gone. So nothing is gone
//! while the folder that it was in is missing, empty or cannot be read.

mod doubt;
mod place;

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use super::atomic::remove_if_there;
use super::failure::read_failure;
use super::ledger::read_first;
use super::lines::{Line, SourceLine};
use super::paths::{COMBINED, recording_of};
use super::{ReportError, ReportPaths};

use doubt::Doubts;
pub use doubt::PruneError;
use place::{Place, Sources};

/// A record whose recording is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gone {
    /// The record.
    pub record: PathBuf,
    /// The recording's path below its input, by which records are named.
    pub recording: PathBuf,
    /// The recording's path, as the record's lines have it.
    pub path: String,
    /// What kind of record it is.
    pub kind: RecordKind,
}

/// What is known of a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordKind {
    /// A report.
    Report,
    /// A report that points to another.
    Pointer,
    /// A failure record.
    Failure,
}

/// What can be removed from a folder of reports.
#[derive(Debug, Default)]
pub struct Prunable {
    /// Records whose recording is gone.
    pub gone: Vec<Gone>,
    /// Records that stay, since their recording is there.
    pub kept: usize,
    /// Records that stay, since their recording is not of the sources that were named.
    pub elsewhere: usize,
    /// Pointers that stay and lead to a report that goes: their content is scored again.
    pub orphans: usize,
}

impl Prunable {
    /// Looks at every record below `out`. With `sources`, only those of recordings in these
    /// folders are judged; without, each is looked for at the path that it names.
    ///
    /// # Errors
    /// When it cannot be told whether recordings are gone; all reasons at once.
    pub fn find(out: &Path, sources: &[PathBuf]) -> Result<Self, Vec<PruneError>> {
        let sources = Sources::new(sources).map_err(|error| vec![error])?;
        let mut doubts = Doubts::default();
        sources.folders().for_each(|folder| doubts.about(folder));
        let (mut prunable, mut pointers) = (Self::default(), Vec::new());
        for record in records(out) {
            match sources.place(&record.recording, &record.source.path) {
                Place::Elsewhere => prunable.elsewhere += 1,
                Place::Unknown => doubts.relative(&record.source.path),
                Place::At { base, path } => match std::fs::symlink_metadata(&path) {
                    Ok(_) => {
                        prunable.kept += 1;
                        pointers.extend(record.leads_to);
                    }
                    Err(error) => {
                        doubts.about_missing(&base, &path, &error);
                        prunable.gone.push(record.gone());
                    }
                },
            }
        }
        let gone: HashSet<_> = prunable.gone.iter().map(|gone| &*gone.record).collect();
        let leads_nowhere = |report: &&PathBuf| gone.contains(&*out.join(report));
        prunable.orphans = pointers.iter().filter(leads_nowhere).count();
        doubts.none().map(|()| prunable)
    }

    /// Removes the records, and folders that are empty then. What the combined file holds of them
    /// is not its concern.
    ///
    /// # Errors
    /// When a file cannot be removed.
    pub fn remove(&self, out: &Path) -> Result<(), ReportError> {
        for gone in &self.gone {
            remove_if_there(&gone.record)?;
            let folders = gone.record.ancestors().skip(1);
            for folder in folders.take_while(|folder| *folder != out) {
                // It holds something else.
                if std::fs::remove_dir(folder).is_err() {
                    break;
                }
            }
        }
        Ok(())
    }
}

struct Record {
    file: PathBuf,
    recording: PathBuf,
    source: SourceLine,
    kind: RecordKind,
    /// The report that a pointer leads to, below the folder of reports.
    leads_to: Option<PathBuf>,
}

impl Record {
    fn gone(self) -> Gone {
        Gone {
            record: self.file,
            recording: self.recording,
            path: self.source.path,
            kind: self.kind,
        }
    }
}

/// All records below a folder; what this program did not write is not among them.
fn records(out: &Path) -> impl Iterator<Item = Record> {
    let files = WalkDir::new(out).sort_by_file_name().into_iter();
    let files = files.filter_map(Result::ok);
    files.filter_map(move |entry| {
        let below = entry.path().strip_prefix(out).ok()?;
        if !entry.file_type().is_file() || below == Path::new(COMBINED) {
            return None;
        }
        let (recording, is_failure) = recording_of(below)?;
        let paths = ReportPaths::new(out, &recording);
        let file = entry.path().to_owned();
        let record = |source, kind, leads_to| Record {
            file,
            recording,
            source,
            kind,
            leads_to,
        };
        if is_failure {
            let failure = read_failure(&paths.failure)?;
            return Some(record(failure.source, RecordKind::Failure, None));
        }
        match read_first(&paths.report)? {
            Line::Recording(line) => Some(record(line.source, RecordKind::Report, None)),
            Line::Duplicate(line) => Some(record(
                line.source,
                RecordKind::Pointer,
                Some(line.of.report),
            )),
            _ => None,
        }
    })
}

#[cfg(test)]
mod tests;
