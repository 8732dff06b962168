//! From frames to one vector per utterance (paper, step 2).

use tch::Tensor;
use tch::nn::{Linear, Module, Path};

use super::attention::attend;
use super::layers::{Mlp, context, linear, mlp};
use super::{NetworkConfig, Noise, Rng};

/// Projected frames of one modality, shared by both flows.
#[derive(Debug)]
pub struct Frames {
    /// `[batch, time, d]`.
    pub x: Tensor,
    /// `[batch, time]`, true where there is a frame.
    pub mask: Tensor,
    /// `[batch, 1]`, 1 where there is any frame.
    pub present: Tensor,
}

/// Attention pooling: s = tanh(x W + b) · c, w = softmax(scale · s) over time, Σ w·x, then a
/// perceptron. Dropout on the frames and on the sum.
#[derive(Debug)]
pub(super) struct Pooling {
    key: Linear,
    context: Tensor,
    mlp: Mlp,
    scale: f64,
    dropout: f64,
}

pub(super) fn pooling(p: &Path<'_>, config: &NetworkConfig, rng: &mut Rng) -> Pooling {
    let d = config.model_width;
    Pooling {
        key: linear(&(p / "key"), d, d, rng),
        context: context(p, d, rng),
        mlp: mlp(&(p / "mlp"), &[d, d, d], config.mlp_dropout, rng),
        scale: config.attention_scale,
        dropout: config.frame_dropout,
    }
}

impl Pooling {
    /// `[batch, d]`; exactly zero where the modality is absent.
    pub(super) fn forward(&self, frames: &Frames, noise: &mut Noise) -> Tensor {
        let x = noise.drop(&frames.x, self.dropout);
        let scores = self.key.forward(&x).tanh().matmul(&self.context);
        let weights = attend(&(scores.unsqueeze(1) * self.scale), &frames.mask);
        let pooled = noise.drop(&weights.bmm(&x).squeeze_dim(1), self.dropout);
        // The perceptron has biases: without this an absent modality would speak.
        self.mlp.forward(&pooled, noise) * &frames.present
    }
}
