//! Shards: safetensors files that are read matrix by matrix.

use std::borrow::Cow;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use safetensors::SafeTensorError;
use safetensors::tensor::{Dtype, Metadata, TensorView};

use super::DatasetError;
use crate::files::{FileError, write_file};
use undertone_types::Matrix;

/// Bytes before the header: its length.
const PREFIX: u64 = 8;
/// A longer header means a damaged file.
const HEADER_LIMIT: u64 = 100_000_000;

/// The file of a shard.
pub(super) fn path(folder: &Path, number: u32) -> PathBuf {
    folder.join(format!("shard-{number:05}.safetensors"))
}

/// Writes named matrices, whole or not at all.
pub(super) fn write(path: &Path, matrices: &[(String, &Matrix)]) -> Result<(), DatasetError> {
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
    Ok(write_file(path, &file)?)
}

/// A shard's header. The file is open only while matrices are read: a large data set has more
/// shards than a process may have open files.
#[derive(Debug)]
pub(super) struct Shard {
    path: PathBuf,
    header: Metadata,
    data_start: u64,
}

/// A shard whose file is open.
pub(super) struct OpenShard<'s> {
    shard: &'s Shard,
    file: File,
}

impl Shard {
    /// Reads the header of a shard and checks that the file is whole.
    pub(super) fn open(path: PathBuf) -> Result<Self, DatasetError> {
        let (file, mut prefix) = (open(&path)?, [0; PREFIX as usize]);
        let size = file.metadata().map_err(FileError::read(&path))?.len();
        read_at(&path, &file, &mut prefix, 0)?;
        let length = u64::from_le_bytes(prefix);
        if length > HEADER_LIMIT || PREFIX + length > size {
            return Err(damaged(&path, SafeTensorError::InvalidHeaderLength));
        }
        let mut header = vec![0; length as usize];
        read_at(&path, &file, &mut header, PREFIX)?;
        let header: Metadata = serde_json::from_slice(&header).map_err(|error| {
            damaged(&path, SafeTensorError::InvalidHeaderDeserialization(error))
        })?;
        let data_start = PREFIX + length;
        if data_start + header.data_len() as u64 != size {
            return Err(damaged(&path, SafeTensorError::MetadataIncompleteBuffer));
        }
        Ok(Self {
            path,
            header,
            data_start,
        })
    }

    /// Opens the file, to read matrices.
    pub(super) fn reopen(&self) -> Result<OpenShard<'_>, DatasetError> {
        let file = open(&self.path)?;
        Ok(OpenShard { shard: self, file })
    }
}

impl OpenShard<'_> {
    /// The folder that it is in.
    pub(super) fn folder(&self) -> &Path {
        self.shard.path.parent().unwrap_or(Path::new("."))
    }

    /// The name of its file.
    pub(super) fn name(&self) -> Cow<'_, str> {
        let name = self.shard.path.file_name().unwrap_or_default();
        name.to_string_lossy()
    }

    /// Reads one matrix; `None` when the shard has none of that name, or no `f32` matrix.
    pub(super) fn matrix(&self, name: &str) -> Result<Option<Matrix>, DatasetError> {
        let Some(info) = self.shard.header.info(name) else {
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
        let start = self.shard.data_start + start as u64;
        read_at(&self.shard.path, &self.file, &mut bytes, start)?;
        let (values, _) = bytes.as_chunks::<4>();
        let values: Vec<f32> = values
            .iter()
            .map(|four| f32::from_le_bytes(*four))
            .collect();
        Ok(Matrix::new(rows, cols, values).ok())
    }
}

fn open(path: &Path) -> Result<File, FileError> {
    File::open(path).map_err(FileError::read(path))
}

fn read_at(path: &Path, file: &File, bytes: &mut [u8], start: u64) -> Result<(), FileError> {
    file.read_exact_at(bytes, start)
        .map_err(FileError::read(path))
}

fn damaged(path: &Path, source: SafeTensorError) -> DatasetError {
    DatasetError::Damaged {
        path: path.to_owned(),
        source,
    }
}
