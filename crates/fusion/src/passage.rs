//! Queries into the frames of all modalities of a batch, on several threads, and back.

use tch::Tensor;

use super::attention::{Attention, Look, Seen};
use super::compute::Compute;
use super::dense::{DenseGradient, Weights};
use super::lanes::spread;
use super::{Frames, Modality, Noise, Trio};

/// How to get back from a passage.
#[derive(Debug)]
pub(super) struct Passage {
    seen: Trio<Vec<Seen>>,
    compute: Compute,
}

/// Gradients of a passage.
#[derive(Debug)]
pub(super) struct PassageGradient {
    /// By the queries, per utterance: `[batch, queries, d]`.
    pub(super) queries: Trio<Tensor>,
    /// By the dense layers that give the keys.
    pub(super) keys: Trio<DenseGradient>,
}

/// What the queries (`[batch, queries, d]`, or one for all utterances) find in the frames, per
/// modality `[batch, queries, d]`, outside of libtorch's graph. Who will not go back passes
/// `keep` as false and saves the memory.
pub(super) fn pass(
    frames: &Trio<&Frames>,
    attentions: &Trio<&Attention>,
    queries: &Trio<Tensor>,
    noise: &mut Noise,
    compute: Compute,
    keep: bool,
) -> (Trio<Tensor>, Passage) {
    let mut looks = Vec::new();
    for modality in Modality::ALL {
        let attention = attentions.get(modality);
        let key = Weights::of(&attention.key, compute.precision);
        let dropout = noise.chunked(attention.dropout);
        let queries = queries.get(modality).detach();
        for (index, chunk) in frames.get(modality).chunks.iter().enumerate() {
            let count = chunk.rows.end - chunk.rows.start;
            let look = Look {
                chunk: chunk.share(),
                key: key.share(),
                queries: match queries.size()[0] {
                    1 => queries.shallow_clone(),
                    _ => queries.narrow(0, chunk.rows.start, count),
                },
                scale: attention.scale,
                dropout: dropout.of(index),
            };
            looks.push((modality, look));
        }
    }
    let find = |(): &mut (), (modality, look): (Modality, Look)| {
        let (found, seen) = look.find();
        (modality, found, keep.then_some(seen))
    };
    let (results, _) = spread(looks, compute.threads, find);
    let mut found = Trio::<Vec<Tensor>>::default();
    let mut seen = Trio::<Vec<Seen>>::default();
    for (modality, tensor, one) in results {
        found.get_mut(modality).push(tensor);
        seen.get_mut(modality).extend(one);
    }
    let found = Trio::from_fn(|m| Tensor::cat(found.get(m), 0));
    (found, Passage { seen, compute })
}

impl Passage {
    /// From the gradients of what was found, `[batch, queries, d]`. Those of the frames are
    /// added to their chunks'.
    pub(super) fn backward(self, gradients: &Trio<Tensor>) -> PassageGradient {
        let Trio { audio, text, video } = self.seen;
        let mut ways = Vec::new();
        for (modality, seen) in Modality::ALL.into_iter().zip([audio, text, video]) {
            let gradient = gradients.get(modality);
            for seen in seen {
                let rows = seen.rows();
                let gradient = gradient.narrow(0, rows.start, rows.end - rows.start);
                ways.push((modality, seen, gradient));
            }
        }
        let back = |keys: &mut Trio<DenseGradient>, way: (Modality, Seen, Tensor)| {
            let (modality, seen, gradient) = way;
            (modality, seen.backward(&gradient, keys.get_mut(modality)))
        };
        let (results, gathered) = spread(ways, self.compute.threads, back);
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
        PassageGradient {
            queries: Trio::from_fn(|m| Tensor::cat(queries.get(m), 0)),
            keys: Trio {
                audio: DenseGradient::sum(audio.into_iter()),
                text: DenseGradient::sum(text.into_iter()),
                video: DenseGradient::sum(video.into_iter()),
            },
        }
    }
}
