//! Brings raw features to zero mean and unit deviation, dimension by dimension.

use std::mem::MaybeUninit;

use tch::Tensor;
use tch::nn::Path;

use super::memory::Value;

/// A dimension with a smaller deviation is constant: it is only centred.
const CONSTANT: f32 = 1e-6;

/// (x − mean) / deviation, fitted on the training split and stored with the weights; then
/// limited, so that an outlier in one dimension does not decide a score.
#[derive(Debug)]
pub(super) struct Normaliser {
    mean: Tensor,
    deviation: Tensor,
    limit: f32,
}

/// A normaliser that changes nothing within `limit` (0 for no limit) until it is set.
pub(super) fn normaliser(p: &Path<'_>, width: usize, limit: f64) -> Normaliser {
    Normaliser {
        limit: if limit > 0.0 {
            limit as f32
        } else {
            f32::INFINITY
        },
        mean: p.zeros_no_train("mean", &[width as i64]),
        deviation: p.ones_no_train("deviation", &[width as i64]),
    }
}

/// A normaliser's values, outside of libtorch.
#[derive(Debug)]
pub(super) struct Scale {
    mean: Vec<f32>,
    inverse: Vec<f32>,
    limit: f32,
}

impl Normaliser {
    /// Its current values.
    pub(super) fn scale(&self) -> Scale {
        let plain = |tensor: &Tensor| {
            let mut values = vec![0.0; tensor.numel()];
            tensor.copy_data(&mut values, tensor.numel());
            values
        };
        Scale {
            mean: plain(&self.mean),
            inverse: plain(&self.deviation.reciprocal()),
            limit: self.limit,
        }
    }

    /// Sets mean and deviation; both slices have `width` values.
    pub(super) fn set(&mut self, mean: &[f32], deviation: &[f32]) {
        let usable: Vec<f32> = deviation
            .iter()
            .map(|&d| if d > CONSTANT { d } else { 1.0 })
            .collect();
        self.mean.copy_(&Tensor::from_slice(mean));
        self.deviation.copy_(&Tensor::from_slice(&usable));
    }
}

impl Scale {
    /// Changes nothing.
    #[cfg(test)]
    pub(super) fn none(width: usize) -> Self {
        Self {
            mean: vec![0.0; width],
            inverse: vec![1.0; width],
            limit: f32::INFINITY,
        }
    }

    /// Values per frame.
    pub(super) fn width(&self) -> usize {
        self.mean.len()
    }

    /// Writes whole frames, normalised, to a slice of the same length.
    pub(super) fn apply<T: Value>(&self, frames: &[f32], normalised: &mut [MaybeUninit<T>]) {
        let width = self.width();
        let rows = frames.chunks_exact(width);
        for (row, to) in rows.zip(normalised.chunks_exact_mut(width)) {
            let numbers = self.mean.iter().zip(&self.inverse);
            for ((to, value), (mean, inverse)) in to.iter_mut().zip(row).zip(numbers) {
                let value = (value - mean) * inverse;
                to.write(T::of(value.clamp(-self.limit, self.limit)));
            }
        }
    }
}
