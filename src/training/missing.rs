//! Modalities left out at random, so that the network learns to do without them.

use super::Example;
use crate::flow::Matrix;
use crate::fusion::Rng;

/// Which of audio, text and video stay.
pub(super) type Kept = [bool; 3];

/// The proper, non-empty parts of three modalities.
const PARTS: [Kept; 6] = [
    [true, false, false],
    [false, true, false],
    [false, false, true],
    [true, true, false],
    [true, false, true],
    [false, true, true],
];

/// With probability `rate` leaves a random part of the modalities, each part as likely. Audio
/// and video leave both flows. Text leaves the text-missing flow only: where the complete flow
/// runs, there is a transcript.
pub(super) fn leave_out(example: &mut Example, rate: f64, rng: &mut Rng) {
    // Both are drawn always, so that the rate does not shift the later draws.
    let (chance, part) = (rng.unit(), PARTS[rng.below(PARTS.len())]);
    if chance < rate {
        let [audio, text, video] = part;
        keep(&mut example.audio, audio);
        keep(&mut example.simulated, text);
        keep(&mut example.video, video);
    }
}

fn keep(matrix: &mut Matrix, kept: bool) {
    if !kept {
        *matrix = Matrix::empty(matrix.cols());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::training::Split;

    fn example() -> Example {
        let matrix = Matrix::from_rows(&[[1.0]]);
        Example {
            id: String::new(),
            source: String::new(),
            split: Split::Train,
            label: 0.0,
            text: String::new(),
            audio: matrix.clone(),
            real: matrix.clone(),
            simulated: matrix.clone(),
            video: matrix,
        }
    }

    #[test]
    fn something_stays_and_real_text_always() {
        let mut rng = Rng::stream(&[1]);
        let mut touched = 0;
        for _ in 0..300 {
            let mut example = example();
            leave_out(&mut example, 0.5, &mut rng);
            let parts = [&example.audio, &example.simulated, &example.video];
            let left = parts.iter().filter(|matrix| !matrix.is_empty()).count();
            assert!(left > 0);
            assert!(!example.real.is_empty());
            touched += usize::from(left < 3);
        }
        assert!((100..200).contains(&touched), "{touched}");
    }

    #[test]
    fn rate_zero_leaves_everything() {
        let mut left = example();
        leave_out(&mut left, 0.0, &mut Rng::stream(&[1]));
        assert_eq!(left, example());
    }
}
