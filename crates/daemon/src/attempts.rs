//! Attempts, recorded before a recording is given to a worker: after the daemon itself was
//! killed, they name the recordings that were in progress.
//!
//! One line when an attempt begins, synced, and one when it ends. An attempt that began and did
//! not end was interrupted. Ends need no sync: the report or the failure record outlives them.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use undertone_reports::{ReportError, escape, place};

/// Lines after which the file is rewritten with the open attempts only.
const LONG: usize = 4096;

/// The record of attempts.
#[derive(Debug)]
pub struct Attempts {
    path: PathBuf,
    file: File,
    length: u64,
    lines: usize,
    /// Attempts at each recording that have begun and not ended, in this run or before it.
    open: HashMap<PathBuf, u32>,
}

#[derive(Serialize, Deserialize)]
struct Line {
    #[serde(with = "escape")]
    relative: PathBuf,
    /// Open attempts; 0 when the last one has ended.
    begun: u32,
}

impl Attempts {
    /// Opens the file and reads the attempts in it; makes it where it is missing.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub fn open(path: PathBuf) -> Result<Self, ReportError> {
        let text = match std::fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            read => read.map_err(|source| ReportError::Unreadable {
                path: path.clone(),
                source,
            })?,
        };
        let mut open = HashMap::new();
        for line in text.split(|byte| *byte == b'\n') {
            // The last line may be incomplete; then no work on the recording had begun.
            if let Ok(Line { relative, begun }) = serde_json::from_slice(line) {
                match begun {
                    0 => open.remove(&relative),
                    begun => open.insert(relative, begun),
                };
            }
        }
        rewrite(&path, &open)?;
        let file = append_to(&path)?;
        let (length, lines) = (file.metadata().map_or(0, |facts| facts.len()), open.len());
        Ok(Self {
            path,
            file,
            length,
            lines,
            open,
        })
    }

    /// Open attempts by recording.
    #[must_use]
    pub fn open_attempts(&self) -> &HashMap<PathBuf, u32> {
        &self.open
    }

    fn begun(&self, relative: &Path) -> u32 {
        self.open.get(relative).copied().unwrap_or(0)
    }

    /// Records that recordings are about to be given to a worker: all, or none.
    ///
    /// # Errors
    /// When the file cannot be written; then none may be given to the worker.
    pub fn begin<'p>(
        &mut self,
        recordings: impl Iterator<Item = &'p Path> + Clone,
    ) -> Result<(), ReportError> {
        let (length, lines) = (self.length, self.lines);
        let written = recordings
            .clone()
            .try_for_each(|relative| self.append(relative, self.begun(relative) + 1));
        let synced =
            written.and_then(|()| self.file.sync_data().map_err(|error| self.refused(error)));
        if let Err(error) = synced {
            // Lines already written must not count as attempts.
            let _ = self.file.set_len(length);
            (self.length, self.lines) = (length, lines);
            return Err(error);
        }
        for relative in recordings {
            *self.open.entry(relative.to_owned()).or_default() += 1;
        }
        Ok(())
    }

    /// Records that an attempt has ended. A failed write does no harm: the recording has its
    /// report or failure record.
    pub fn end(&mut self, relative: &Path) {
        if self.open.remove(relative).is_none() {
            return;
        }
        let _ = self.append(relative, 0);
        if self.lines > LONG + 2 * self.open.len() {
            let _ = self.shorten();
        }
    }

    fn shorten(&mut self) -> Result<(), ReportError> {
        rewrite(&self.path, &self.open)?;
        self.file = append_to(&self.path)?;
        self.length = self.file.metadata().map_or(0, |facts| facts.len());
        self.lines = self.open.len();
        Ok(())
    }

    fn append(&mut self, relative: &Path, begun: u32) -> Result<(), ReportError> {
        let mut line = serde_json::to_vec(&Line {
            relative: relative.to_owned(),
            begun,
        })?;
        line.push(b'\n');
        if let Err(source) = self.file.write_all(&line) {
            // An incomplete line would make the next one unreadable too.
            let _ = self.file.set_len(self.length);
            return Err(self.refused(source));
        }
        self.length += line.len() as u64;
        self.lines += 1;
        Ok(())
    }

    fn refused(&self, source: io::Error) -> ReportError {
        ReportError::Io {
            path: self.path.clone(),
            source,
        }
    }
}

fn rewrite(path: &Path, open: &HashMap<PathBuf, u32>) -> Result<(), ReportError> {
    let mut text = Vec::new();
    for (relative, begun) in open {
        serde_json::to_writer(
            &mut text,
            &Line {
                relative: relative.clone(),
                begun: *begun,
            },
        )?;
        text.push(b'\n');
    }
    place(path, |file| {
        file.write_all(&text).map_err(|source| ReportError::Io {
            path: path.to_owned(),
            source,
        })
    })
}

fn append_to(path: &Path) -> Result<File, ReportError> {
    let file = File::options().append(true).open(path);
    file.map_err(|source| ReportError::Io {
        path: path.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_did_not_end_is_known_by_the_next_run() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("attempts.jsonl");
        let (a, b) = (Path::new("a.mp4"), Path::new("b.mp4"));
        for round in 1..=3 {
            let mut attempts = Attempts::open(path.clone()).unwrap();
            assert_eq!(attempts.begun(a), round - 1);
            assert_eq!(attempts.begun(b), 0);
            attempts.begin([a, b].into_iter()).unwrap();
            attempts.end(b);
            // Killed during a write.
            attempts.file.write_all(b"{\"relative\":\"a.m").unwrap();
        }
        let mut attempts = Attempts::open(path.clone()).unwrap();
        attempts.end(a);
        drop(attempts);
        assert_eq!(Attempts::open(path).unwrap().begun(a), 0);
    }

    /// Every read error was once taken for an empty file, which was then overwritten.
    #[test]
    fn a_record_that_cannot_be_read_is_not_written_over() {
        let folder = tempfile::tempdir().unwrap();
        // A folder in its place cannot be read, also not by root.
        let path = folder.path().join("attempts.jsonl");
        std::fs::create_dir(&path).unwrap();
        let error = Attempts::open(path.clone()).unwrap_err();
        assert!(error.to_string().contains("cannot read"), "{error}");
        assert!(path.is_dir());
    }

    #[test]
    fn the_file_stays_short() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("attempts.jsonl");
        let mut attempts = Attempts::open(path.clone()).unwrap();
        for number in 0..LONG {
            let name = PathBuf::from(format!("{number}.mp4"));
            attempts.append(&name, 1).unwrap();
            attempts.open.insert(name.clone(), 1);
            attempts.end(&name);
        }
        let lines = std::fs::read(&path)
            .unwrap()
            .split(|byte| *byte == b'\n')
            .count();
        assert!(lines <= LONG + 2, "{lines} lines");
    }
}
