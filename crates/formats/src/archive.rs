//! Zip archives (.npz, .pt). Members that are stored uncompressed are read from the archive as
//! ranges of it; compressed ones are unpacked to a temporary file first.

use std::fs::File;
use std::io::{BufReader, Read, Write};
use std::path::{Path, PathBuf};

use zip::{CompressionMethod, ZipArchive};

use super::bytes::Scratch;
use super::{Bytes, FormatError};

/// An open archive.
pub(super) struct Archive {
    path: PathBuf,
    whole: Bytes,
    zip: ZipArchive<BufReader<File>>,
    names: Vec<String>,
    scratch: Scratch,
}

impl Archive {
    /// Opens an archive and lists it.
    pub(super) fn open(path: &Path) -> Result<Self, FormatError> {
        let read = |source| FormatError::Read {
            path: path.to_owned(),
            source,
        };
        let damaged = |source| FormatError::Zip {
            path: path.to_owned(),
            source,
        };
        let file = BufReader::new(File::open(path).map_err(read)?);
        let mut zip = ZipArchive::new(file).map_err(damaged)?;
        let mut names = Vec::with_capacity(zip.len());
        for number in 0..zip.len() {
            let member = zip.by_index_raw(number).map_err(damaged)?;
            names.push(String::from_utf8_lossy(member.name_raw()).into_owned());
        }
        Ok(Self {
            path: path.to_owned(),
            whole: Bytes::open(path)?,
            zip,
            names,
            scratch: Scratch::default(),
        })
    }

    /// Names of the members, in their order.
    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    /// An error about its content.
    pub(super) fn error(&self, reason: impl Into<String>) -> FormatError {
        FormatError::Content {
            path: self.path.clone(),
            reason: reason.into(),
        }
    }

    /// A member's bytes; `None` when there is no such member.
    pub(super) fn member(&mut self, name: &str) -> Result<Option<Bytes>, FormatError> {
        let Some(number) = self.names.iter().position(|own| own == name) else {
            return Ok(None);
        };
        let member = self.zip.by_index(number);
        let member = member.map_err(|source| FormatError::Zip {
            path: self.path.clone(),
            source,
        })?;
        let size = member.size();
        let range = match (member.compression(), member.data_start()) {
            (CompressionMethod::Stored, Some(start)) => self.whole.slice(start, size),
            _ => {
                // At most the announced size: a damaged member must not fill the disk.
                let mut limited = member.take(size);
                let unpack = |file: &mut dyn Write| std::io::copy(&mut limited, file);
                Some(self.scratch.keep(&self.path, unpack)?)
            }
        };
        match range {
            Some(range) if range.len() == size => Ok(Some(range)),
            _ => Err(FormatError::Content {
                path: self.path.clone(),
                reason: format!("{name} is cut off; copy or download the file again"),
            }),
        }
    }
}
