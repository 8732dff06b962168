//! The files of data sets and runs: read with errors that name them, written whole or not at
//! all.

use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

/// A file that cannot be read, written or understood.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It could not be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It could not be written.
    #[error("cannot write {}", path.display())]
    Write {
        /// Which file or folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A line of it is not the JSON that belongs there.
    #[error("{}, line {line}: not understood", path.display())]
    Json {
        /// Which file.
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
        /// Why.
        source: serde_json::Error,
    },
    /// Its content cannot be written as JSON.
    #[error("cannot write {} as JSON", path.display())]
    Unwritable {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
}

impl FileError {
    /// For a file that could not be read.
    pub(crate) fn read(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Read { path, source }
    }

    /// For a file that could not be written.
    pub(crate) fn write(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Write { path, source }
    }
}

/// Reads a whole file as text.
pub(crate) fn read_text(path: &Path) -> Result<String, FileError> {
    std::fs::read_to_string(path).map_err(FileError::read(path))
}

/// Reads a file that is one JSON document.
pub(crate) fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T, FileError> {
    serde_json::from_str(&read_text(path)?).map_err(|source| FileError::Json {
        path: path.to_owned(),
        line: source.line(),
        source,
    })
}

/// Reads one line of a file of JSON lines; `line` is its number, from 1.
pub(crate) fn parse_line<T: DeserializeOwned>(
    path: &Path,
    line: usize,
    text: &str,
) -> Result<T, FileError> {
    serde_json::from_str(text).map_err(|source| FileError::Json {
        path: path.to_owned(),
        line,
        source,
    })
}

/// Values as JSON lines; `path` is where they are to be written.
pub(crate) fn to_lines<'v, T: Serialize + 'v>(
    path: &Path,
    values: impl IntoIterator<Item = &'v T>,
) -> Result<String, FileError> {
    let mut lines = String::new();
    for value in values {
        let line = serde_json::to_string(value).map_err(|source| FileError::Unwritable {
            path: path.to_owned(),
            source,
        })?;
        lines.push_str(&line);
        lines.push('\n');
    }
    Ok(lines)
}

/// Writes a value as one JSON document, for people to read too.
pub(crate) fn write_json<T: Serialize + ?Sized>(path: &Path, value: &T) -> Result<(), FileError> {
    let text = serde_json::to_string_pretty(value).map_err(|source| FileError::Unwritable {
        path: path.to_owned(),
        source,
    })?;
    write_file(path, (text + "\n").as_bytes())
}

/// Writes a file whole or not at all.
pub(crate) fn write_file(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    undertone_types::write_atomically(path, bytes).map_err(FileError::write(path))
}

/// Makes a folder, with those above it.
pub(crate) fn create_folder(path: &Path) -> Result<(), FileError> {
    std::fs::create_dir_all(path).map_err(FileError::write(path))
}
