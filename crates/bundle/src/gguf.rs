//! The header of a GGUF file: its metadata and where its tensors end.
//!
//! It is read without any model library, so that a wrong or truncated file is named before an
//! engine opens it (ggml's own checks abort the process). Nothing in the file is trusted:
//! counts and lengths are bounded before anything is allocated.

mod reader;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use reader::{Reader, width_of};

const MAGIC: [u8; 4] = *b"GGUF";
const DEFAULT_ALIGNMENT: u64 = 32;

/// Why a header cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum GgufError {
    /// Cannot be opened or ends too early.
    #[error("the header cannot be read")]
    Io(#[from] io::Error),
    /// Another kind of file.
    #[error("not a GGUF file")]
    NotGguf,
    /// A version that this program does not know.
    #[error("GGUF version {0} is not known")]
    Version(u32),
    /// An impossible count, length or type.
    #[error("the header is damaged: {0}")]
    Damaged(&'static str),
    /// The file ends before its last tensor.
    #[error("truncated: its tensors go beyond {needed} bytes, the file has {size}")]
    Truncated {
        /// Bytes needed at the least.
        needed: u64,
        /// Size of the file in bytes.
        size: u64,
    },
}

/// Keys of this project begin so.
const OWN: &str = "undertone.";

/// Numbers, flags and texts of a header, and lists of this project's; other lists are skipped.
#[derive(Debug, Default, PartialEq)]
pub struct GgufHeader {
    lists: BTreeMap<String, Vec<f32>>,
    numbers: BTreeMap<String, u64>,
    texts: BTreeMap<String, String>,
    flags: BTreeMap<String, bool>,
}

impl GgufHeader {
    /// Reads the header of a file and checks that its tensors are there.
    ///
    /// # Errors
    /// When the file is not GGUF, damaged or truncated.
    pub fn read(path: &Path) -> Result<Self, GgufError> {
        let file = File::open(path)?;
        let size = file.metadata()?.len();
        let mut reader = Reader {
            inner: BufReader::new(file),
            at: 0,
        };
        if reader.bytes::<4>()? != MAGIC {
            return Err(GgufError::NotGguf);
        }
        match reader.u32()? {
            2 | 3 => {}
            version => return Err(GgufError::Version(version)),
        }
        let tensors = reader.count()?;
        let entries = reader.count()?;
        let mut header = Self::default();
        for _ in 0..entries {
            let key = reader.text()?;
            let kind = reader.u32()?;
            header.entry(&mut reader, key, kind)?;
        }
        let last = reader.last_tensor(tensors)?;
        let alignment = header.number("general.alignment");
        let alignment = alignment.unwrap_or(DEFAULT_ALIGNMENT).max(1);
        let start = reader.at.next_multiple_of(alignment);
        match last {
            Some(offset) if start.saturating_add(offset) >= size => Err(GgufError::Truncated {
                needed: start.saturating_add(offset),
                size,
            }),
            _ => Ok(header),
        }
    }

    fn entry<R: Read>(
        &mut self,
        reader: &mut Reader<R>,
        key: String,
        kind: u32,
    ) -> Result<(), GgufError> {
        match kind {
            0 | 2 | 4 | 10 => {
                let width = width_of(kind).ok_or(GgufError::Damaged("type"))?;
                self.numbers.insert(key, reader.unsigned(width)?);
            }
            7 => {
                let flag = reader.unsigned(1)? != 0;
                self.flags.insert(key, flag);
            }
            8 => {
                let text = reader.text()?;
                self.texts.insert(key, text);
            }
            9 if key.starts_with(OWN) => {
                let list = reader.f32_list()?;
                self.lists.insert(key, list);
            }
            9 => reader.skip_list()?,
            // Signed numbers and floats are not needed here.
            other => {
                let width = width_of(other).ok_or(GgufError::Damaged("value type"))?;
                reader.skip(width)?;
            }
        }
        Ok(())
    }

    /// An unsigned number by its key.
    #[must_use]
    pub fn number(&self, key: &str) -> Option<u64> {
        self.numbers.get(key).copied()
    }

    /// A text by its key.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<&str> {
        self.texts.get(key).map(String::as_str)
    }

    /// A list of numbers by its key, which begins with `undertone.`
    #[must_use]
    pub fn list(&self, key: &str) -> Option<&[f32]> {
        self.lists.get(key).map(Vec::as_slice)
    }

    /// A flag by its key.
    #[must_use]
    pub fn flag(&self, key: &str) -> Option<bool> {
        self.flags.get(key).copied()
    }

    /// Width of a language model's hidden states, or of a projector's output.
    #[must_use]
    pub fn output_width(&self) -> Option<u64> {
        match self.text("general.architecture")? {
            "clip" => self
                .number("clip.audio.projection_dim")
                .or_else(|| self.number("clip.projection_dim")),
            architecture => self.number(&format!("{architecture}.embedding_length")),
        }
    }

    /// What is wrong with a layer, counted from 1, of which a language model is to give the hidden states.
    #[must_use]
    pub fn layer_problem(&self, layer: usize) -> Option<String> {
        let architecture = self.text("general.architecture")?;
        let layers = self.number(&format!("{architecture}.block_count"))?;
        let is_there = layer >= 1 && u64::try_from(layer).is_ok_and(|layer| layer <= layers);
        (!is_there).then(|| format!("its layers are 1 to {layers}, there is no layer {layer}"))
    }
}

#[cfg(test)]
pub(super) mod tests;
