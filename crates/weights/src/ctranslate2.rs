//! Model files of CTranslate2 (`model.bin`).
//!
//! Little-endian: version, name and revision of the model's kind, then for each variable its name,
//! rank, sides, type, size in bytes and numbers; at the end aliases, other names of variables. A
//! text is its length (with a final NUL) and its bytes. Source: `src/models/model.cc` of
//! CTranslate2 4.

use std::path::Path;

use crate::span::Span;
use crate::store::Store;
use crate::{Dtype, Tensor, WeightsError};

/// Versions of the container whose variables have the layout above.
const VERSIONS: std::ops::RangeInclusive<u32> = 4..=6;
/// What a Whisper calls its kind.
const WHISPER: &str = "WhisperSpec";
/// More sides than any tensor of a model.
const MOST_SIDES: u8 = 8;

/// Reads the headings of all tensors.
pub(crate) fn read(path: &Path) -> Result<Store, WeightsError> {
    let mut cursor = Cursor {
        file: Span::open(path)?,
        at: 0,
    };
    let version = cursor.u32("version")?;
    if !VERSIONS.contains(&version) {
        return Err(cursor.file.error(not_a_model(version)));
    }
    let kind = cursor.text("kind of model")?;
    if kind != WHISPER {
        let reason = format!("it is a CTranslate2 model of the kind {kind:?}, not {WHISPER:?}");
        return Err(cursor.file.error(reason));
    }
    cursor.u32("revision")?;
    let mut store = Store::new(cursor.file.clone());
    for _ in 0..cursor.u32("number of variables")? {
        let (name, tensor) = cursor.variable()?;
        store.add(name, tensor)?;
    }
    for _ in 0..cursor.u32("number of aliases")? {
        let (alias, name) = (cursor.text("alias")?, cursor.text("name of a variable")?);
        let tensor = store.get(&name)?.clone();
        store.add(alias, tensor)?;
    }
    match cursor.file.len() - cursor.at {
        0 => Ok(store),
        more => Err(cursor.file.error(format!("{more} bytes follow its end"))),
    }
}

/// What to say about a file that begins with another number: it may be a model all the same.
fn not_a_model(start: u32) -> String {
    match &start.to_le_bytes() {
        b"lmgg" => "it is a ggml file already: whisper.cpp loads it as it is".to_owned(),
        b"GGUF" => "it is a GGUF file, not a Whisper of CTranslate2".to_owned(),
        [b'P', b'K', ..] => {
            "it is a checkpoint of PyTorch; save the model as safetensors first".to_owned()
        }
        _ => format!(
            "it is no CTranslate2 model of version {} to {} (it begins with {start})",
            VERSIONS.start(),
            VERSIONS.end()
        ),
    }
}

/// Reads a file from its start; lengths are checked before anything is allocated.
struct Cursor {
    file: Span,
    at: u64,
}

impl Cursor {
    fn take(&mut self, len: u64, what: &str) -> Result<Span, WeightsError> {
        let span = self.file.slice(self.at, len).ok_or_else(|| {
            let (at, size) = (self.at, self.file.len());
            self.file.error(format!(
                "truncated or damaged: {what} at byte {at} needs {len} bytes, the file has {size}; \
                 get it again"
            ))
        })?;
        self.at += len;
        Ok(span)
    }

    fn bytes<const N: usize>(&mut self, what: &str) -> Result<[u8; N], WeightsError> {
        let mut bytes = [0; N];
        self.take(N as u64, what)?.read(0, &mut bytes)?;
        Ok(bytes)
    }

    fn u32(&mut self, what: &str) -> Result<u32, WeightsError> {
        self.bytes(what).map(u32::from_le_bytes)
    }

    fn text(&mut self, what: &str) -> Result<String, WeightsError> {
        let len = u16::from_le_bytes(self.bytes(what)?);
        let mut bytes = vec![0; usize::from(len)];
        self.take(u64::from(len), what)?.read(0, &mut bytes)?;
        if bytes.last() == Some(&0) {
            bytes.pop();
        }
        String::from_utf8(bytes).map_err(|_| {
            let at = self.at;
            (self.file).error(format!("damaged: {what} before byte {at} is no text"))
        })
    }

    fn variable(&mut self) -> Result<(String, Tensor), WeightsError> {
        let name = self.text("name of a variable")?;
        let [rank] = self.bytes("rank")?;
        if rank > MOST_SIDES {
            let reason = format!("damaged: {name:?} has {rank} sides");
            return Err(self.file.error(reason));
        }
        let shape = (0..rank)
            .map(|_| self.u32("side of a tensor").map(|side| side as usize))
            .collect::<Result<Vec<_>, _>>()?;
        let [kind] = self.bytes("type")?;
        let dtype = dtype(kind).ok_or_else(|| {
            (self.file).error(format!("damaged: {name:?} has the unknown type {kind}"))
        })?;
        let len = self.u32("size of a tensor")?;
        let span = self.take(u64::from(len), &name)?;
        let tensor = Tensor::new(shape.clone(), dtype, span).ok_or_else(|| {
            (self.file).error(format!(
                "damaged: {name:?} of the shape {shape:?} ({dtype}) has {len} bytes"
            ))
        })?;
        Ok((name, tensor))
    }
}

fn dtype(kind: u8) -> Option<Dtype> {
    Some(match kind {
        0 => Dtype::F32,
        1 => Dtype::I8,
        2 => Dtype::I16,
        3 => Dtype::I32,
        4 => Dtype::F16,
        5 => Dtype::Bf16,
        _ => return None,
    })
}
