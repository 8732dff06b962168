//! Finds recordings: patterns, walks through folders, and the hashes of files.
//!
//! What must not live here: whether a file is complete (see `daemon`), and whether it was scored
//! before (see `reports`).

mod endings;
mod passed_over;
mod selection;
mod walk;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use undertone_types::{Recording, RecordingId};

pub use passed_over::PassedOver;
pub use selection::{PatternError, Selection};
pub use walk::Walk;

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
    /// A link whose target is missing or cannot be read.
    #[error("the link {path:?} cannot be followed: {error}")]
    BrokenLink {
        /// The link.
        path: PathBuf,
        /// The error of the operating system.
        error: String,
    },
    /// There is no recording in the inputs.
    #[error(
        "there is no recording in {paths:?}; in folders, files with these endings are taken: {known}{}",
        and_passed_over(passed),
        known = endings::MEDIA_EXTENSIONS.join(" ")
    )]
    Empty {
        /// The inputs.
        paths: Vec<PathBuf>,
        /// What is in them instead.
        passed: PassedOver,
    },
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

fn and_passed_over(passed: &PassedOver) -> String {
    match passed.is_empty() {
        true => String::new(),
        false => format!("; passed over: {passed}"),
    }
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

/// What there is to score.
#[derive(Clone, Debug, Default)]
pub struct Discovered {
    /// The recordings, sorted, each once.
    pub found: Vec<Found>,
    /// Folders and links inside of the inputs that cannot be read: recordings in them are missing.
    pub unreadable: Vec<DiscoverProblem>,
    /// What else is in the inputs.
    pub passed: PassedOver,
}

/// Lists the recordings among files and folders (recursively). What is selected applies to what
/// is in folders; a file or link that is given itself is always taken.
///
/// # Errors
/// Names every input that is missing or unreadable, and recordings that would share a report.
/// No recording at all is an error, too.
pub fn discover(paths: &[PathBuf], selection: &Selection) -> Result<Discovered, DiscoverErrors> {
    let mut problems = Vec::new();
    let mut all = Discovered::default();
    for path in paths {
        match std::fs::metadata(path) {
            Ok(facts) if facts.is_dir() => {
                // An input that cannot be read at all is an error, unlike what is in it.
                if let Err(error) = std::fs::read_dir(path) {
                    problems.push(problem(path, &error));
                    continue;
                }
                all.walk(path, selection);
            }
            Ok(_) => all.found.push(Found {
                relative: path.file_name().map_or_else(|| path.clone(), PathBuf::from),
                path: path.clone(),
            }),
            Err(error) => problems.push(problem(path, &error)),
        }
    }
    if all.found.is_empty() && problems.is_empty() {
        problems.push(DiscoverProblem::Empty {
            paths: paths.to_owned(),
            passed: all.passed.clone(),
        });
        problems.append(&mut all.unreadable);
    }
    all.keep_each_once();
    problems.extend(all.same_reports());
    match problems.is_empty() {
        true => Ok(all),
        false => Err(DiscoverErrors { problems }),
    }
}

impl Discovered {
    fn walk(&mut self, folder: &Path, selection: &Selection) {
        let mut walk = Walk::new(folder, folder, selection);
        for entry in &mut walk {
            match entry {
                Ok(recording) => self.found.push(recording),
                Err(problem) => self.unreadable.push(problem),
            }
        }
        self.passed.add(walk.passed);
    }

    fn keep_each_once(&mut self) {
        self.found.sort();
        let mut seen = BTreeSet::new();
        self.found.retain(|found| {
            let real = std::fs::canonicalize(&found.path);
            seen.insert(real.unwrap_or_else(|_| found.path.clone()))
        });
    }

    /// Recordings that would have the same report.
    fn same_reports(&self) -> Vec<DiscoverProblem> {
        let mut reports: BTreeMap<&Path, &Path> = BTreeMap::new();
        let shared = self.found.iter().filter_map(|Found { relative, path }| {
            let first = reports.insert(relative, path)?;
            Some(DiscoverProblem::SameReport {
                first: first.to_owned(),
                second: path.clone(),
                relative: relative.clone(),
            })
        });
        shared.collect()
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
        remote: None,
    })
}

#[cfg(test)]
mod tests;
