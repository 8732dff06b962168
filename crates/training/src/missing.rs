//! Modalities and frames left out at random, so that the network learns to do without them.

use super::{Example, MissingConfig};
use undertone_fusion::Rng;
use undertone_types::Matrix;

/// Which of audio, text and video stay.
pub(super) type Kept = [bool; 3];

/// The proper, non-empty subsets of the three modalities.
pub(super) const PARTS: [Kept; 6] = [
    [true, false, false],
    [false, true, false],
    [false, false, true],
    [true, true, false],
    [true, false, true],
    [false, true, true],
];

/// Leaves out modalities, then frames, as `config` asks. Audio and video are left out of both
/// flows. Text as a whole is left out of the text-missing flow only: the complete flow always
/// has a transcript.
pub(super) fn leave_out(example: &mut Example, config: &MissingConfig, rng: &mut Rng) {
    // Drawn in any case, so that the rates do not change the later draws.
    let (chance, part) = (rng.unit(), PARTS[rng.below(PARTS.len())]);
    let mut frames = Rng::stream(&[rng.bits()]);
    let there = [&example.audio, &example.simulated, &example.video].map(|m| !m.is_empty());
    let stays = part.iter().zip(there).any(|(kept, there)| *kept && there);
    // Where nothing would be left to answer from, nothing is learned.
    if chance < config.modalities && stays {
        let [audio, text, video] = part;
        keep(&mut example.audio, audio);
        keep(&mut example.simulated, text);
        keep(&mut example.video, video);
    }
    if config.frames > 0.0 {
        for (_, _, matrix) in example.matrices_mut() {
            *matrix = thinned(matrix, config.frames, &mut frames);
        }
    }
}

fn keep(matrix: &mut Matrix, kept: bool) {
    if !kept {
        *matrix = Matrix::empty(matrix.cols());
    }
}

/// The matrix without each of its rows with probability `rate`.
pub(super) fn thinned(matrix: &Matrix, rate: f64, rng: &mut Rng) -> Matrix {
    let rows = (0..matrix.rows()).filter(|_| rng.unit() >= rate);
    let values: Vec<f32> = rows.flat_map(|row| matrix.row(row).to_vec()).collect();
    let count = values.len() / matrix.cols().max(1);
    Matrix::new(count, matrix.cols(), values).unwrap_or_else(|_| Matrix::empty(matrix.cols()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use undertone_types::Split;

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

    fn rates(modalities: f64, frames: f64) -> MissingConfig {
        MissingConfig { modalities, frames }
    }

    #[test]
    fn something_stays_and_real_text_always() {
        let mut rng = Rng::stream(&[1]);
        let mut touched = 0;
        for _ in 0..300 {
            let mut example = example();
            leave_out(&mut example, &rates(0.5, 0.0), &mut rng);
            let parts = [&example.audio, &example.simulated, &example.video];
            let left = parts.iter().filter(|matrix| !matrix.is_empty()).count();
            assert!(left > 0);
            assert!(!example.real.is_empty());
            touched += usize::from(left < 3);
        }
        assert!((100..200).contains(&touched), "{touched}");
    }

    #[test]
    fn the_only_modality_stays() {
        let mut rng = Rng::stream(&[1]);
        for _ in 0..100 {
            let mut example = example();
            example.audio = Matrix::empty(1);
            example.video = Matrix::empty(1);
            leave_out(&mut example, &rates(1.0, 0.0), &mut rng);
            assert!(!example.simulated.is_empty());
        }
    }

    #[test]
    fn rate_zero_leaves_everything() {
        let mut left = example();
        leave_out(&mut left, &rates(0.0, 0.0), &mut Rng::stream(&[1]));
        assert_eq!(left, example());
    }

    #[test]
    fn frames_leave_every_matrix() {
        let mut thin = example();
        for (_, _, matrix) in thin.matrices_mut() {
            *matrix = Matrix::from_rows(&[[1.0]; 200]);
        }
        leave_out(&mut thin, &rates(0.0, 0.3), &mut Rng::stream(&[1]));
        for (name, _, matrix) in thin.matrices_mut() {
            assert!(
                (110..170).contains(&matrix.rows()),
                "{name}: {}",
                matrix.rows()
            );
        }
    }
}
