//! Reads the values of a GGUF header, with bounds on counts and lengths.

use std::io::{self, Read};

use super::GgufError;

const MOST_ENTRIES: u64 = 1 << 20;
const LONGEST_TEXT: u64 = 1 << 24;

/// Bytes of a scalar value type.
pub(super) fn width_of(kind: u32) -> Option<u64> {
    match kind {
        0 | 1 | 7 => Some(1),
        2 | 3 => Some(2),
        4..=6 => Some(4),
        10..=12 => Some(8),
        _ => None,
    }
}

/// Reads little-endian values, and counts the bytes.
pub(super) struct Reader<R> {
    pub(super) inner: R,
    pub(super) at: u64,
}

impl<R: Read> Reader<R> {
    pub(super) fn bytes<const N: usize>(&mut self) -> Result<[u8; N], GgufError> {
        let mut bytes = [0; N];
        self.inner.read_exact(&mut bytes)?;
        self.at += N as u64;
        Ok(bytes)
    }

    pub(super) fn u32(&mut self) -> Result<u32, GgufError> {
        Ok(u32::from_le_bytes(self.bytes()?))
    }

    fn u64(&mut self) -> Result<u64, GgufError> {
        Ok(u64::from_le_bytes(self.bytes()?))
    }

    pub(super) fn unsigned(&mut self, width: u64) -> Result<u64, GgufError> {
        Ok(match width {
            1 => u8::from_le_bytes(self.bytes()?).into(),
            2 => u16::from_le_bytes(self.bytes()?).into(),
            4 => self.u32()?.into(),
            _ => self.u64()?,
        })
    }

    pub(super) fn count(&mut self) -> Result<u64, GgufError> {
        match self.u64()? {
            count if count <= MOST_ENTRIES => Ok(count),
            _ => Err(GgufError::Damaged("too many entries")),
        }
    }

    pub(super) fn text(&mut self) -> Result<String, GgufError> {
        let length = self.u64()?;
        if length > LONGEST_TEXT {
            return Err(GgufError::Damaged("a text is too long"));
        }
        let mut bytes = Vec::new();
        let got = (&mut self.inner).take(length).read_to_end(&mut bytes)? as u64;
        self.at += got;
        if got < length {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
        String::from_utf8(bytes).map_err(|_| GgufError::Damaged("a text is not UTF-8"))
    }

    pub(super) fn skip(&mut self, length: u64) -> Result<(), GgufError> {
        let got = io::copy(&mut (&mut self.inner).take(length), &mut io::sink())?;
        self.at += got;
        if got < length {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
        Ok(())
    }

    /// A list of single-precision numbers.
    pub(super) fn f32_list(&mut self) -> Result<Vec<f32>, GgufError> {
        const F32: u32 = 6;
        if self.u32()? != F32 {
            return Err(GgufError::Damaged("list type"));
        }
        let count = self.u64()?;
        if count > MOST_ENTRIES {
            return Err(GgufError::Damaged("a list is too long"));
        }
        (0..count)
            .map(|_| Ok(f32::from_le_bytes(self.bytes()?)))
            .collect()
    }

    pub(super) fn skip_list(&mut self) -> Result<(), GgufError> {
        let kind = self.u32()?;
        let count = self.u64()?;
        if count > LONGEST_TEXT {
            return Err(GgufError::Damaged("a list is too long"));
        }
        match (kind, width_of(kind)) {
            (_, Some(width)) => self.skip(count * width),
            (8, None) => (0..count).try_for_each(|_| {
                let length = self.u64()?;
                self.skip(length)
            }),
            _ => Err(GgufError::Damaged("list type")),
        }
    }

    /// Offset of the last tensor within the data.
    pub(super) fn last_tensor(&mut self, count: u64) -> Result<Option<u64>, GgufError> {
        let mut last = None;
        for _ in 0..count {
            let length = self.u64()?;
            self.skip(length)?;
            let dimensions = self.u32()?;
            if dimensions > 8 {
                return Err(GgufError::Damaged("a tensor has too many dimensions"));
            }
            self.skip(u64::from(dimensions) * 8 + 4)?;
            last = last.max(Some(self.u64()?));
        }
        Ok(last)
    }
}
