//! Brings raw features to zero mean and unit deviation, dimension by dimension.

use tch::Tensor;
use tch::nn::Path;

/// Deviations below this are those of a constant: the dimension is centred only.
const CONSTANT: f32 = 1e-6;

/// (x − mean) / deviation, fitted on the training split and stored with the weights.
#[derive(Debug)]
pub(super) struct Normaliser {
    mean: Tensor,
    deviation: Tensor,
}

/// A normaliser that changes nothing until it is set.
pub(super) fn normaliser(p: &Path<'_>, width: usize) -> Normaliser {
    Normaliser {
        mean: p.zeros_no_train("mean", &[width as i64]),
        deviation: p.ones_no_train("deviation", &[width as i64]),
    }
}

impl Normaliser {
    /// `[batch, time, width]`, the same shape.
    pub(super) fn forward(&self, x: &Tensor) -> Tensor {
        (x - &self.mean) / &self.deviation
    }

    /// Sets what was fitted; both slices are `width` long.
    pub(super) fn set(&mut self, mean: &[f32], deviation: &[f32]) {
        let usable: Vec<f32> = deviation
            .iter()
            .map(|&d| if d > CONSTANT { d } else { 1.0 })
            .collect();
        self.mean.copy_(&Tensor::from_slice(mean));
        self.deviation.copy_(&Tensor::from_slice(&usable));
    }
}
