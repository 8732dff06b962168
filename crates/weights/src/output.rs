//! Files that are being converted into.

use std::io::Write;
use std::path::{Path, PathBuf};

use half::f16;
use undertone_types::AtomicFile;

use crate::{Tensor, WeightsError};

/// How a number is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Precision {
    F32,
    F16,
}

impl Precision {
    /// Of a tensor of OpenAI's: what is large is halved, unless the engines want it whole.
    pub(crate) fn of(name: &str, shape: &[usize]) -> Self {
        match shape.len() < 2 || name.ends_with("positional_embedding") {
            true => Self::F32,
            false => Self::F16,
        }
    }

    /// Its number as a type of ggml.
    pub(crate) fn ggml_type(self) -> u32 {
        match self {
            Self::F32 => 0,
            Self::F16 => 1,
        }
    }

    /// Bytes of one number.
    pub(crate) fn size(self) -> u64 {
        match self {
            Self::F32 => 4,
            Self::F16 => 2,
        }
    }
}

/// The sides as ggml counts them: fastest first; a bias of a convolution has a side of 1 more.
pub(crate) fn ggml_shape(name: &str, shape: &[usize]) -> Vec<usize> {
    let is_convolution = name.contains("conv") && name.ends_with(".bias");
    let extra = is_convolution.then_some(1);
    extra
        .into_iter()
        .chain(shape.iter().rev().copied())
        .collect()
}

/// A file that is complete or not there.
pub(crate) struct Output {
    file: AtomicFile,
    path: PathBuf,
}

impl Output {
    pub(crate) fn create(path: &Path) -> Result<Self, WeightsError> {
        let path = path.to_owned();
        match AtomicFile::create(&path) {
            Ok(file) => Ok(Self { file, path }),
            Err(source) => Err(WeightsError::Write { path, source }),
        }
    }

    pub(crate) fn put(&mut self, bytes: &[u8]) -> Result<(), WeightsError> {
        self.file.write_all(bytes).map_err(|source| {
            let path = self.path.clone();
            WeightsError::Write { path, source }
        })
    }

    /// Writes a size, a count or a type as 32 bits.
    pub(crate) fn number(&mut self, number: usize) -> Result<(), WeightsError> {
        let number = i32::try_from(number).map_err(|_| {
            WeightsError::content(&self.path, format!("{number} is too large for this format"))
        })?;
        self.put(&number.to_le_bytes())
    }

    /// Writes the numbers of `tensor`, which is called `name` in `source`.
    pub(crate) fn tensor(
        &mut self,
        source: &Path,
        name: &str,
        tensor: &Tensor,
        precision: Precision,
    ) -> Result<(), WeightsError> {
        tensor.each_chunk(|values| self.values(source, name, values, precision))
    }

    /// Writes numbers of what is called `name` in `source`.
    pub(crate) fn values(
        &mut self,
        source: &Path,
        name: &str,
        values: &[f32],
        precision: Precision,
    ) -> Result<(), WeightsError> {
        let mut bytes = Vec::with_capacity(values.len() * precision.size() as usize);
        for &value in values {
            let is_representable = match precision {
                Precision::F32 => {
                    bytes.extend(value.to_le_bytes());
                    value.is_finite()
                }
                Precision::F16 => {
                    let half = f16::from_f32(value);
                    bytes.extend(half.to_le_bytes());
                    half.is_finite()
                }
            };
            if !is_representable {
                let reason = format!("{name:?} holds {value}, which {precision:?} cannot");
                return Err(WeightsError::content(source, reason));
            }
        }
        self.put(&bytes)
    }

    pub(crate) fn commit(self) -> Result<(), WeightsError> {
        let path = self.path;
        (self.file.commit()).map_err(|source| WeightsError::Write { path, source })
    }
}
