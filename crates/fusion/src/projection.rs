//! Normalised frames to the width of the network (paper, step 1), chunk by chunk.
//!
//! The padded frames of a whole batch would be the largest tensors of a step, so they are made
//! for one chunk at a time, and made again in the backward pass.

use std::sync::Arc;

use tch::Tensor;
use tch::nn::{Linear, Path};

use super::batch::Padded;
use super::compute::Compute;
use super::dense::{DenseGradient, Weights};
use super::frames::{Chunk, Frames, chunk_frames, chunks};
use super::lanes::spread;
use super::layers::linear;
use super::normaliser::{Normaliser, Scale, normaliser};
use super::{Modality, NetworkConfig, Rng};
use undertone_types::Matrix;

/// Normaliser and projection of one modality.
#[derive(Debug)]
pub(super) struct Projection {
    pub(super) normaliser: Normaliser,
    pub(super) dense: Linear,
}

/// A projection of frames `width` wide to the network's width.
pub(super) fn projection(
    p: &Path<'_>,
    modality: Modality,
    width: usize,
    config: &NetworkConfig,
    rng: &mut Rng,
) -> Projection {
    Projection {
        normaliser: normaliser(&(p / "norm" / modality), width, config.feature_limit),
        dense: linear(&(p / "project" / modality), width, config.model_width, rng),
    }
}

/// Some utterances of a batch, and what is needed to pad and normalise them.
struct Raw {
    sequences: Vec<Matrix>,
    scale: Arc<Scale>,
}

impl Raw {
    fn padded(&self, compute: Compute) -> Padded {
        let sequences: Vec<&Matrix> = self.sequences.iter().collect();
        Padded::new(&sequences, &self.scale, compute.precision).to_device(compute.device)
    }
}

impl Projection {
    /// Projects the frames of a batch; `train` allocates their gradients.
    pub(super) fn forward(&self, sequences: &[&Matrix], compute: Compute, train: bool) -> Frames {
        let scale = Arc::new(self.normaliser.scale());
        let weights = Weights::of(&self.dense, compute.precision);
        let ranges = chunks(sequences, chunk_frames(compute.device));
        let works = ranges.iter().map(|range| {
            let raw = Raw {
                sequences: sequences[range.clone()].iter().copied().cloned().collect(),
                scale: Arc::clone(&scale),
            };
            (range.start, raw, weights.share())
        });
        let project = |(): &mut (), (first, raw, weights): (usize, Raw, Weights)| {
            chunk(first, raw.padded(compute), &weights, train)
        };
        let (chunks, _) = spread(works.collect(), compute.threads, project);
        Frames::new(chunks, sequences, compute.device)
    }

    /// The gradient of the layer, from the gradients that the chunks have gathered.
    pub(super) fn backward(&self, frames: &Frames, compute: Compute) -> DenseGradient {
        let scale = Arc::new(self.normaliser.scale());
        let works = frames.chunks.iter().map(|chunk| {
            let rows = chunk.rows.start as usize..chunk.rows.end as usize;
            let raw = Raw {
                sequences: frames.sequences[rows].to_vec(),
                scale: Arc::clone(&scale),
            };
            (chunk.gradient.shallow_clone(), raw)
        });
        let add = |sum: &mut DenseGradient, (gradient, raw): (Tensor, Raw)| {
            let narrow = gradient.to_kind(compute.precision.kind());
            sum.add(&raw.padded(compute).frames, &narrow, &gradient);
        };
        let (_, gathered) = spread(works.collect(), compute.threads, add);
        DenseGradient::sum(gathered.into_iter())
    }
}

/// Projects one chunk; `first` is the position of its first utterance in the batch.
pub(super) fn chunk(first: usize, padded: Padded, weights: &Weights, train: bool) -> Chunk {
    let x = weights.forward(&padded.frames);
    let first = first as i64;
    Chunk {
        rows: first..first + x.size()[0],
        gradient: if train { x.zeros_like() } else { Tensor::new() },
        x,
        padding: padded.padding,
    }
}
