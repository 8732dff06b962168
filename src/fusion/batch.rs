//! Sequences of different lengths as one padded tensor and its mask.

use tch::{Kind, Tensor};

use crate::flow::Matrix;

/// One modality of a batch. At least one time step long, so that a batch in which nobody
/// has the modality is no special case.
#[derive(Debug)]
pub struct Padded {
    /// `[batch, time, width]`, zeros where there is no frame.
    pub frames: Tensor,
    /// `[batch, time]`, true where there is a frame.
    pub mask: Tensor,
    /// `[batch, 1]`, 1 where the modality has any frame.
    pub present: Tensor,
}

impl Padded {
    /// Pads sequences to the longest of them. Those with frames must be `width` wide.
    #[must_use]
    pub fn new(sequences: &[&Matrix], width: usize) -> Self {
        let time = sequences.iter().map(|s| s.rows()).max().unwrap_or(0).max(1);
        let batch = sequences.len();
        let mut frames = vec![0.0_f32; batch * time * width];
        let mut mask = vec![false; batch * time];
        for (index, sequence) in sequences.iter().enumerate() {
            let start = index * time;
            frames[start * width..][..sequence.rows() * width]
                .copy_from_slice(&sequence.as_slice()[..sequence.rows() * width]);
            mask[start..start + sequence.rows()].fill(true);
        }
        let (batch, time, width) = (batch as i64, time as i64, width as i64);
        let mask = Tensor::from_slice(&mask).view((batch, time));
        Self {
            frames: Tensor::from_slice(&frames).view((batch, time, width)),
            present: mask.any_dim(1, true).to_kind(Kind::Float),
            mask,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_sequences_are_padded_and_masked() {
        let long = Matrix::from_rows(&[[1.0, 2.0], [3.0, 4.0]]);
        let padded = Padded::new(&[&long, &Matrix::empty(2)], 2);
        assert_eq!(padded.frames.size(), [2, 2, 2]);
        assert_eq!(
            padded
                .frames
                .get(1)
                .abs()
                .sum(Kind::Float)
                .double_value(&[]),
            0.0
        );
        let mask = Vec::<bool>::try_from(padded.mask.flatten(0, 1)).unwrap();
        assert_eq!(mask, [true, true, false, false]);
        let present = Vec::<f32>::try_from(padded.present.flatten(0, 1)).unwrap();
        assert_eq!(present, [1.0, 0.0]);
    }

    #[test]
    fn a_modality_that_nobody_has_is_one_masked_step() {
        let padded = Padded::new(&[&Matrix::empty(0)], 3);
        assert_eq!(padded.frames.size(), [1, 1, 3]);
        assert!(!bool::try_from(padded.mask.any()).unwrap());
    }
}
