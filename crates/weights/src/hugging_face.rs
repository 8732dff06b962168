//! Files of Hugging Face: tensors as safetensors, and what `config.json` says of heads.

use std::path::Path;

use safetensors::tensor::Metadata;
use serde::Deserialize;

use crate::span::Span;
use crate::store::Store;
use crate::{Dtype, Tensor, WeightsError};

/// Bytes before the header: its length.
const PREFIX: u64 = 8;
/// A longer header is damage (the limit of the format's own reader).
const LONGEST_HEADER: u64 = 100_000_000;

/// Reads the headings of all tensors of a safetensors file.
pub(crate) fn read(path: &Path) -> Result<Store, WeightsError> {
    let file = Span::open(path)?;
    let whole = "it is not a whole safetensors file";
    let truncated = || file.error(format!("{whole}: it ends too early; get it again"));
    let mut len = [0; PREFIX as usize];
    if file.len() < PREFIX {
        return Err(truncated());
    }
    file.read(0, &mut len)?;
    let len = u64::from_le_bytes(len);
    if len > LONGEST_HEADER {
        return Err(file.error(format!("{whole}: a header of {len} bytes is impossible")));
    }
    let header = file.slice(PREFIX, len).ok_or_else(truncated)?;
    let mut bytes = vec![0; header.len() as usize];
    header.read(0, &mut bytes)?;
    let metadata: Metadata = serde_json::from_slice(&bytes)
        .map_err(|error| file.error(format!("{whole}: its header cannot be read ({error})")))?;
    let mut store = Store::new(file.clone());
    let end = (metadata.data_len() as u64).saturating_add(PREFIX + len);
    if end < file.len() {
        return Err(file.error(format!("{whole}: bytes follow its end")));
    }
    for (name, info) in metadata.tensors() {
        let dtype = dtype(info.dtype).ok_or_else(|| {
            file.error(format!(
                "{name:?} is of the type {:?}; only float32, float16 and bfloat16 can be converted",
                info.dtype
            ))
        })?;
        let (start, end) = (info.data_offsets.0 as u64, info.data_offsets.1 as u64);
        let start_in_file = start.checked_add(PREFIX + len).ok_or_else(truncated)?;
        let span = file
            .slice(start_in_file, end.saturating_sub(start))
            .ok_or_else(truncated)?;
        let tensor = Tensor::new(info.shape.clone(), dtype, span).ok_or_else(|| {
            let shape = &info.shape;
            file.error(format!(
                "{whole}: {name:?} of the shape {shape:?} ({dtype}) has the bytes {start} to {end}"
            ))
        })?;
        store.add(name, tensor)?;
    }
    Ok(store)
}

fn dtype(dtype: safetensors::Dtype) -> Option<Dtype> {
    match dtype {
        safetensors::Dtype::F32 => Some(Dtype::F32),
        safetensors::Dtype::F16 => Some(Dtype::F16),
        safetensors::Dtype::BF16 => Some(Dtype::Bf16),
        _ => None,
    }
}

/// What only `config.json` knows of a model: the sizes follow from the tensors.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Config {
    /// Heads of the encoder's attention.
    pub(crate) encoder_attention_heads: Option<usize>,
    /// Heads of the decoder's attention.
    pub(crate) decoder_attention_heads: Option<usize>,
}

impl Config {
    /// Reads `config.json` in a folder; nothing is known where there is none.
    pub(crate) fn read(folder: &Path) -> Result<Self, WeightsError> {
        let path = folder.join("config.json");
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Self::default());
            }
            Err(source) => return Err(WeightsError::Read { path, source }),
        };
        serde_json::from_slice(&text)
            .map_err(|error| WeightsError::content(&path, error.to_string()))
    }
}
