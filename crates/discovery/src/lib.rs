//! Finds recordings: patterns, walks through folders, and the hashes of files.
//!
//! What must not live here: whether a file is complete (see `daemon`), and whether it was scored
//! before (see `reports`).

mod patterns;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fmt;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

use undertone_types::{Recording, RecordingId};

pub use patterns::{PatternError, Patterns};

/// A file to be scored.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    /// Path below the input it was found under; reports mirror it.
    pub relative: PathBuf,
    /// Where it is.
    pub path: PathBuf,
}

/// A problem with an input.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DiscoverProblem {
    /// It does not exist.
    #[error("{0:?} does not exist")]
    Missing(PathBuf),
    /// It cannot be read.
    #[error("{path:?} cannot be read: {error}")]
    Unreadable {
        /// Which file or folder.
        path: PathBuf,
        /// The error of the operating system.
        error: String,
    },
    /// There is no recording in the inputs.
    #[error(
        "there is no recording in {0:?}; in folders, files with these endings are taken: {known}",
        known = patterns::MEDIA_EXTENSIONS.join(" ")
    )]
    Empty(Vec<PathBuf>),
    /// Two recordings would have the same report.
    #[error(
        "{first:?} and {second:?} would share the report of {relative:?}; name the folder that \
         holds both, or run them into different output folders"
    )]
    SameReport {
        /// One recording.
        first: PathBuf,
        /// The other recording.
        second: PathBuf,
        /// The path below the input that they share.
        relative: PathBuf,
    },
}

/// Everything that is wrong with the inputs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct DiscoverErrors {
    /// Never empty.
    pub problems: Vec<DiscoverProblem>,
}

impl fmt::Display for DiscoverErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.problems.len() {
            1 => write!(f, "a problem with the inputs")?,
            count => write!(f, "{count} problems with the inputs")?,
        }
        for problem in &self.problems {
            write!(f, "\n  {problem}")?;
        }
        Ok(())
    }
}

/// Lists the recordings among files and folders (recursively), sorted, each once. Patterns
/// apply to the files in folders; a file that is given itself is always taken.
///
/// # Errors
/// Names every input that is missing or unreadable, and recordings that would share a report.
/// No recording at all is an error, too.
pub fn discover(paths: &[PathBuf], patterns: &Patterns) -> Result<Vec<Found>, DiscoverErrors> {
    let mut problems = Vec::new();
    let mut found = Vec::new();
    for path in paths {
        match std::fs::metadata(path) {
            Ok(facts) if facts.is_dir() => walk(path, patterns, &mut found, &mut problems),
            Ok(_) => found.push(Found {
                relative: path.file_name().map_or_else(|| path.clone(), PathBuf::from),
                path: path.clone(),
            }),
            Err(error) => problems.push(problem(path, &error)),
        }
    }
    if found.is_empty() && problems.is_empty() {
        problems.push(DiscoverProblem::Empty(paths.to_owned()));
    }
    found.sort();
    let mut seen = BTreeSet::new();
    found.retain(|found| {
        let real = std::fs::canonicalize(&found.path);
        seen.insert(real.unwrap_or_else(|_| found.path.clone()))
    });
    let mut reports: BTreeMap<&Path, &Path> = BTreeMap::new();
    for Found { relative, path } in &found {
        if let Some(first) = reports.insert(relative, path) {
            problems.push(DiscoverProblem::SameReport {
                first: first.to_owned(),
                second: path.clone(),
                relative: relative.clone(),
            });
        }
    }
    match problems.is_empty() {
        true => Ok(found),
        false => Err(DiscoverErrors { problems }),
    }
}

fn problem(path: &Path, error: &io::Error) -> DiscoverProblem {
    match error.kind() {
        io::ErrorKind::NotFound => DiscoverProblem::Missing(path.to_owned()),
        _ => DiscoverProblem::Unreadable {
            path: path.to_owned(),
            error: error.to_string(),
        },
    }
}

fn walk(
    folder: &Path,
    patterns: &Patterns,
    found: &mut Vec<Found>,
    problems: &mut Vec<DiscoverProblem>,
) {
    for entry in recordings(folder, folder, patterns) {
        match entry {
            Ok(recording) => found.push(recording),
            Err(problem) => problems.push(problem),
        }
    }
}

/// The recordings below `start`, which is `root` or a folder in it, in the order of their
/// names. Links are followed, but not in circles.
pub fn recordings<'p>(
    root: &'p Path,
    start: &Path,
    patterns: &'p Patterns,
) -> impl Iterator<Item = Result<Found, DiscoverProblem>> + use<'p> {
    let start = start.to_owned();
    let entries = WalkDir::new(&start).follow_links(true).sort_by_file_name();
    let visible = |entry: &DirEntry| entry.depth() == 0 || !is_hidden(entry.file_name());
    let entries = entries.into_iter().filter_entry(visible);
    entries.filter_map(move |entry| match entry {
        Ok(entry) if entry.file_type().is_file() => {
            let relative = entry.path().strip_prefix(root).unwrap_or(entry.path());
            patterns.takes(relative).then(|| {
                Ok(Found {
                    relative: relative.to_owned(),
                    path: entry.path().to_owned(),
                })
            })
        }
        Ok(_) => None,
        // A link to a folder above: its files are found there.
        Err(error) if error.loop_ancestor().is_some() => None,
        Err(error) => {
            let path = error.path().unwrap_or(&start).to_owned();
            // A broken link is not a recording.
            if std::fs::symlink_metadata(&path).is_ok_and(|facts| facts.is_symlink()) {
                return None;
            }
            let error = error.to_string();
            Some(Err(DiscoverProblem::Unreadable { path, error }))
        }
    })
}

fn is_hidden(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b".")
}

/// Hashes a file and collects what identifies it. The file is read in blocks, so its size does
/// not matter.
///
/// # Errors
/// When it cannot be read.
pub fn identify(found: &Found, id: RecordingId) -> io::Result<Recording> {
    let file = File::open(&found.path)?;
    let facts = file.metadata()?;
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(file)?;
    Ok(Recording {
        id,
        path: found.path.clone(),
        relative: found.relative.clone(),
        size_bytes: facts.len(),
        modified: facts.modified().ok(),
        blake3: hasher.finalize().to_hex().to_string(),
    })
}

#[cfg(test)]
mod tests;
