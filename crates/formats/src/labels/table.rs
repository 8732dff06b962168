//! A table of labels as CSV: its separator, and what is wrong with it in a sentence.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use csv::{ErrorKind, Reader, ReaderBuilder, StringRecord};
use serde::de::DeserializeOwned;

use super::LabelError;

/// Separators of programs that write tables, with their names.
const SEPARATORS: [(u8, &str); 3] = [(b',', "commas"), (b';', "semicolons"), (b'\t', "tabs")];

/// An open table.
pub struct Table {
    /// Its file.
    pub path: PathBuf,
    reader: Reader<File>,
    /// Its columns.
    pub columns: StringRecord,
    separator: &'static str,
}

impl Table {
    /// Opens a table. Its separator is the one that is most frequent in its first line.
    pub fn open(path: &Path) -> Result<Self, LabelError> {
        let failed = |error: &csv::Error| error_of(path, error);
        let mut heading = Vec::new();
        File::open(path)
            .and_then(|file| BufReader::new(file).read_until(b'\n', &mut heading))
            .map_err(|error| failed(&error.into()))?;
        let count = |mark: u8| heading.iter().filter(|byte| **byte == mark).count();
        // The first of the most frequent: commas, where there is none.
        let (mark, separator) = SEPARATORS
            .into_iter()
            .rev()
            .max_by_key(|(mark, _)| count(*mark))
            .unwrap_or(SEPARATORS[0]);
        let opened = ReaderBuilder::new().delimiter(mark).from_path(path);
        let mut reader = opened.map_err(|error| failed(&error))?;
        let columns = reader.headers().map_err(|error| failed(&error))?.clone();
        Ok(Self {
            path: path.to_owned(),
            reader,
            columns,
            separator,
        })
    }

    /// Whether it has this column.
    pub fn has(&self, name: &str) -> bool {
        self.columns.iter().any(|own| own == name)
    }

    /// What `take` makes of each row, which it gets with its line (from 1, the header included).
    pub fn rows<R: DeserializeOwned, T>(
        &mut self,
        mut take: impl FnMut(u64, R) -> Result<T, LabelError>,
    ) -> Result<Vec<T>, LabelError> {
        let failed = |error: &csv::Error| error_of(&self.path, error);
        let mut all = Vec::new();
        for record in self.reader.records() {
            let record = record.map_err(|error| failed(&error))?;
            let line = record.position().map_or(0, csv::Position::line);
            let row = record.deserialize(Some(&self.columns));
            all.push(take(line, row.map_err(|error| failed(&error))?)?);
        }
        Ok(all)
    }

    /// An error unless it has one of these columns.
    pub fn must_have(&self, names: [&'static str; 2]) -> Result<(), LabelError> {
        if names.iter().any(|name| self.has(name)) {
            return Ok(());
        }
        Err(LabelError::NoColumn {
            path: self.path.clone(),
            name: names[0],
            separator: self.separator,
            found: self.columns.iter().collect::<Vec<_>>().join(", "),
        })
    }
}

/// The error of a CSV reader, said once: its own text repeats its cause.
fn error_of(path: &Path, error: &csv::Error) -> LabelError {
    let line = |position: &Option<csv::Position>| {
        let line = position.as_ref().map_or(0, csv::Position::line);
        format!("line {line}: ")
    };
    let reason = match error.kind() {
        ErrorKind::Io(error) => error.to_string(),
        ErrorKind::Deserialize { pos, err } => {
            let column = err
                .field()
                .map_or(String::new(), |at| format!("column {}: ", at + 1));
            format!("{}{column}{}", line(pos), err.kind())
        }
        ErrorKind::Utf8 { pos, .. } => format!("{}not UTF-8; save the table as UTF-8", line(pos)),
        ErrorKind::UnequalLengths {
            pos,
            expected_len,
            len,
        } => format!(
            "{}{len} fields where the first line has {expected_len}; put quotes around a text that \
             holds the separator",
            line(pos)
        ),
        _ => error.to_string(),
    };
    LabelError::Table {
        path: path.to_owned(),
        reason,
    }
}
