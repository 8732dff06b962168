//! From frames to one vector per utterance (paper, step 2).

use tch::Tensor;
use tch::nn::Path;

use super::attention::Attention;
use super::layers::{Mlp, context, linear, mlp};
use super::{NetworkConfig, Noise, Rng};

/// Attention pooling: s = tanh(x W + b) · c, w = softmax(scale · s) over time, Σ w·x, then a
/// perceptron. Dropout on the frames and on the sum.
#[derive(Debug)]
pub(super) struct Pooling {
    pub(super) attention: Attention,
    context: Tensor,
    mlp: Mlp,
}

pub(super) fn pooling(p: &Path<'_>, config: &NetworkConfig, rng: &mut Rng) -> Pooling {
    let d = config.model_width;
    Pooling {
        attention: Attention {
            key: linear(&(p / "key"), d, d, rng),
            scale: config.attention_scale,
            dropout: config.frame_dropout,
        },
        context: context(p, d, rng),
        mlp: mlp(&(p / "mlp"), &[d, d, d], config.mlp_dropout, rng),
    }
}

impl Pooling {
    /// c, as the only query of all utterances, `[1, 1, d]`.
    pub(super) fn query(&self) -> Tensor {
        self.context.view((1, 1, -1))
    }

    /// From the attention's output, `[batch, 1, d]`, to `[batch, d]`; exactly zero where the
    /// modality is absent.
    pub(super) fn forward(&self, found: &Tensor, present: &Tensor, noise: &mut Noise) -> Tensor {
        let pooled = noise.drop(&found.squeeze_dim(1), self.attention.dropout);
        // The perceptron has biases: without this factor an absent modality would count.
        self.mlp.forward(&pooled, noise) * present
    }
}
