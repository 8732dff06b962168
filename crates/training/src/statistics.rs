//! Mean and deviation of every feature, over the frames of the training split.

use super::{Dataset, DatasetError};
use undertone_fusion::{Modality, Network, Trio};
use undertone_types::{Matrix, Split};

/// Running sums of one modality, shifted by the first frame so that no precision is lost.
#[derive(Clone, Debug)]
struct Sums {
    shift: Option<Vec<f64>>,
    count: f64,
    sum: Vec<f64>,
    square: Vec<f64>,
}

impl Sums {
    fn new(width: usize) -> Self {
        Self {
            shift: None,
            count: 0.0,
            sum: vec![0.0; width],
            square: vec![0.0; width],
        }
    }

    fn add(&mut self, matrix: &Matrix) {
        for row in 0..matrix.rows() {
            let row = matrix.row(row);
            let shift = self
                .shift
                .get_or_insert_with(|| row.iter().map(|&v| f64::from(v)).collect());
            self.count += 1.0;
            for (at, &value) in row.iter().enumerate() {
                let value = f64::from(value) - shift[at];
                self.sum[at] += value;
                self.square[at] += value * value;
            }
        }
    }

    /// Mean and deviation; 0 and 1 without frames.
    fn fitted(&self) -> (Vec<f32>, Vec<f32>) {
        let Some(shift) = &self.shift else {
            let width = self.sum.len();
            return (vec![0.0; width], vec![1.0; width]);
        };
        let moments = self.sum.iter().zip(&self.square).zip(shift);
        moments
            .map(|((sum, square), shift)| {
                let mean = sum / self.count;
                let variance = (square / self.count - mean * mean).max(0.0);
                ((mean + shift) as f32, variance.sqrt() as f32)
            })
            .unzip()
    }
}

/// Fits the network's normalisers of some modalities to the training split; real and simulated text
/// count alike, since they share one projection.
pub(super) fn fit(
    network: &mut Network,
    dataset: &Dataset,
    modalities: &[Modality],
) -> Result<(), DatasetError> {
    if modalities.is_empty() {
        return Ok(());
    }
    let widths = dataset.info().widths;
    let mut sums = Trio::from_fn(|modality| Sums::new(*widths.get(modality)));
    for at in dataset.split(Split::Train) {
        let example = dataset.example(at)?;
        sums.audio.add(&example.audio);
        sums.text.add(&example.real);
        sums.text.add(&example.simulated);
        sums.video.add(&example.video);
    }
    for &modality in modalities {
        let (mean, deviation) = sums.get(modality).fitted();
        network.normalise(modality, &mean, &deviation);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_by_hand_far_from_zero() {
        let mut sums = Sums::new(2);
        sums.add(&Matrix::from_rows(&[[1e6, 5.0], [1e6 + 2.0, 5.0]]));
        sums.add(&Matrix::empty(2));
        let (mean, deviation) = sums.fitted();
        assert_eq!(mean, [1e6 + 1.0, 5.0]);
        assert_eq!(deviation, [1.0, 0.0]);
    }

    #[test]
    fn nothing_seen_changes_nothing() {
        assert_eq!(Sums::new(1).fitted(), (vec![0.0], vec![1.0]));
    }
}
