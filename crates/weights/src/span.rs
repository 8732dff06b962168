//! Ranges of files, read on demand.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::WeightsError;

/// A range of an open file that is known to lie within it. Cloning and slicing copy nothing.
#[derive(Clone, Debug)]
pub(crate) struct Span {
    file: Arc<Named>,
    start: u64,
    len: u64,
}

#[derive(Debug)]
struct Named {
    path: PathBuf,
    file: File,
}

impl Span {
    /// A whole file.
    pub(crate) fn open(path: &Path) -> Result<Self, WeightsError> {
        let read = |source| WeightsError::Read {
            path: path.to_owned(),
            source,
        };
        let file = File::open(path).map_err(read)?;
        let len = file.metadata().map_err(read)?.len();
        let path = path.to_owned();
        Ok(Self {
            file: Arc::new(Named { path, file }),
            start: 0,
            len,
        })
    }

    /// The file that this is a range of.
    pub(crate) fn path(&self) -> &Path {
        &self.file.path
    }

    /// How many bytes.
    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// A part of the range; `None` when it reaches beyond the end.
    pub(crate) fn slice(&self, start: u64, len: u64) -> Option<Self> {
        let end = start.checked_add(len)?;
        (end <= self.len).then(|| Self {
            file: Arc::clone(&self.file),
            start: self.start + start,
            len,
        })
    }

    /// Whether both are the same bytes of the same open file.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.file, &other.file) && (self.start, self.len) == (other.start, other.len)
    }

    /// Fills `buffer`, from an offset in the range.
    pub(crate) fn read(&self, offset: u64, buffer: &mut [u8]) -> Result<(), WeightsError> {
        let fits = (offset.checked_add(buffer.len() as u64)).is_some_and(|end| end <= self.len);
        let result = if fits {
            (self.file.file).read_exact_at(buffer, self.start + offset)
        } else {
            Err(std::io::ErrorKind::UnexpectedEof.into())
        };
        result.map_err(|source| WeightsError::Read {
            path: self.path().to_owned(),
            source,
        })
    }

    /// An error about this file.
    pub(crate) fn error(&self, reason: impl Into<String>) -> WeightsError {
        WeightsError::content(self.path(), reason)
    }
}
