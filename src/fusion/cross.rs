//! Unified modality cross-attention, UMCA (paper, step 5).

use tch::Tensor;
use tch::nn::{Linear, Module, Path};

use super::attention::attend;
use super::layers::{Mlp, linear, mlp};
use super::{Frames, NetworkConfig, Noise, Rng};

/// All queries into the frames of one modality: scores tanh(x W + b) · (q V + c), softmax
/// over time, weighted sum of the frames, then a perceptron.
#[derive(Debug)]
pub(super) struct Cross {
    key: Linear,
    query: Linear,
    mlp: Mlp,
    scale: f64,
    dropout: f64,
}

pub(super) fn cross(p: &Path<'_>, config: &NetworkConfig, rng: &mut Rng) -> Cross {
    let (d, h) = (config.model_width, config.fused_width);
    Cross {
        key: linear(&(p / "key"), d, d, rng),
        query: linear(&(p / "query"), d, d, rng),
        mlp: mlp(&(p / "mlp"), &[d, d, h], config.mlp_dropout, rng),
        scale: config.attention_scale,
        dropout: config.frame_dropout,
    }
}

impl Cross {
    /// Queries `[batch, 7, d]` to `[batch, 7, h]`; exactly zero where the modality is absent.
    pub(super) fn forward(&self, queries: &Tensor, frames: &Frames, noise: &mut Noise) -> Tensor {
        let x = noise.drop(&frames.x, self.dropout);
        let key = self.key.forward(&x).tanh();
        let scores = self.query.forward(queries).bmm(&key.transpose(1, 2));
        let seen = attend(&(scores * self.scale), &frames.mask).bmm(&x);
        let seen = noise.drop(&seen, self.dropout);
        self.mlp.forward(&seen, noise) * frames.present.unsqueeze(-1)
    }
}
