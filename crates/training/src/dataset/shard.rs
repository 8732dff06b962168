//! Shards: safetensors files that are read matrix by matrix.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use safetensors::SafeTensorError;
use safetensors::tensor::{Dtype, Metadata, TensorView};

use super::super::TrainError;
use crate::error::write_file;
use undertone_types::Matrix;

/// Bytes before the header: its length.
const PREFIX: u64 = 8;
/// Longer headers than this are not ours.
const HEADER_LIMIT: u64 = 100_000_000;

/// The file of a shard.
pub(super) fn path(folder: &Path, number: u32) -> PathBuf {
    folder.join(format!("shard-{number:05}.safetensors"))
}

/// Writes named matrices, whole or not at all.
pub(super) fn write(path: &Path, matrices: &[(String, &Matrix)]) -> Result<(), TrainError> {
    let bytes: Vec<Vec<u8>> = matrices
        .iter()
        .map(|(_, matrix)| {
            let values = matrix.as_slice().iter();
            values.flat_map(|value| value.to_le_bytes()).collect()
        })
        .collect();
    let damaged = |source| damaged(path, source);
    let mut views = Vec::with_capacity(matrices.len());
    for ((name, matrix), bytes) in matrices.iter().zip(&bytes) {
        let shape = vec![matrix.rows(), matrix.cols()];
        let view = TensorView::new(Dtype::F32, shape, bytes).map_err(damaged)?;
        views.push((name.as_str(), view));
    }
    let file = safetensors::serialize(views, None).map_err(damaged)?;
    write_file(path, &file)
}

/// An open shard; only its header is in memory.
#[derive(Debug)]
pub(super) struct Shard {
    path: PathBuf,
    file: File,
    header: Metadata,
    data_start: u64,
}

impl Shard {
    /// Opens a shard and checks that it is whole.
    pub(super) fn open(path: PathBuf) -> Result<Self, TrainError> {
        let read = |source| TrainError::Read {
            path: path.clone(),
            source,
        };
        let file = File::open(&path).map_err(read)?;
        let size = file.metadata().map_err(read)?.len();
        let mut prefix = [0; PREFIX as usize];
        file.read_exact_at(&mut prefix, 0).map_err(read)?;
        let length = u64::from_le_bytes(prefix);
        if length > HEADER_LIMIT || PREFIX + length > size {
            return Err(damaged(&path, SafeTensorError::InvalidHeaderLength));
        }
        let mut header = vec![0; length as usize];
        file.read_exact_at(&mut header, PREFIX).map_err(read)?;
        let header: Metadata = serde_json::from_slice(&header).map_err(|error| {
            damaged(&path, SafeTensorError::InvalidHeaderDeserialization(error))
        })?;
        let data_start = PREFIX + length;
        if data_start + header.data_len() as u64 != size {
            return Err(damaged(&path, SafeTensorError::MetadataIncompleteBuffer));
        }
        Ok(Self {
            path,
            file,
            header,
            data_start,
        })
    }

    /// Reads one matrix; `None` when the shard has none of that name, or no `f32` matrix.
    pub(super) fn matrix(&self, name: &str) -> Result<Option<Matrix>, TrainError> {
        let Some(info) = self.header.info(name) else {
            return Ok(None);
        };
        let &[rows, cols] = info.shape.as_slice() else {
            return Ok(None);
        };
        if info.dtype != Dtype::F32 {
            return Ok(None);
        }
        let (start, end) = info.data_offsets;
        let mut bytes = vec![0; end - start];
        self.file
            .read_exact_at(&mut bytes, self.data_start + start as u64)
            .map_err(|source| TrainError::Read {
                path: self.path.clone(),
                source,
            })?;
        let (values, _) = bytes.as_chunks::<4>();
        let values: Vec<f32> = values
            .iter()
            .map(|four| f32::from_le_bytes(*four))
            .collect();
        Ok(Matrix::new(rows, cols, values).ok())
    }
}

fn damaged(path: &Path, source: SafeTensorError) -> TrainError {
    TrainError::Damaged {
        path: path.to_owned(),
        source,
    }
}
