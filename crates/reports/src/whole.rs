//! Reading whole records: a report with all of its utterances, a pointer or a failure record.
//!
//! The ledger reads ends of files and takes what it cannot read for unfinished; who shows reports
//! to people reads every line, and says which one cannot be read.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use super::SCHEMA_VERSION;
use super::lines::{DuplicateLine, FailureLine, Line, RecordingLine, SummaryLine, UtteranceLine};
use super::paths::{COMBINED, STATE_FOLDER, recording_of};

/// A report as it was written.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// What was scored, with what.
    pub recording: RecordingLine,
    /// In order of time.
    pub utterances: Vec<UtteranceLine>,
    /// The summary.
    pub summary: SummaryLine,
}

/// What a file of this program says of a recording.
#[derive(Clone, Debug, PartialEq)]
pub enum Record {
    /// It was scored.
    Report(Box<Report>),
    /// It was scored before, under another name.
    Duplicate(Box<DuplicateLine>),
    /// It could not be scored.
    Failure(Box<FailureLine>),
}

/// A record below a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordPath {
    /// The file.
    pub file: PathBuf,
    /// Its recording, below the folder (shortened where the name is too long for a report).
    pub recording: PathBuf,
}

/// Why a record cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file or folder cannot be read.
    #[error("cannot read {path:?}")]
    Io {
        /// Which.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// A line is not one of a report's.
    #[error("{path:?}, line {line}, is no line of a report")]
    Line {
        /// Which file.
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// A later version of the program wrote it.
    #[error(
        "{path:?} has lines of schema {schema}; this program reads schemas 1 to {SCHEMA_VERSION}: use the \
         version that wrote it, or a later one"
    )]
    Schema {
        /// Which file.
        path: PathBuf,
        /// The version of its lines.
        schema: u32,
    },
    /// A line of a report, in the wrong place.
    #[error(
        "{path:?}, line {line}: a report is a recording line, its utterances and a summary, and this line \
         does not follow; of a file of many reports, name the folder with their own files"
    )]
    Order {
        /// Which file.
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
    },
    /// The file ends before the report does.
    #[error("{path:?} ends before its summary, after line {lines}: part of it is missing")]
    Incomplete {
        /// Which file.
        path: PathBuf,
        /// How many lines there are.
        lines: usize,
    },
}

/// The records below a folder, by name. A daemon's file of all reports together is left out,
/// since it repeats them, and so are its own files.
///
/// # Errors
/// When the folder, or one in it, cannot be read.
pub fn records_below(folder: &Path) -> Result<Vec<RecordPath>, ReadError> {
    let mut records = Vec::new();
    let entries = WalkDir::new(folder).sort_by_file_name().into_iter();
    for entry in entries.filter_entry(|entry| entry.file_name() != STATE_FOLDER) {
        let entry = entry.map_err(|error| ReadError::Io {
            path: error.path().unwrap_or(folder).to_owned(),
            source: error.into(),
        })?;
        let below = entry.path().strip_prefix(folder).unwrap_or(entry.path());
        if !entry.file_type().is_file() || below == Path::new(COMBINED) {
            continue;
        }
        if let Some((recording, _)) = recording_of(below) {
            records.push(RecordPath {
                recording,
                file: entry.into_path(),
            });
        }
    }
    Ok(records)
}

impl RecordPath {
    /// A record that is named by itself: its recording is the file's name without its ending.
    #[must_use]
    pub fn alone(file: &Path) -> Self {
        let name = Path::new(file.file_name().unwrap_or(file.as_os_str()));
        Self {
            recording: recording_of(name)
                .map_or_else(|| name.to_owned(), |(recording, _)| recording),
            file: file.to_owned(),
        }
    }
}

/// Reads all lines of a report, or the one line of a pointer or failure record.
///
/// # Errors
/// When a line cannot be read, or is not where it belongs.
pub fn read_record(path: &Path) -> Result<Record, ReadError> {
    let failed = |source| ReadError::Io {
        path: path.to_owned(),
        source,
    };
    let mut reader = Reader {
        path,
        lines: BufReader::new(File::open(path).map_err(failed)?),
        buffer: Vec::new(),
        line: 0,
    };
    let record = match reader.next()? {
        Some(Line::Recording(recording)) => reader.rest_of(recording)?,
        Some(Line::Duplicate(line)) => Record::Duplicate(Box::new(line)),
        Some(Line::Failure(line)) => Record::Failure(Box::new(line)),
        Some(Line::Utterance(_) | Line::Summary(_)) => return Err(reader.order()),
        None => return Err(reader.incomplete()),
    };
    match reader.next()? {
        Some(_) => Err(reader.order()),
        None => Ok(record),
    }
}

struct Reader<'a> {
    path: &'a Path,
    lines: BufReader<File>,
    buffer: Vec<u8>,
    /// Lines read so far.
    line: usize,
}

