//! Attention over the frames of one modality, forward and backward.
//!
//! Nearly all the work of the network is here, and libtorch's differentiation would keep many
//! tensors as large as the frames. So the gradient is written out, for a chunk of a batch that
//! fits a core's cache; the tests compare it with libtorch's.
//!
//! With x̃ the frames after dropout (factors m), q the queries and s the scale:
//! k = tanh(x̃ Wᵀ + b), w = softmax over time of s·q kᵀ, o = w x̃.

use std::ops::Range;

use tch::nn::Linear;
use tch::{Kind, Tensor};

use super::dense::{DenseGradient, Weights};
use super::frames::Chunk;
use super::layers::as_float;
use super::noise::Dropout;

/// Far below any attention score, yet finite, so that a row without frames gives no NaN.
const NOWHERE: f64 = -1e9;

/// The learned part of an attention, and its constants.
#[derive(Debug)]
pub(super) struct Attention {
    /// W and b.
    pub(super) key: Linear,
    /// s.
    pub(super) scale: f64,
    /// Rate of the dropout on frames.
    pub(super) dropout: f64,
}

/// The attention of queries over one chunk of frames.
#[derive(Debug)]
pub(super) struct ChunkAttention {
    pub(super) chunk: Chunk,
    pub(super) key: Weights,
    /// `[batch or 1, queries, d]`; 1 where all utterances have the same queries.
    pub(super) queries: Tensor,
    pub(super) scale: f64,
    pub(super) dropout: Option<Dropout>,
}

/// What the backward pass needs of the forward pass.
#[derive(Debug)]
pub(super) struct SavedAttention {
    inputs: ChunkAttention,
    /// k, `[batch, time, d]`.
    keys: Tensor,
    /// w, `[batch, queries, time]`.
    weights: Tensor,
}

impl ChunkAttention {
    /// The frames after dropout, and the factors m of the dropout.
    fn frames(&self) -> (Tensor, Option<Tensor>) {
        let x = &self.chunk.x;
        match &self.dropout {
            Some(dropout) => {
                let factors = dropout.factors(x);
                (x * &factors, Some(factors))
            }
            None => (x.shallow_clone(), None),
        }
    }

    /// o, `[batch, queries, d]`; zero where there is no frame.
    pub(super) fn forward(self) -> (Tensor, SavedAttention) {
        let (x, _) = self.frames();
        let keys = self.key.forward(&self.key.narrow(&x)).tanh_();
        let scores = self.queries.matmul(&keys.transpose(1, 2)) * self.scale;
        let weights = masked_softmax(scores, self.chunk.padding.as_ref());
        let output = weights.bmm(&x);
        let saved = SavedAttention {
            inputs: self,
            keys,
            weights,
        };
        (output, saved)
    }
}

impl SavedAttention {
    /// Which utterances of the batch it is about.
    pub(super) fn rows(&self) -> Range<i64> {
        self.inputs.chunk.rows.clone()
    }

    /// The gradient of q, `[batch, queries, d]`, from that of o. Adds the gradients of W and b to
    /// `key`, and that of the frames to the chunk's.
    pub(super) fn backward(self, gradient: &Tensor, key: &mut DenseGradient) -> Tensor {
        let Self {
            inputs,
            mut keys,
            weights,
        } = self;
        let (x, factors) = inputs.frames();
        let of_weights = gradient.bmm(&x.transpose(1, 2));
        let of_scores =
            Tensor::internal_softmax_backward_data(&of_weights, &weights, -1, Kind::Float)
                * inputs.scale;
        let of_queries = of_scores.bmm(&keys);
        // Through tanh: k' − k'k², with k' negated so that all is done in place.
        let negated = (of_scores.transpose(1, 2).neg()).matmul(&inputs.queries);
        let mut of_dense = keys.square_().g_mul_(&negated);
        let _ = of_dense.g_sub_(&negated);
        let narrow = inputs.key.narrow(&of_dense);
        key.add(&inputs.key.narrow(&x), &narrow, &of_dense);
        let mut of_frames = inputs.key.backward(&narrow);
        let _ = of_frames.baddbmm_(&weights.transpose(1, 2), gradient);
        let mut sum = inputs.chunk.gradient.shallow_clone();
        let _ = match factors {
            Some(factors) => sum.addcmul_(&of_frames, &factors),
            None => sum.g_add_(&of_frames),
        };
        of_queries
    }
}

