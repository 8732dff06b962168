//! NumPy's own files: .npy, one array; .npz, an archive of them.

use std::io::{self, Read};
use std::path::Path;

use npyz::{DType, NpyHeader, Order};

use super::archive::Archive;
use super::array::Array;
use super::dtype::{Dtype, Kind};
use super::pickle::{Dialect, Document, Node};
use super::{Bytes, FormatError};

/// A longer header does not belong to a plain array.
const HEADER_LIMIT: u64 = 1 << 16;

/// An array of a .npz: numbers and strings, or a pickle of objects.
pub(super) enum Stored {
    Plain(Array),
    Objects(Document),
}

/// A reader over a range.
struct Cursor<'b> {
    bytes: &'b Bytes,
    at: u64,
}

impl Read for Cursor<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = (self.bytes.len() - self.at).min(buffer.len() as u64);
        let part = &mut buffer[..left as usize];
        self.bytes.read(self.at, part).map_err(io::Error::other)?;
        self.at += left;
        Ok(part.len())
    }
}

/// A .npy file with numbers or strings.
pub(super) fn open(path: &Path) -> Result<Array, FormatError> {
    match read(&Bytes::open(path)?, "the array")? {
        Stored::Plain(array) => Ok(array),
        Stored::Objects(_) => Err(FormatError::Content {
            path: path.to_owned(),
            reason: "expected an array of numbers, found one of objects".to_owned(),
        }),
    }
}

/// The array in a range that is a .npy file; messages call it `name`.
pub(super) fn read(bytes: &Bytes, name: &str) -> Result<Stored, FormatError> {
    let wrong = |reason: String| FormatError::Content {
        path: bytes.path().to_owned(),
        reason: format!("{name}: {reason}"),
    };
    let header_len = header_len(bytes)?
        .filter(|&len| len <= bytes.len().min(HEADER_LIMIT))
        .ok_or_else(|| wrong("not a whole .npy file; copy or download it again".to_owned()))?;
    let mut cursor = Cursor { bytes, at: 0 };
    let header = NpyHeader::from_reader(&mut cursor).map_err(|error| wrong(error.to_string()))?;
    let data = (bytes.slice(header_len, bytes.len() - header_len))
        .ok_or_else(|| wrong("the header is cut off".to_owned()))?;
    let DType::Plain(elements) = header.dtype() else {
        return Err(wrong(
            "records are not supported; store plain arrays".to_owned(),
        ));
    };
    let dtype = Dtype::parse(&elements.to_string()).map_err(wrong)?;
    if dtype.kind == Kind::Object {
        return Ok(Stored::Objects(Document::read(data, name, Dialect::Plain)?));
    }
    let sides = header.shape().iter();
    let shape: Result<Vec<usize>, _> = sides.map(|&side| usize::try_from(side)).collect();
    let shape = shape.map_err(|_| wrong("a side is too long".to_owned()))?;
    let is_fortran = header.order() == Order::Fortran;
    let array = Array::new(dtype, shape, is_fortran, data);
    array.map(Stored::Plain).map_err(wrong)
}

/// The length of the header, with the bytes before it; `None` when this is not a .npy file.
fn header_len(bytes: &Bytes) -> Result<Option<u64>, FormatError> {
    let mut start = [0; 12];
    if bytes.len() < start.len() as u64 {
        return Ok(None);
    }
    bytes.read(0, &mut start)?;
    Ok(match start {
        [0x93, b'N', b'U', b'M', b'P', b'Y', 1, _, low, high, ..] => {
            Some(10 + u64::from(u16::from_le_bytes([low, high])))
        }
        [0x93, b'N', b'U', b'M', b'P', b'Y', 2 | 3, _, a, b, c, d] => {
            Some(12 + u64::from(u32::from_le_bytes([a, b, c, d])))
        }
        _ => None,
    })
}

/// An open .npz.
pub(super) struct Npz {
    archive: Archive,
}

impl Npz {
    pub(super) fn open(path: &Path) -> Result<Self, FormatError> {
        let archive = Archive::open(path)?;
        Ok(Self { archive })
    }

    /// An error about its content.
    pub(super) fn error(&self, reason: impl Into<String>) -> FormatError {
        self.archive.error(reason)
    }

    /// Names of its arrays.
    pub(super) fn names(&self) -> Vec<&str> {
        let names = self.archive.names().iter();
        names.filter_map(|name| name.strip_suffix(".npy")).collect()
    }

    /// The array of a name, if there is one.
    pub(super) fn find(&mut self, name: &str) -> Result<Option<Stored>, FormatError> {
        match self.archive.member(&format!("{name}.npy"))? {
            Some(bytes) => read(&bytes, name).map(Some),
            None => Ok(None),
        }
    }

    /// The first of several names that it has, with its array.
    pub(super) fn first<'n>(
        &mut self,
        names: &[&'n str],
    ) -> Result<Option<(&'n str, Stored)>, FormatError> {
        for name in names {
            if let Some(stored) = self.find(name)? {
                return Ok(Some((name, stored)));
            }
        }
        Ok(None)
    }
}

impl Stored {
    /// All elements as text; `None` for numbers.
    pub(super) fn texts(&self) -> Result<Option<Vec<String>>, FormatError> {
        match self {
            Self::Plain(array) if !array.is_number() => array.texts().map(Some),
            Self::Plain(_) => Ok(None),
            Self::Objects(document) => document.root().texts().map(Some),
        }
    }

    /// The value of an array of objects; `None` for a plain array.
    pub(super) fn root(&self) -> Option<Node<'_>> {
        match self {
            Self::Plain(_) => None,
            Self::Objects(document) => Some(document.root()),
        }
    }
}
