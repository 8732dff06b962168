//! The frames of one modality of a batch, projected, in chunks that a core's cache can hold.

use std::ops::Range;

use tch::{Device, Tensor};

use undertone_types::Matrix;

/// Frames in a chunk, each a kilobyte per intermediate tensor at the usual width. Smaller chunks
/// cost more calls, larger ones do not fit a core's cache.
const CHUNK: usize = 768;

/// Frames in a chunk, at most: a device with its own memory takes a batch at once.
pub(super) fn chunk_frames(device: Device) -> usize {
    match device {
        Device::Cpu => CHUNK,
        _ => usize::MAX,
    }
}

/// Projected frames of one modality, shared by both flows.
#[derive(Debug)]
pub struct Frames {
    pub(super) chunks: Vec<Chunk>,
    /// The raw sequences that they were made from.
    pub(super) sequences: Vec<Matrix>,
    /// `[batch, 1]`, 1 where there is any frame.
    pub(super) present: Tensor,
}

/// Some neighbouring utterances of a batch, padded to the longest of them.
#[derive(Debug)]
pub(super) struct Chunk {
    /// Which utterances of the batch.
    pub(super) rows: Range<i64>,
    /// `[batch, time, d]`.
    pub(super) x: Tensor,
    /// The sum of the gradients of x, of the same shape; undefined unless training.
    pub(super) gradient: Tensor,
    /// `[batch, 1, time]`, true where there is no frame; `None` without padding.
    pub(super) padding: Option<Tensor>,
}

impl Chunk {
    /// Another handle on the same tensors.
    pub(super) fn share(&self) -> Self {
        Self {
            rows: self.rows.clone(),
            x: self.x.shallow_clone(),
            gradient: self.gradient.shallow_clone(),
            padding: self.padding.as_ref().map(Tensor::shallow_clone),
        }
    }
}

impl Frames {
    /// The chunks of a batch of these sequences.
    pub(super) fn new(chunks: Vec<Chunk>, sequences: &[&Matrix], device: Device) -> Self {
        let present = |sequence: &&Matrix| f32::from(u8::from(!sequence.is_empty()));
        let present: Vec<f32> = sequences.iter().map(present).collect();
        Self {
            chunks,
            sequences: sequences.iter().copied().cloned().collect(),
            present: Tensor::from_slice(&present).unsqueeze(1).to_device(device),
        }
    }
}

/// Cuts a batch into runs of neighbours that are at most `limit` frames long once padded, or
/// a single utterance.
pub(super) fn chunks(sequences: &[&Matrix], limit: usize) -> Vec<Range<usize>> {
    let mut ranges: Vec<Range<usize>> = Vec::new();
    let mut longest = 0;
    for (at, sequence) in sequences.iter().enumerate() {
        longest = longest.max(sequence.rows());
        match ranges.last_mut() {
            Some(range) if (range.len() + 1) * longest <= limit => range.end = at + 1,
            _ => {
                ranges.push(at..at + 1);
                longest = sequence.rows();
            }
        }
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_hold_short_utterances_together_and_long_ones_alone() {
        let rows = [CHUNK / 2, CHUNK / 2, 1, 2 * CHUNK, 3, 0, 4];
        let sequences = rows.map(|rows| Matrix::new(rows, 1, vec![0.0; rows]).unwrap());
        let sequences: Vec<&Matrix> = sequences.iter().collect();
        assert_eq!(chunks(&sequences, CHUNK), [0..2, 2..3, 3..4, 4..7]);
    }
}