impl Reader<'_> {
    fn next(&mut self) -> Result<Option<Line>, ReadError> {
        self.buffer.clear();
        let read = self.lines.read_until(b'\n', &mut self.buffer);
        let read = read.map_err(|source| ReadError::Io {
            path: self.path.to_owned(),
            source,
        })?;
        if read == 0 {
            return Ok(None);
        }
        self.line += 1;
        serde_json::from_slice(&self.buffer)
            .map(Some)
            .map_err(|source| self.unreadable(source))
    }

    /// A line of a later schema is not damaged: that is said instead of the unknown field.
    fn unreadable(&self, source: serde_json::Error) -> ReadError {
        #[derive(serde::Deserialize)]
        struct Version {
            schema: u32,
        }
        let path = self.path.to_owned();
        match serde_json::from_slice(&self.buffer) {
            Ok(Version { schema }) if schema > SCHEMA_VERSION => ReadError::Schema { path, schema },
            _ => ReadError::Line {
                path,
                line: self.line,
                source,
            },
        }
    }

    fn rest_of(&mut self, recording: RecordingLine) -> Result<Record, ReadError> {
        let mut utterances = Vec::new();
        loop {
            match self.next()? {
                Some(Line::Utterance(utterance)) => utterances.push(utterance),
                Some(Line::Summary(summary)) => {
                    return Ok(Record::Report(Box::new(Report {
                        recording,
                        utterances,
                        summary,
                    })));
                }
                Some(_) => return Err(self.order()),
                None => return Err(self.incomplete()),
            }
        }
    }

    fn order(&self) -> ReadError {
        ReadError::Order {
            path: self.path.to_owned(),
            line: self.line,
        }
    }

    fn incomplete(&self) -> ReadError {
        ReadError::Incomplete {
            path: self.path.to_owned(),
            lines: self.line,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{recording, write_report};

    fn error(path: &Path, text: &str) -> String {
        std::fs::write(path, text).unwrap();
        read_record(path).unwrap_err().to_string()
    }

    #[test]
    fn what_was_written_is_read_whole() {
        let out = tempfile::tempdir().unwrap();
        let path = write_report(out.path(), &[1.0, 0.0, -2.0]);
        let Record::Report(report) = read_record(&path).unwrap() else {
            panic!("not read as a report");
        };
        assert_eq!(report.utterances.len(), 3);
        assert_eq!(report.summary.utterances, 3);
        std::fs::write(out.path().join(COMBINED), "repeats it").unwrap();
        std::fs::write(out.path().join("notes.txt"), "not ours").unwrap();
        let state = out.path().join(STATE_FOLDER);
        std::fs::create_dir(&state).unwrap();
        std::fs::write(state.join("attempts.jsonl"), "{}\n").unwrap();
        let expected = RecordPath {
            file: path.clone(),
            recording: PathBuf::from("day/a.mp4"),
        };
        assert_eq!(records_below(out.path()).unwrap(), [expected]);
        assert_eq!(RecordPath::alone(&path).recording, Path::new("a.mp4"));
    }

    #[test]
    fn lines_of_earlier_schemas_are_read() {
        let out = tempfile::tempdir().unwrap();
        let path = write_report(out.path(), &[1.0, 0.0, -2.0]);
        let text = std::fs::read_to_string(&path).unwrap();
        let names = format!(
            r#""path":"/in/day/a.mp4","blake3":"{}","#,
            recording().blake3
        );
        // Schema 2 had the attention of the network, schema 1 named no recording in its other lines.
        let second = text
            .replace(r#""schema":3"#, r#""schema":2"#)
            .replace(r#""contribution":0.7"#, r#""weight":-0.1"#)
            .replace(r#""contribution":null"#, r#""weight":0.0"#);
        let (first, rest) = second.split_once('\n').unwrap();
        let first = first.replace(r#""schema":2"#, r#""schema":1"#);
        let first = format!("{first}\n{}", rest.replace(&names, ""));
        assert!(!first.contains(r#"utterance","path"#), "{first}");
        for (schema, former) in [(1, first), (2, second)] {
            assert!(former.contains(r#""weight":-0.1"#), "{former}");
            std::fs::write(&path, former).unwrap();
            let Record::Report(report) = read_record(&path).unwrap() else {
                panic!("not read as a report");
            };
            assert_eq!(report.recording.schema, schema);
            assert_eq!(report.utterances.len(), 3);
            let text = &report.utterances[0].modalities.text;
            assert_eq!(text.contribution, None);
        }
    }

    #[test]
    fn what_cannot_be_read_is_named_with_its_line() {
        let out = tempfile::tempdir().unwrap();
        let path = write_report(out.path(), &[1.0, 0.0, -2.0]);
        let text = std::fs::read_to_string(&path).unwrap();
        let lines: Vec<_> = text.lines().collect();

        let broken = [lines[0], "{\"kind\":\"utter", lines[4]].join("\n");
        assert!(error(&path, &broken).contains("a.mp4.jsonl\", line 2, is no line"));
        let cut = lines[..2].join("\n");
        assert!(error(&path, &cut).contains("ends before its summary, after line 2"));
        assert!(error(&path, "").contains("after line 0"));
        let twice = text.repeat(2);
        assert!(error(&path, &twice).contains("line 6: a report is"));
        let headless = lines[1..].join("\n");
        assert!(error(&path, &headless).contains("line 1: a report is"));
        let later = text.replacen(r#""schema":3"#, r#""schema":9,"mood":"good""#, 1);
        assert!(error(&path, &later).contains("schema 9; this program reads schemas 1 to 3"));
    }
}
