//! Which records a page shows, and under which names.

use std::collections::HashSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use undertone_reports::{ReadError, RecordPath, records_below};
use undertone_types::shown_path;

/// A record that a page shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// What the page calls its recording; no two are called the same.
    pub name: String,
    /// Where it is.
    pub record: RecordPath,
    /// True when the user named this file, false when it was found in a folder.
    pub named: bool,
}

/// Why there is nothing to show.
#[derive(Debug, thiserror::Error)]
pub enum GatherError {
    /// Neither a file nor a folder.
    #[error("there is no report or folder {0:?}")]
    Missing(PathBuf),
    /// A folder without records.
    #[error("{0:?} holds no reports: name the folder that `undertone run` was given as --out")]
    Empty(PathBuf),
    /// A folder cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl GatherError {
    /// True when other arguments help.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        matches!(self, Self::Missing(_) | Self::Empty(_))
    }
}

/// The records at these paths, files and folders, in their order. With several folders a name
/// begins with that of its folder. A file that is named twice is shown once.
///
/// # Errors
/// When a path does not exist, or a folder has no records or cannot be read.
pub fn gather(paths: &[PathBuf]) -> Result<Vec<Source>, GatherError> {
    let mut sources = Vec::new();
    let mut files = HashSet::new();
    let mut names = HashSet::new();
    for path in paths {
        let is_folder = path.is_dir();
        for record in records_at(path)? {
            if !files.insert(record.file.clone()) {
                continue;
            }
            let name = match path.file_name() {
                Some(folder) if is_folder && paths.len() > 1 => {
                    shown_path(&Path::new(folder).join(&record.recording))
                }
                _ => shown_path(&record.recording),
            };
            sources.push(Source {
                name: unique(name, &record, &mut names),
                record,
                named: !is_folder,
            });
        }
    }
    Ok(sources)
}

fn records_at(path: &Path) -> Result<Vec<RecordPath>, GatherError> {
    if path.is_file() {
        return Ok(vec![RecordPath::alone(path)]);
    }
    if !path.is_dir() {
        return Err(GatherError::Missing(path.to_owned()));
    }
    let records = records_below(path)?;
    if records.is_empty() {
        return Err(GatherError::Empty(path.to_owned()));
    }
    Ok(records)
}

/// A name that no other record of its kind has; `taken` holds those of the others, with their
/// endings. Names of other bytes may look the same. A recording that has a report and, of a later
/// attempt, a failure record has one name in both.
pub fn unique(
    name: String,
    record: &RecordPath,
    taken: &mut HashSet<(String, OsString)>,
) -> String {
    let ending = record.file.extension().unwrap_or_default().to_owned();
    let mut free = name.clone();
    let mut number = 1;
    while !taken.insert((free.clone(), ending.clone())) {
        number += 1;
        free = format!("{name} ({number})");
    }
    free
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn names(paths: &[PathBuf]) -> Vec<String> {
        let sources = gather(paths).unwrap().into_iter();
        sources.map(|source| source.name).collect()
    }

    #[test]
    fn names_tell_recordings_apart() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, "").unwrap();
            path
        };
        let first = file("one/a.mp4.jsonl");
        file("one/a.mp4.failed.json");
        file("one/b\n.mp4.jsonl");
        file("one/b\\n.mp4.jsonl");
        file("one/.undertone/status.json");
        file("two/day/a.mp4.jsonl");
        let (one, two) = (folder.path().join("one"), folder.path().join("two"));
        assert_eq!(
            names(std::slice::from_ref(&one)),
            ["a.mp4", "a.mp4", r"b\n.mp4", r"b\n.mp4 (2)"]
        );
        assert_eq!(
            names(&[one.clone(), two.clone(), first.clone()]),
            [
                "one/a.mp4",
                "one/a.mp4",
                r"one/b\n.mp4",
                r"one/b\n.mp4 (2)",
                "two/day/a.mp4"
            ]
        );
        let sources = gather(&[first.clone(), two]).unwrap();
        assert_eq!(sources[0].record.file, first);
        assert!(sources[0].named && !sources[1].named);
    }

    #[test]
    fn where_there_is_nothing_to_show_it_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("no.jsonl");
        for (path, expected) in [
            (missing, "there is no report"),
            (folder.path().to_owned(), "holds no reports"),
        ] {
            let error = gather(&[path]).unwrap_err();
            assert!(error.is_usage());
            assert!(error.to_string().contains(expected), "{error}");
        }
    }
}
