//! A sequence of vectors: `[time, dim]`, row-major, shared.

use std::sync::Arc;

/// A `[rows, cols]` array of `f32`, row-major. Cloning shares the data.
#[derive(Clone, Debug, PartialEq)]
pub struct Matrix {
    rows: usize,
    cols: usize,
    data: Arc<[f32]>,
}

/// The data do not fill the shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a {rows}×{cols} matrix needs {} values, got {got}", rows * cols)]
pub struct ShapeError {
    rows: usize,
    cols: usize,
    got: usize,
}

impl Matrix {
    /// A matrix of `rows` time steps, each `cols` wide.
    ///
    /// # Errors
    /// When `data.len() != rows * cols`.
    pub fn new(rows: usize, cols: usize, data: impl Into<Arc<[f32]>>) -> Result<Self, ShapeError> {
        let data = data.into();
        if data.len() == rows * cols {
            Ok(Self { rows, cols, data })
        } else {
            Err(ShapeError {
                rows,
                cols,
                got: data.len(),
            })
        }
    }

    /// Collects rows of `cols` values each, in time order.
    #[must_use]
    pub fn from_rows<const COLS: usize>(rows: &[[f32; COLS]]) -> Self {
        Self {
            rows: rows.len(),
            cols: COLS,
            data: rows.as_flattened().into(),
        }
    }

    /// No time steps at all: what an absent modality looks like.
    #[must_use]
    pub fn empty(cols: usize) -> Self {
        Self {
            rows: 0,
            cols,
            data: Arc::new([]),
        }
    }

    /// Time steps.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Values per time step.
    #[must_use]
    pub fn cols(&self) -> usize {
        self.cols
    }

    /// True when there is no time step.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// All values, row after row.
    #[must_use]
    pub fn as_slice(&self) -> &[f32] {
        &self.data
    }

    /// One time step.
    ///
    /// # Panics
    /// When `row` is out of range, as slices do.
    #[must_use]
    pub fn row(&self, row: usize) -> &[f32] {
        &self.data[row * self.cols..(row + 1) * self.cols]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_shape_says_expected_and_got() {
        let error = Matrix::new(2, 3, vec![0.0; 5]).unwrap_err();
        assert_eq!(error.to_string(), "a 2×3 matrix needs 6 values, got 5");
    }

    #[test]
    fn rows_are_read_back_in_order() {
        let matrix = Matrix::from_rows(&[[1.0, 2.0], [3.0, 4.0]]);
        assert_eq!((matrix.rows(), matrix.cols()), (2, 2));
        assert_eq!(matrix.row(1), [3.0, 4.0]);
        assert!(Matrix::empty(7).is_empty());
    }
}
