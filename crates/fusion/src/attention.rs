//! Attention over the frames of one modality, forward and backward.
//!
//! Nearly all the work of the network is here, and PyTorch's way of differentiating it keeps
//! many tensors as large as the frames. So the gradient is written out, for a chunk of a batch
//! that fits a core's cache; the tests hold it to libtorch's own.
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

/// Far below any attention score, yet finite: a row without any frame stays free of NaN.
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

/// Queries into one chunk of frames.
#[derive(Debug)]
pub(super) struct Look {
    pub(super) chunk: Chunk,
    pub(super) key: Weights,
    /// `[batch or 1, queries, d]`; 1 where all utterances ask the same.
    pub(super) queries: Tensor,
    pub(super) scale: f64,
    pub(super) dropout: Option<Dropout>,
}

/// What the way back needs of a look.
#[derive(Debug)]
pub(super) struct Seen {
    look: Look,
    /// k, `[batch, time, d]`.
    keys: Tensor,
    /// w, `[batch, queries, time]`.
    weights: Tensor,
}

impl Look {
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

    /// o, `[batch, queries, d]`: what the queries find; zero where there is no frame.
    pub(super) fn find(self) -> (Tensor, Seen) {
        let (x, _) = self.frames();
        let keys = self.key.forward(&self.key.narrow(&x)).tanh_();
        let scores = self.queries.matmul(&keys.transpose(1, 2)) * self.scale;
        let weights = attend(scores, self.chunk.padding.as_ref());
        let found = weights.bmm(&x);
        let look = self;
        (
            found,
            Seen {
                look,
                keys,
                weights,
            },
        )
    }
}

impl Seen {
    /// Which utterances of the batch it is about.
    pub(super) fn rows(&self) -> Range<i64> {
        self.look.chunk.rows.clone()
    }

    /// From the gradient of o to that of q, `[batch, queries, d]`. Adds the gradients of W and b to `key` and that of
    /// the frames to the chunk's.
    pub(super) fn backward(self, gradient: &Tensor, key: &mut DenseGradient) -> Tensor {
        let Self {
            look,
            mut keys,
            weights,
        } = self;
        let (x, factors) = look.frames();
        let of_weights = gradient.bmm(&x.transpose(1, 2));
        let of_scores =
            Tensor::internal_softmax_backward_data(&of_weights, &weights, -1, Kind::Float)
                * look.scale;
        let of_queries = of_scores.bmm(&keys);
        // Through tanh: k' − k'k², with k' negated so that all is done in place.
        let negated = (of_scores.transpose(1, 2).neg()).matmul(&look.queries);
        let mut of_dense = keys.square_().g_mul_(&negated);
        let _ = of_dense.g_sub_(&negated);
        let narrow = look.key.narrow(&of_dense);
        key.add(&look.key.narrow(&x), &narrow, &of_dense);
        let mut of_frames = look.key.backward(&narrow);
        let _ = of_frames.baddbmm_(&weights.transpose(1, 2), gradient);
        let mut sum = look.chunk.gradient.shallow_clone();
        let _ = match factors {
            Some(factors) => sum.addcmul_(&of_frames, &factors),
            None => sum.g_add_(&of_frames),
        };
        of_queries
    }
}

/// Attention weights: softmax over time of `scores` `[batch, queries, time]` but for the
/// `padding` `[batch, 1, time]`. They sum to 1, or are all 0 where all is padding.
fn attend(mut scores: Tensor, padding: Option<&Tensor>) -> Tensor {
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

    fn look(queries: Tensor, padding: Option<Tensor>, dropout: Option<Dropout>) -> (Look, Linear) {
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
        let look = Look {
            chunk,
            key: Weights::of(&key, Precision::F32),
            queries,
            scale: 0.3,
            dropout,
        };
        (look, key)
    }

    /// What libtorch makes of the formulas: o, and the gradients by q, x, W and b.
    fn theirs(look: &Look, key: &Linear, of_found: &Tensor) -> [Tensor; 5] {
        let [q, x] = [&look.queries, &look.chunk.x].map(|t| t.copy().set_requires_grad(true));
        let dropped = match &look.dropout {
            Some(dropout) => &x * dropout.factors(&x),
            None => x.shallow_clone(),
        };
        let keys = key.forward(&dropped).tanh();
        let scores = q.matmul(&keys.transpose(1, 2)) * look.scale;
        let found = attend(scores, look.chunk.padding.as_ref()).bmm(&dropped);
        (&found * of_found).sum(Kind::Float).backward();
        let bias = key.bs.as_ref().unwrap();
        // Copies, since the weights' gradients go on to grow.
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
            let (look, key) = look(normal(&[asked, 2, 4]), padding, dropout);
            let theirs = theirs(&look, &key, &of_found);
            let of_frames = look.chunk.gradient.shallow_clone();
            let mut gradient = DenseGradient::default();
            let (found, of_queries) = tch::no_grad(|| {
                let (found, seen) = look.find();
                (found, seen.backward(&of_found, &mut gradient))
            });
            let of_queries = of_queries.sum_to_size([asked, 2, 4]);
            gradient.as_loss(&key).unwrap().backward();
            // Their gradients are still there: ours came on top.
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
        let weights = attend(scores, Some(&padding));
        let weights = Vec::<f32>::try_from(weights.flatten(0, 2)).unwrap();
        assert_eq!(weights, [0.5, 0.5, 0.0, 0.0, 0.0, 0.0]);
    }
}
