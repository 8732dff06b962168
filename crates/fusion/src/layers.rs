//! Dense layers with PyTorch's initialisation, drawn from this program's own random numbers.

use tch::nn::{Linear, Module, Path};
use tch::{Kind, Tensor};

use super::{Noise, Rng};

/// `y = x Wᵀ + b`; W and b are drawn uniformly from ±1/√inputs, as in PyTorch.
pub(super) fn linear(p: &Path<'_>, inputs: usize, outputs: usize, rng: &mut Rng) -> Linear {
    let bound = 1.0 / (inputs as f64).sqrt();
    let mut uniform = |name: &str, size: &[i64]| {
        let count = size.iter().product::<i64>();
        let values: Vec<f32> = (0..count).map(|_| rng.symmetric(bound) as f32).collect();
        p.var_copy(name, &Tensor::from_slice(&values).view(size))
    };
    Linear {
        ws: uniform("weight", &[outputs as i64, inputs as i64]),
        bs: Some(uniform("bias", &[outputs as i64])),
    }
}

/// A learned vector, drawn from a normal distribution with deviation √(2/(1+n)) (Xavier, for
/// shape [1, n]).
pub(super) fn context(p: &Path<'_>, width: usize, rng: &mut Rng) -> Tensor {
    let deviation = (2.0 / (1.0 + width as f64)).sqrt();
    let values: Vec<f32> = (0..width)
        .map(|_| (deviation * rng.normal()) as f32)
        .collect();
    p.var_copy("context", &Tensor::from_slice(&values))
}

/// Dense layers, each followed by ReLU and dropout (the last one too).
#[derive(Debug)]
pub(super) struct Mlp {
    layers: Vec<Linear>,
    dropout: f64,
}

/// An [`Mlp`] through these widths, first to last.
pub(super) fn mlp(p: &Path<'_>, widths: &[usize], dropout: f64, rng: &mut Rng) -> Mlp {
    let layers = widths
        .windows(2)
        .enumerate()
        .map(|(index, pair)| linear(&(p / index), pair[0], pair[1], rng))
        .collect();
    Mlp { layers, dropout }
}

impl Mlp {
    /// `[.., first width]` to `[.., last width]`.
    pub(super) fn forward(&self, x: &Tensor, noise: &mut Noise) -> Tensor {
        self.layers.iter().fold(x.shallow_clone(), |x, layer| {
            noise.drop(&layer.forward(&x).relu(), self.dropout)
        })
    }
}

/// A boolean tensor as zeros and ones.
pub(super) fn as_float(mask: &Tensor) -> Tensor {
    mask.to_kind(Kind::Float)
}
