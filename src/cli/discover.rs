//! From files and folders to the list of recordings.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fmt;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

use crate::flow::{Recording, RecordingId};
use crate::reports::is_own_output;

/// What is taken from folders; a file that is named is taken whatever its name.
const MEDIA_EXTENSIONS: &[&str] = &[
    "3g2", "3gp", "aac", "aif", "aiff", "amr", "asf", "avi", "flac", "flv", "m2ts", "m2v", "m4a",
    "m4v", "mka", "mkv", "mov", "mp3", "mp4", "mpeg", "mpg", "mts", "mxf", "oga", "ogg", "ogm",
    "ogv", "opus", "ts", "vob", "wav", "webm", "wma", "wmv",
];

/// A file to be scored.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    /// Path below the input it was found under; reports mirror it.
    pub relative: PathBuf,
    /// Where it is.
    pub path: PathBuf,
}

/// Something that is wrong with an input.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DiscoverProblem {
    /// It is not there.
    #[error("{0:?} does not exist")]
    Missing(PathBuf),
    /// It cannot be looked at.
    #[error("{path:?} cannot be read: {error}")]
    Unreadable {
        /// Which file or folder.
        path: PathBuf,
        /// The operating system's word.
        error: String,
    },
    /// Nothing to do.
    #[error(
        "there is no recording in {0:?}; in folders, files with these endings are taken: {known}",
        known = MEDIA_EXTENSIONS.join(" ")
    )]
    Empty(Vec<PathBuf>),
    /// Two recordings would have the same report.
    #[error(
        "{first:?} and {second:?} would share the report of {relative:?}; name the folder that \
         holds both, or run them into different output folders"
    )]
    SameReport {
        /// One.
        first: PathBuf,
        /// The other.
        second: PathBuf,
        /// Where both would go.
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

/// Lists the recordings among files and folders (recursively), sorted, each once.
///
/// # Errors
/// Names every input that is missing or unreadable, and recordings that would share a
/// report; also when there is no recording at all, which is never what was meant.
pub fn discover(paths: &[PathBuf]) -> Result<Vec<Found>, DiscoverErrors> {
    let mut problems = Vec::new();
    let mut found = Vec::new();
    for path in paths {
        match std::fs::metadata(path) {
            Ok(facts) if facts.is_dir() => walk(path, &mut found, &mut problems),
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

fn walk(folder: &Path, found: &mut Vec<Found>, problems: &mut Vec<DiscoverProblem>) {
    let entries = WalkDir::new(folder).follow_links(true).sort_by_file_name();
    let visible = |entry: &DirEntry| entry.depth() == 0 || !is_hidden(entry.file_name());
    for entry in entries.into_iter().filter_entry(visible) {
        match entry {
            Ok(entry) if entry.file_type().is_file() && is_recording(entry.file_name()) => {
                let relative = entry.path().strip_prefix(folder).unwrap_or(entry.path());
                found.push(Found {
                    relative: relative.to_owned(),
                    path: entry.path().to_owned(),
                });
            }
            Ok(_) => {}
            // A link back to a folder above: what is below it is found there anyway.
            Err(error) if error.loop_ancestor().is_some() => {}
            Err(error) => {
                let path = error.path().unwrap_or(folder).to_owned();
                // A link to nowhere is not a recording.
                if std::fs::symlink_metadata(&path).is_ok_and(|facts| facts.is_symlink()) {
                    continue;
                }
                let error = error.to_string();
                problems.push(DiscoverProblem::Unreadable { path, error });
            }
        }
    }
}

fn is_hidden(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b".")
}

/// Known by its extension; unfinished downloads (`.part`, `.tmp`, `.crdownload`) and
/// reports have another.
fn is_recording(name: &OsStr) -> bool {
    let extension = Path::new(name).extension().and_then(OsStr::to_str);
    let is_media = extension.is_some_and(|extension| {
        let extension = extension.to_ascii_lowercase();
        MEDIA_EXTENSIONS.contains(&extension.as_str())
    });
    is_media && !is_own_output(name)
}

/// Hashes a file and takes down what identifies it. The file is streamed: its size does
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
