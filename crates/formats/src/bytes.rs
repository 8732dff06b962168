//! Ranges of files, read on demand.

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::FormatError;

/// A range of an open file. Cloning and slicing it copies nothing: an array of gigabytes
/// stays on disk until rows of it are read.
#[derive(Clone, Debug)]
pub struct Bytes {
    file: Arc<Named>,
    start: u64,
    len: u64,
}

#[derive(Debug)]
struct Named {
    path: PathBuf,
    file: File,
}

impl Bytes {
    /// A whole file.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn open(path: &Path) -> Result<Self, FormatError> {
        let read = |source| FormatError::Read {
            path: path.to_owned(),
            source,
        };
        let file = File::open(path).map_err(read)?;
        let len = file.metadata().map_err(read)?.len();
        Ok(Self::of(path, file, len))
    }

    fn of(path: &Path, file: File, len: u64) -> Self {
        let path = path.to_owned();
        Self {
            file: Arc::new(Named { path, file }),
            start: 0,
            len,
        }
    }

    /// The file that this is a range of, for messages.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.file.path
    }

    /// How many bytes.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// A part of the range; `None` when it reaches beyond the end.
    #[must_use]
    pub fn slice(&self, start: u64, len: u64) -> Option<Self> {
        let end = start.checked_add(len)?;
        (end <= self.len).then(|| Self {
            file: Arc::clone(&self.file),
            start: self.start + start,
            len,
        })
    }

    /// Fills `buffer`, from an offset in the range.
    ///
    /// # Errors
    /// When the file cannot be read, or is too short.
    pub fn read(&self, offset: u64, buffer: &mut [u8]) -> Result<(), FormatError> {
        let fits = (offset.checked_add(buffer.len() as u64)).is_some_and(|end| end <= self.len);
        let result = if fits {
            (self.file.file).read_exact_at(buffer, self.start + offset)
        } else {
            Err(std::io::ErrorKind::UnexpectedEof.into())
        };
        result.map_err(|source| FormatError::Read {
            path: self.path().to_owned(),
            source,
        })
    }

    /// Everything.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn to_vec(&self) -> Result<Vec<u8>, FormatError> {
        // At most the file's size: `len` was checked when the range was made.
        let mut bytes = vec![0; self.len as usize];
        self.read(0, &mut bytes)?;
        Ok(bytes)
    }
}

/// An unnamed temporary file, for content that has to be unpacked or decoded before it can be
/// read.
#[derive(Debug, Default)]
pub(super) struct Scratch(Option<Bytes>);

impl Scratch {
    /// Appends what `write` writes; `path` is the file that it comes from, for messages.
    pub(super) fn keep(
        &mut self,
        path: &Path,
        write: impl FnOnce(&mut dyn Write) -> std::io::Result<u64>,
    ) -> Result<Bytes, FormatError> {
        let failed = |source| FormatError::Scratch {
            path: path.to_owned(),
            source,
        };
        let whole = match &mut self.0 {
            Some(whole) => whole,
            none => none.insert(Bytes::of(path, tempfile::tempfile().map_err(failed)?, 0)),
        };
        // The file's position is at its end: nothing else writes or seeks.
        let len = write(&mut &whole.file.file).map_err(failed)?;
        let start = whole.len;
        whole.len += len;
        Ok(Bytes {
            file: Arc::clone(&whole.file),
            start,
            len,
        })
    }
}
