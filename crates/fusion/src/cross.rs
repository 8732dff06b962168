//! Unified modality cross-attention, UMCA (paper, step 5).

use tch::Tensor;
use tch::nn::{Linear, Module, Path};

use super::attention::Attention;
use super::layers::{Mlp, linear, mlp};
use super::{NetworkConfig, Noise, Rng};

/// All queries into the frames of one modality: scores tanh(x W + b) · (q V + c), softmax
/// over time, weighted sum of the frames, then a perceptron.
#[derive(Debug)]
pub(super) struct Cross {
    pub(super) attention: Attention,
    query: Linear,
    mlp: Mlp,
}

pub(super) fn cross(p: &Path<'_>, config: &NetworkConfig, rng: &mut Rng) -> Cross {
    let (d, h) = (config.model_width, config.fused_width);
    Cross {
        attention: Attention {
            key: linear(&(p / "key"), d, d, rng),
            scale: config.attention_scale,
            dropout: config.frame_dropout,
        },
        query: linear(&(p / "query"), d, d, rng),
        mlp: mlp(&(p / "mlp"), &[d, d, h], config.mlp_dropout, rng),
    }
}

impl Cross {
    /// q V + c: the queries `[batch, 7, d]`, transformed for this modality.
    pub(super) fn query(&self, queries: &Tensor) -> Tensor {
        self.query.forward(queries)
    }

    /// From the attention's output, `[batch, 7, d]`, to `[batch, 7, h]`; exactly zero where the
    /// modality is absent.
    pub(super) fn forward(&self, found: &Tensor, present: &Tensor, noise: &mut Noise) -> Tensor {
        let found = noise.drop(found, self.attention.dropout);
        self.mlp.forward(&found, noise) * present.unsqueeze(-1)
    }
}
