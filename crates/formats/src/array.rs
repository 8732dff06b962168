//! Arrays that stay in their file until rows of them are asked for.

use std::ops::Range;

use super::dtype::{Dtype, Kind};
use super::{Bytes, FormatError};

/// A NumPy array of numbers or strings, in its file.
#[derive(Clone, Debug)]
pub struct Array {
    dtype: Dtype,
    shape: Vec<usize>,
    is_fortran: bool,
    data: Bytes,
}

/// The product of sides; `None` when it overflows.
pub(super) fn product(sides: &[usize]) -> Option<usize> {
    sides
        .iter()
        .try_fold(1_usize, |all, &side| all.checked_mul(side))
}

impl Array {
    /// An array of this type and shape over these bytes. `Err` says why they do not fit.
    pub(super) fn new(
        dtype: Dtype,
        shape: Vec<usize>,
        is_fortran: bool,
        data: Bytes,
    ) -> Result<Self, String> {
        if dtype.kind == Kind::Object {
            return Err("an array of objects has no bytes of its own".to_owned());
        }
        let expected = product(&shape).and_then(|count| count.checked_mul(dtype.size));
        if expected.map(|bytes| bytes as u64) != Some(data.len()) {
            let (size, got) = (dtype.size, data.len());
            return Err(format!(
                "an array of shape {shape:?} with {size} bytes per element does not fill {got} bytes"
            ));
        }
        Ok(Self {
            dtype,
            shape,
            is_fortran,
            data,
        })
    }

    /// Its sides, slowest first.
    #[must_use]
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// How many elements; the product cannot overflow, since the bytes exist.
    #[must_use]
    pub fn count(&self) -> usize {
        product(&self.shape).unwrap_or(0)
    }

    /// Whether its elements are numbers, not strings.
    #[must_use]
    pub fn is_number(&self) -> bool {
        self.dtype.is_number()
    }

    /// Elements of the leading axis from `rows.start` to `rows.end`, row-major, as numbers.
    ///
    /// # Errors
    /// When the file cannot be read, or has no such rows.
    pub fn rows(&self, rows: Range<usize>) -> Result<Vec<f64>, FormatError> {
        let mut values = Vec::with_capacity(self.elements(&rows));
        self.each(rows, &mut |bytes| values.push(self.dtype.number(bytes)))?;
        Ok(values)
    }

    /// The rows in single precision.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn rows_f32(&self, rows: Range<usize>) -> Result<Vec<f32>, FormatError> {
        let mut values = Vec::with_capacity(self.elements(&rows));
        self.each(rows, &mut |bytes| {
            values.push(self.dtype.number(bytes) as f32)
        })?;
        Ok(values)
    }

    /// All elements as numbers; also those of an array without axes.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn numbers(&self) -> Result<Vec<f64>, FormatError> {
        self.rows(0..self.leading())
    }

    /// All elements as text.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn texts(&self) -> Result<Vec<String>, FormatError> {
        let mut texts = Vec::new();
        self.each(0..self.leading(), &mut |bytes| {
            texts.push(self.dtype.text(bytes));
        })?;
        Ok(texts)
    }

    /// One row `[time, width]` of an array `[n, time, width]`, cut after `keep` time steps; or
    /// one row `[width]` of an array `[n, width]`, if `keep` is not 0.
    ///
    /// # Errors
    /// When the file cannot be read, or has no such rows.
    pub fn row_f32(&self, row: usize, keep: usize) -> Result<Vec<f32>, FormatError> {
        let (time, width) = match *self.shape.as_slice() {
            [_, time, width] => (time, width),
            [_, width] => (1, width),
            _ => (1, self.count() / self.leading().max(1)),
        };
        let keep = keep.min(time);
        if self.is_fortran && self.shape.len() > 1 {
            let mut values = self.rows_f32(row..row + 1)?;
            values.truncate(keep * width);
            return Ok(values);
        }
        // The time steps of all utterances as one axis.
        let steps = Self {
            shape: vec![self.leading() * time, width],
            ..self.clone()
        };
        steps.rows_f32(row * time..row * time + keep)
    }

    /// Length of the leading axis; 1 for an array without axes.
    #[must_use]
    pub fn leading(&self) -> usize {
        if self.count() == 0 {
            return 0;
        }
        self.shape.first().copied().unwrap_or(1)
    }

    /// How many elements these rows have.
    fn elements(&self, rows: &Range<usize>) -> usize {
        rows.len() * (self.count() / self.leading().max(1))
    }

    /// Calls `take` with the bytes of each element of these rows, row-major.
    fn each(&self, rows: Range<usize>, take: &mut dyn FnMut(&[u8])) -> Result<(), FormatError> {
        if rows.is_empty() || self.count() == 0 {
            return Ok(());
        }
        if rows.end > self.leading() {
            return Err(FormatError::Content {
                path: self.data.path().to_owned(),
                reason: format!("row {} of an array of {}", rows.end, self.leading()),
            });
        }
        let per_row = self.count() / self.leading();
        let size = self.dtype.size;
        if !self.is_fortran || self.shape.len() < 2 {
            let mut bytes = vec![0; rows.len() * per_row * size];
            let start = (rows.start * per_row * size) as u64;
            self.data.read(start, &mut bytes)?;
            bytes.chunks_exact(size).for_each(take);
            return Ok(());
        }
        self.gather(rows, per_row, take)
    }

    /// Rows in Fortran order: the leading axis runs fastest, so a row's elements are scattered.
    fn gather(
        &self,
        rows: Range<usize>,
        per_row: usize,
        take: &mut dyn FnMut(&[u8]),
    ) -> Result<(), FormatError> {
        let (size, leading) = (self.dtype.size, self.leading());
        let run = rows.len() * size;
        // Column by column, as in the file; each column has these rows one after another.
        let mut bytes = vec![0; per_row * run];
        for (column, part) in bytes.chunks_exact_mut(run).enumerate() {
            let start = (column * leading + rows.start) * size;
            self.data.read(start as u64, part)?;
        }
        let inner = &self.shape[1..];
        for row in 0..rows.len() {
            for at in 0..per_row {
                let column = reversed(at, inner);
                let start = column * run + row * size;
                take(&bytes[start..start + size]);
            }
        }
        Ok(())
    }
}

/// A row-major position as a column-major one.
fn reversed(mut at: usize, shape: &[usize]) -> usize {
    let mut position = 0;
    let mut stride: usize = shape.iter().product();
    for &side in shape.iter().rev() {
        stride /= side;
        position += (at % side) * stride;
        at /= side;
    }
    position
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_without_elements_have_empty_rows() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("empty");
        std::fs::write(&path, "").unwrap();
        let dtype = Dtype::parse("<f4").unwrap();
        for is_fortran in [false, true] {
            let data = Bytes::open(&path).unwrap();
            let array = Array::new(dtype, vec![2, 0, 3], is_fortran, data).unwrap();
            assert_eq!(array.leading(), 0);
            assert!(array.row_f32(1, 5).unwrap().is_empty());
            assert!(array.numbers().unwrap().is_empty());
        }
    }

    #[test]
    fn rows_out_of_range_are_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("two");
        std::fs::write(&path, [0; 8]).unwrap();
        let dtype = Dtype::parse("<f4").unwrap();
        let array = Array::new(dtype, vec![2], false, Bytes::open(&path).unwrap()).unwrap();
        assert!(array.rows(1..2).is_ok());
        assert!(array.rows(1..3).is_err());
    }
}
