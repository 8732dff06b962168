//! Sequences of different lengths as one padded tensor and its mask.

use std::mem::MaybeUninit;

use tch::{Device, Tensor};

use super::Precision;
use super::memory::{Value, filled};
use super::normaliser::Scale;
use undertone_types::Matrix;

/// The frames of one modality of some utterances, normalised. It has at least one time step, so
/// that a chunk without the modality is not a special case.
#[derive(Debug)]
pub(super) struct Padded {
    /// `[batch, time, width]`, zeros where there is no frame.
    pub(super) frames: Tensor,
    /// `[batch, 1, time]`, true where there is no frame; `None` without padding.
    pub(super) padding: Option<Tensor>,
}

impl Padded {
    /// Normalises sequences and pads them to the longest, with elements of this precision.
    /// Sequences with frames must be as wide as the scale.
    pub(super) fn new(sequences: &[&Matrix], scale: &Scale, precision: Precision) -> Self {
        match precision {
            Precision::F32 => Self::of::<f32>(sequences, scale),
            Precision::Bf16 => Self::of::<half::bf16>(sequences, scale),
        }
    }

    /// The same tensors on another device.
    pub(super) fn to_device(&self, device: Device) -> Self {
        let padding = self.padding.as_ref();
        Self {
            frames: self.frames.to_device(device),
            padding: padding.map(|padding| padding.to_device(device)),
        }
    }

    fn of<T: Value>(sequences: &[&Matrix], scale: &Scale) -> Self {
        let width = scale.width();
        let time = sequences.iter().map(|s| s.rows()).max().unwrap_or(0).max(1);
        let mut padding = vec![false; sequences.len() * time];
        for (row, sequence) in padding.chunks_exact_mut(time).zip(sequences) {
            row[sequence.rows()..].fill(true);
        }
        let [batch, length] = [sequences.len(), time].map(|side| side as i64);
        let frames = filled::<T>(&[batch, length, width as i64], |values| {
            for (row, sequence) in values.chunks_exact_mut(time * width).zip(sequences) {
                let (frames, rest) = row.split_at_mut(sequence.rows() * width);
                scale.apply(sequence.as_slice(), frames);
                rest.fill(MaybeUninit::new(T::of(0.0)));
            }
        });
        let padded = padding.contains(&true);
        Self {
            frames,
            padding: padded.then(|| Tensor::from_slice(&padding).view((batch, 1, length))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn padded(sequences: &[&Matrix], width: usize) -> Padded {
        Padded::new(sequences, &Scale::none(width), Precision::F32)
    }

    #[test]
    fn short_sequences_are_padded_and_masked() {
        let long = Matrix::from_rows(&[[1.0, 2.0], [3.0, 4.0]]);
        let padded = padded(&[&long, &Matrix::empty(2)], 2);
        assert_eq!(padded.frames.size(), [2, 2, 2]);
        let frames = Vec::<f32>::try_from(padded.frames.flatten(0, 2)).unwrap();
        assert_eq!(frames, [1.0, 2.0, 3.0, 4.0, 0.0, 0.0, 0.0, 0.0]);
        let padding = Vec::<bool>::try_from(padded.padding.unwrap().flatten(0, 2)).unwrap();
        assert_eq!(padding, [false, false, true, true]);
    }

    #[test]
    fn a_modality_that_is_absent_everywhere_is_one_masked_step() {
        let padded = padded(&[&Matrix::empty(0)], 3);
        assert_eq!(padded.frames.size(), [1, 1, 3]);
        assert!(bool::try_from(padded.padding.unwrap().all()).unwrap());
    }
}
