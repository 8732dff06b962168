//! A stand-in for a speech language model, for data sets that were made without one.

use std::path::Path;

use super::ridge::{Ridge, Row, pooled};
use super::{Dataset, Example, Split, TrainError};
use undertone_types::Matrix;

/// The file beside a network's weights.
pub(super) const SIMULATOR: &str = "simulator.safetensors";

/// Simulates an utterance's text as one row: a linear map from the means of its audio and video
/// to the mean of its real text.
#[derive(Clone, Debug)]
pub struct Simulator(Ridge);

impl Simulator {
    /// Fits the map on the training split; its penalty is chosen on the validation split.
    ///
    /// # Errors
    /// When the data set cannot be read, or a split has no text.
    pub(super) fn fit(dataset: &Dataset) -> Result<Self, TrainError> {
        let (x, y) = pairs(dataset, Split::Train)?;
        let (x_val, y_val) = pairs(dataset, Split::Val)?;
        for (rows, split) in [(&x, Split::Train), (&x_val, Split::Val)] {
            if rows.is_empty() {
                return Err(TrainError::NothingToSimulate { split });
            }
        }
        Ok(Self(Ridge::fit((&x, &y), (&x_val, &y_val))?))
    }

    /// The simulator of a trained network's folder, if it was trained with one.
    ///
    /// # Errors
    /// When its file cannot be read.
    pub fn beside(network: &Path) -> Result<Option<Self>, TrainError> {
        let path = network.join(SIMULATOR);
        path.exists()
            .then(|| Ridge::read(&path).map(Self))
            .transpose()
    }

    /// Writes it into a network's folder.
    pub(super) fn write(&self, folder: &Path) -> Result<(), TrainError> {
        self.0.write(&folder.join(SIMULATOR))
    }

    /// Removes what an earlier run may have left in a network's folder.
    pub(super) fn forget(folder: &Path) -> Result<(), TrainError> {
        let path = folder.join(SIMULATOR);
        match std::fs::remove_file(&path) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                Err(TrainError::Write { path, source })
            }
            _ => Ok(()),
        }
    }

    /// The simulated text, one row; empty where neither voice nor face is there.
    pub(super) fn simulate(&self, example: &Example) -> Matrix {
        let width = example.real.cols();
        if example.audio.is_empty() && example.video.is_empty() {
            return Matrix::empty(width);
        }
        let row = self.0.predict(&inputs(example));
        let row: Vec<f32> = row.into_iter().map(|value| value as f32).collect();
        Matrix::new(1, width, row).unwrap_or_else(|_| Matrix::empty(width))
    }
}

fn inputs(example: &Example) -> Row {
    pooled(&[&example.audio, &example.video])
}

/// What there is to map, and to what, of the utterances that have both.
fn pairs(dataset: &Dataset, split: Split) -> Result<(Vec<Row>, Vec<Row>), TrainError> {
    let mut pairs = (Vec::new(), Vec::new());
    for at in dataset.split(split) {
        let example = dataset.example(at)?;
        let heard = !(example.audio.is_empty() && example.video.is_empty());
        if heard && !example.real.is_empty() {
            pairs.0.push(inputs(&example));
            pairs.1.push(pooled(&[&example.real]));
        }
    }
    Ok(pairs)
}
