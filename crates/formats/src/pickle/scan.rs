//! Reads a pickle front to back, and leaves long strings in the file.

use std::path::Path;

use super::super::{Bytes, FormatError};

/// Bytes that are read ahead.
const AHEAD: u64 = 64 << 10;
/// Strings up to this long are held in memory.
const SHORT: u64 = 64 << 10;

/// A string of the pickle.
pub(super) enum Piece {
    /// In memory.
    Short(Vec<u8>),
    /// In the file.
    Long(Bytes),
}

/// A position in a pickle.
pub(super) struct Scanner {
    bytes: Bytes,
    at: u64,
    buffer: Vec<u8>,
    buffer_start: u64,
}

impl Scanner {
    pub(super) fn new(bytes: Bytes) -> Self {
        Self {
            bytes,
            at: 0,
            buffer: Vec::new(),
            buffer_start: 0,
        }
    }

    /// The file, for messages.
    pub(super) fn path(&self) -> &Path {
        self.bytes.path()
    }

    /// An error at this position.
    pub(super) fn error(&self, reason: impl Into<String>) -> FormatError {
        FormatError::Pickle {
            path: self.bytes.path().to_owned(),
            offset: self.at,
            reason: reason.into(),
        }
    }

    /// Checks that this many bytes are left, before memory is allocated for them.
    fn expect(&self, len: u64) -> Result<(), FormatError> {
        let left = self.bytes.len() - self.at;
        if len <= left {
            return Ok(());
        }
        Err(self.error(format!(
            "the file is cut off or damaged: {len} more bytes are expected, {left} are left"
        )))
    }

    /// Up to [`AHEAD`] bytes from here on; empty at the end.
    fn ahead(&mut self) -> Result<&[u8], FormatError> {
        let end = self.buffer_start + self.buffer.len() as u64;
        if self.at < self.buffer_start || self.at >= end {
            let len = AHEAD.min(self.bytes.len() - self.at);
            self.buffer.resize(len as usize, 0);
            self.bytes.read(self.at, &mut self.buffer)?;
            self.buffer_start = self.at;
        }
        Ok(&self.buffer[(self.at - self.buffer_start) as usize..])
    }

    /// The next byte.
    pub(super) fn byte(&mut self) -> Result<u8, FormatError> {
        self.expect(1)?;
        let byte = self.ahead()?[0];
        self.at += 1;
        Ok(byte)
    }

    /// The next bytes of a fixed length.
    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], FormatError> {
        self.expect(N as u64)?;
        let mut array = [0; N];
        for byte in &mut array {
            *byte = self.byte()?;
        }
        Ok(array)
    }

    /// A length of `N` bytes, least significant first.
    pub(super) fn length<const N: usize>(&mut self) -> Result<u64, FormatError> {
        let mut wide = [0; 8];
        wide[..N].copy_from_slice(&self.array::<N>()?);
        Ok(u64::from_le_bytes(wide))
    }

    /// The next bytes as a range of the file, without reading them.
    pub(super) fn range(&mut self, len: u64) -> Result<Bytes, FormatError> {
        self.expect(len)?;
        let range = (self.bytes.slice(self.at, len)).ok_or_else(|| self.error("out of range"))?;
        self.at += len;
        Ok(range)
    }

    /// The next `len` bytes: in memory when they are few.
    pub(super) fn piece(&mut self, len: u64) -> Result<Piece, FormatError> {
        let from = self.at;
        let range = self.range(len)?;
        if len > SHORT {
            return Ok(Piece::Long(range));
        }
        let held = (from - self.buffer_start.min(from)) as usize;
        let short = match self.buffer.get(held..held + len as usize) {
            Some(bytes) if from >= self.buffer_start => bytes.to_vec(),
            _ => range.to_vec()?,
        };
        Ok(Piece::Short(short))
    }

    /// The rest of the line, without its end: an argument of protocol 0.
    pub(super) fn line(&mut self) -> Result<Vec<u8>, FormatError> {
        let mut line = Vec::new();
        loop {
            let ahead = self.ahead()?;
            if ahead.is_empty() {
                return Err(self.error("the file is cut off or damaged: a line has no end"));
            }
            if let Some(end) = ahead.iter().position(|&byte| byte == b'\n') {
                line.extend_from_slice(&ahead[..end]);
                self.at += end as u64 + 1;
                return Ok(line);
            }
            line.extend_from_slice(ahead);
            self.at += ahead.len() as u64;
        }
    }

    /// The rest of the line as text.
    pub(super) fn text_line(&mut self) -> Result<String, FormatError> {
        let line = self.line()?;
        String::from_utf8(line).map_err(|_| self.error("a line is not UTF-8"))
    }
}
