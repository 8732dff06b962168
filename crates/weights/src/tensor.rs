//! Tensors that stay in their file until they are needed.

use std::fmt;

use half::{bf16, f16};

use crate::WeightsError;
use crate::span::Span;

/// How the numbers of a tensor are stored, little-endian.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Dtype {
    /// Single precision.
    F32,
    /// Half precision.
    F16,
    /// The upper half of single precision.
    Bf16,
    /// Integers of 8 bits.
    I8,
    /// Integers of 16 bits.
    I16,
    /// Integers of 32 bits.
    I32,
}

impl Dtype {
    /// Bytes of one number.
    #[must_use]
    pub fn size(self) -> usize {
        match self {
            Self::I8 => 1,
            Self::F16 | Self::Bf16 | Self::I16 => 2,
            Self::F32 | Self::I32 => 4,
        }
    }
}

impl fmt::Display for Dtype {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::F32 => "float32",
            Self::F16 => "float16",
            Self::Bf16 => "bfloat16",
            Self::I8 => "int8",
            Self::I16 => "int16",
            Self::I32 => "int32",
        })
    }
}

/// Numbers that are converted at once: what bounds memory.
const CHUNK: usize = 1 << 16;

/// A tensor of a file, row-major. Its numbers are read when they are asked for.
#[derive(Clone, Debug)]
pub struct Tensor {
    shape: Vec<usize>,
    dtype: Dtype,
    span: Span,
}

impl Tensor {
    /// A tensor whose numbers are the bytes of `span`; `None` when there are more or fewer of them
    /// than the shape says.
    pub(crate) fn new(shape: Vec<usize>, dtype: Dtype, span: Span) -> Option<Self> {
        let bytes = (shape.iter()).try_fold(dtype.size(), |all, &side| all.checked_mul(side))?;
        (bytes as u64 == span.len()).then_some(Self { shape, dtype, span })
    }

    /// Its sides, slowest first; none for a single number.
    #[must_use]
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// How its numbers are stored.
    #[must_use]
    pub fn dtype(&self) -> Dtype {
        self.dtype
    }

    /// How many numbers it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether it has no numbers at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Its numbers, row-major.
    ///
    /// # Errors
    /// When the file cannot be read, or the numbers are integers.
    pub fn values(&self) -> Result<Vec<f32>, WeightsError> {
        let mut values = Vec::with_capacity(self.len());
        self.each_chunk(|chunk| {
            values.extend_from_slice(chunk);
            Ok(())
        })?;
        Ok(values)
    }

    /// Shows its numbers in order, a chunk of them at a time.
    pub(crate) fn each_chunk(
        &self,
        mut see: impl FnMut(&[f32]) -> Result<(), WeightsError>,
    ) -> Result<(), WeightsError> {
        for start in (0..self.len()).step_by(CHUNK) {
            see(&self.chunk(start, CHUNK.min(self.len() - start))?)?;
        }
        Ok(())
    }

    /// `len` numbers from the one at `start`.
    fn chunk(&self, start: usize, len: usize) -> Result<Vec<f32>, WeightsError> {
        let decode = self.decoder()?;
        let size = self.dtype.size();
        let mut bytes = vec![0; len * size];
        self.span.read((start * size) as u64, &mut bytes)?;
        Ok(bytes.chunks_exact(size).map(decode).collect())
    }

    /// What makes a number of its bytes.
    fn decoder(&self) -> Result<fn(&[u8]) -> f32, WeightsError> {
        match self.dtype {
            Dtype::F32 => Ok(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])),
            Dtype::F16 => Ok(|b| f16::from_le_bytes([b[0], b[1]]).to_f32()),
            Dtype::Bf16 => Ok(|b| bf16::from_le_bytes([b[0], b[1]]).to_f32()),
            other => Err(self.span.error(format!(
                "its weights are {other} (a quantised model); only float32, float16 and bfloat16 can \
                 be converted: get the model in one of these"
            ))),
        }
    }

    /// The single number of a tensor without sides, when it is an integer.
    pub(crate) fn integer(&self) -> Option<Result<i64, WeightsError>> {
        if !self.shape.is_empty() {
            return None;
        }
        let mut bytes = [0; 4];
        let size = self.dtype.size();
        let read = self.span.read(0, &mut bytes[..size]);
        let integer = match self.dtype {
            Dtype::I8 => i64::from(i8::from_le_bytes([bytes[0]])),
            Dtype::I16 => i64::from(i16::from_le_bytes([bytes[0], bytes[1]])),
            Dtype::I32 => i64::from(i32::from_le_bytes(bytes)),
            _ => return None,
        };
        Some(read.map(|()| integer))
    }

    /// One of `of` equal groups of rows, which are stacked; `None` when the rows cannot be divided
    /// so.
    pub(crate) fn part(&self, index: usize, of: usize) -> Option<Self> {
        let rows = *self.shape.first()?;
        if index >= of || rows % of != 0 {
            return None;
        }
        let mut shape = self.shape.clone();
        shape[0] = rows / of;
        let bytes = self.span.len() / of as u64;
        let span = self.span.slice(index as u64 * bytes, bytes)?;
        Some(Self {
            shape,
            dtype: self.dtype,
            span,
        })
    }

    /// Whether both hold the same numbers.
    pub(crate) fn equals(&self, other: &Self) -> Result<bool, WeightsError> {
        if self.shape != other.shape || self.span.is(&other.span) {
            return Ok(self.shape == other.shape);
        }
        let (mut is_equal, mut start) = (true, 0);
        self.each_chunk(|values| {
            is_equal &= values == other.chunk(start, values.len())?;
            start += values.len();
            Ok(())
        })?;
        Ok(is_equal)
    }
}
