//! Attention over the frames of all modalities of a batch, on several threads, forward and
//! backward.

use tch::Tensor;

use super::attention::{Attention, ChunkAttention, SavedAttention};
use super::compute::Compute;
use super::dense::{DenseGradient, Weights};
use super::lanes::spread;
use super::{Frames, Modality, Noise, Trio};

/// What the backward pass needs of the forward pass.
#[derive(Debug)]
pub(super) struct Tape {
    saved: Trio<Vec<SavedAttention>>,
    compute: Compute,
}

/// The gradients of an attention.
#[derive(Debug)]
pub(super) struct AttentionGradient {
    /// By the queries, per utterance: `[batch, queries, d]`.
    pub(super) queries: Trio<Tensor>,
    /// By the dense layers that give the keys.
    pub(super) keys: Trio<DenseGradient>,
}

/// The attention of the queries (`[batch, queries, d]`, or `[1, queries, d]` for all utterances)
/// over the frames of each modality, `[batch, queries, d]`, outside of libtorch's graph. Without
/// `keep` the tape is empty, which saves memory where no backward pass follows.
pub(super) fn attend(
    frames: &Trio<&Frames>,
    layers: &Trio<&Attention>,
    queries: &Trio<Tensor>,
    noise: &mut Noise,
    compute: Compute,
    keep: bool,
) -> (Trio<Tensor>, Tape) {
    let mut chunks = Vec::new();
    for modality in Modality::ALL {
        let layer = layers.get(modality);
        let key = Weights::of(&layer.key, compute.precision);
        let dropout = noise.chunked(layer.dropout);
        let queries = queries.get(modality).detach();
        for (index, chunk) in frames.get(modality).chunks.iter().enumerate() {
            let count = chunk.rows.end - chunk.rows.start;
            let attention = ChunkAttention {
                chunk: chunk.share(),
                key: key.share(),
                queries: match queries.size()[0] {
                    1 => queries.shallow_clone(),
                    _ => queries.narrow(0, chunk.rows.start, count),
                },
                scale: layer.scale,
                dropout: dropout.of(index),
            };
            chunks.push((modality, attention));
        }
    }
    let forward = |(): &mut (), (modality, attention): (Modality, ChunkAttention)| {
        let (found, saved) = attention.forward();
        (modality, found, keep.then_some(saved))
    };
    let (results, _) = spread(chunks, compute.threads, forward);
    let mut found = Trio::<Vec<Tensor>>::default();
    let mut saved = Trio::<Vec<SavedAttention>>::default();
    for (modality, tensor, one) in results {
        found.get_mut(modality).push(tensor);
        saved.get_mut(modality).extend(one);
    }
    let found = Trio::from_fn(|m| Tensor::cat(found.get(m), 0));
    (found, Tape { saved, compute })
}

impl Tape {
    /// The gradients of the queries and key layers, from those of the attention's output,
    /// `[batch, queries, d]`. Those of the frames are added to their chunks'.
    pub(super) fn backward(self, gradients: &Trio<Tensor>) -> AttentionGradient {
        let Trio { audio, text, video } = self.saved;
        let mut chunks = Vec::new();
        for (modality, saved) in Modality::ALL.into_iter().zip([audio, text, video]) {
            let gradient = gradients.get(modality);
            for saved in saved {
                let rows = saved.rows();
                let gradient = gradient.narrow(0, rows.start, rows.end - rows.start);
                chunks.push((modality, saved, gradient));
            }
        }
        let backward = |keys: &mut Trio<DenseGradient>,
                        chunk: (Modality, SavedAttention, Tensor)| {
            let (modality, saved, gradient) = chunk;
            (modality, saved.backward(&gradient, keys.get_mut(modality)))
        };
        let (results, gathered) = spread(chunks, self.compute.threads, backward);
        let mut queries = Trio::<Vec<Tensor>>::default();
        for (modality, tensor) in results {
            queries.get_mut(modality).push(tensor);
        }
        let mut keys = Trio::<Vec<DenseGradient>>::default();
        for lane in gathered {
            keys.audio.push(lane.audio);
            keys.text.push(lane.text);
            keys.video.push(lane.video);
        }
        let Trio { audio, text, video } = keys;
        AttentionGradient {
            queries: Trio::from_fn(|m| Tensor::cat(queries.get(m), 0)),
            keys: Trio {
                audio: DenseGradient::sum(audio.into_iter()),
                text: DenseGradient::sum(text.into_iter()),
                video: DenseGradient::sum(video.into_iter()),
            },
        }
    }
}
