//! The modality imagination autoencoder, MIA (paper, step 7): repairs text from the others.

use tch::Tensor;
use tch::nn::{Linear, Module, Path};

use super::layers::linear;
use super::{Noise, Rng, Trio};

/// A residual autoencoder over `[a; t; v]`: Linear(3n→n), ReLU, Linear(n→n); encoder to n/2
/// with LeakyReLU and dropout; decoder back to n; plus t.
#[derive(Debug)]
pub(super) struct Imagination {
    mix: Linear,
    transition: Linear,
    encoder: Linear,
    decoder: Linear,
    dropout: f64,
}

pub(super) fn imagination(p: &Path<'_>, n: usize, dropout: f64, rng: &mut Rng) -> Imagination {
    let latent = n / 2;
    Imagination {
        mix: linear(&(p / "mix"), 3 * n, n, rng),
        transition: linear(&(p / "transition"), n, n, rng),
        encoder: linear(&(p / "encoder"), n, latent, rng),
        decoder: linear(&(p / "decoder"), latent, n, rng),
        dropout,
    }
}

impl Imagination {
    /// Three times `[.., n]` to the repaired text `[.., n]`.
    pub(super) fn forward(&self, x: &Trio<Tensor>, noise: &mut Noise) -> Tensor {
        let all = Tensor::cat(&x.as_array(), -1);
        let mixed = self.transition.forward(&self.mix.forward(&all).relu());
        let latent = noise.drop(&self.encoder.forward(&mixed).leaky_relu(), self.dropout);
        self.decoder.forward(&latent) + &x.text
    }
}