/// Attention weights: softmax of `scores` `[batch, queries, time]` over the time steps that are
/// not `padding` `[batch, 1, time]`. They sum to 1, or are all 0 where all is padding.
fn masked_softmax(mut scores: Tensor, padding: Option<&Tensor>) -> Tensor {
    let Some(padding) = padding else {
        return scores.softmax(-1, Kind::Float);
    };
    let weights = scores
        .masked_fill_(padding, NOWHERE)
        .softmax(-1, Kind::Float);
    weights * as_float(&padding.logical_not())
}

#[cfg(test)]
mod tests {
    use tch::nn::Module;

    use super::*;
    use crate::memory::filled;
    use crate::{Noise, Precision, Rng};

    fn normal(size: &[i64]) -> Tensor {
        let mut rng = Rng::stream(&[size.iter().sum::<i64>() as u64]);
        filled::<f32>(size, |values| {
            for value in values {
                value.write(rng.normal() as f32);
            }
        })
    }

    fn attention(
        queries: Tensor,
        padding: Option<Tensor>,
        dropout: Option<Dropout>,
    ) -> (ChunkAttention, Linear) {
        let key = Linear {
            ws: normal(&[4, 4]).set_requires_grad(true),
            bs: Some(normal(&[4]).set_requires_grad(true)),
        };
        let chunk = Chunk {
            rows: 0..3,
            x: normal(&[3, 5, 4]),
            gradient: normal(&[3, 5, 4]).zeros_like(),
            padding,
        };
        let attention = ChunkAttention {
            chunk,
            key: Weights::of(&key, Precision::F32),
            queries,
            scale: 0.3,
            dropout,
        };
        (attention, key)
    }

    /// libtorch's own results for the formulas: o, and the gradients by q, x, W and b.
    fn theirs(attention: &ChunkAttention, key: &Linear, of_found: &Tensor) -> [Tensor; 5] {
        let [q, x] =
            [&attention.queries, &attention.chunk.x].map(|t| t.copy().set_requires_grad(true));
        let dropped = match &attention.dropout {
            Some(dropout) => &x * dropout.factors(&x),
            None => x.shallow_clone(),
        };
        let keys = key.forward(&dropped).tanh();
        let scores = q.matmul(&keys.transpose(1, 2)) * attention.scale;
        let found = masked_softmax(scores, attention.chunk.padding.as_ref()).bmm(&dropped);
        (&found * of_found).sum(Kind::Float).backward();
        let bias = key.bs.as_ref().unwrap();
        // Copies, since more will be added to the weights' gradients.
        [found, q.grad(), x.grad(), key.ws.grad(), bias.grad()].map(|tensor| tensor.copy())
    }

    #[test]
    fn forward_and_backward_are_libtorchs() {
        let some = [false, false, false, true, true];
        let padding = [[false; 5], some, [true; 5]].concat();
        let padding = Tensor::from_slice(&padding).view((3, 1, 5));
        let of_found = normal(&[3, 2, 4]);
        for (asked, padding, noise) in [
            (3, None, Noise::off()),
            (
                3,
                Some(padding.copy()),
                Noise::from_stream(Rng::stream(&[1])),
            ),
            (1, Some(padding.copy()), Noise::off()),
        ] {
            let dropout = { noise }.chunked(0.5).of(2);
            let (attention, key) = attention(normal(&[asked, 2, 4]), padding, dropout);
            let theirs = theirs(&attention, &key, &of_found);
            let of_frames = attention.chunk.gradient.shallow_clone();
            let mut gradient = DenseGradient::default();
            let (found, of_queries) = tch::no_grad(|| {
                let (found, saved) = attention.forward();
                (found, saved.backward(&of_found, &mut gradient))
            });
            let of_queries = of_queries.sum_to_size([asked, 2, 4]);
            gradient.as_loss(&key).unwrap().backward();
            // libtorch's gradients are still there, and ours were added to them.
            let [weight, bias] = [&key.ws, key.bs.as_ref().unwrap()].map(|t| t.grad() / 2);
            for (ours, theirs) in [found, of_queries, of_frames, weight, bias]
                .iter()
                .zip(&theirs)
            {
                assert!(ours.allclose(theirs, 1e-5, 1e-6, false), "{ours} {theirs}");
            }
        }
    }

    #[test]
    fn weights_are_a_distribution_over_frames_or_nothing() {
        let scores = Tensor::from_slice(&[1.0_f32, 1.0, 50.0, 2.0, 3.0, 4.0]).view((2, 1, 3));
        let padding = Tensor::from_slice(&[false, false, true, true, true, true]).view((2, 1, 3));
        let weights = masked_softmax(scores, Some(&padding));
        let weights = Vec::<f32>::try_from(weights.flatten(0, 2)).unwrap();
        assert_eq!(weights, [0.5, 0.5, 0.0, 0.0, 0.0, 0.0]);
    }
}
