//! A stand-in for a speech language model, for data sets that were made without one.

use std::path::Path;

use super::ridge::{Ridge, RidgeError, Row, pooled};
use super::{Dataset, DatasetError, Example};
use crate::files::FileError;
use undertone_types::{Matrix, Split};

/// The file beside a network's weights.
pub(super) const SIMULATOR: &str = "simulator.safetensors";

/// A simulator that cannot be fitted, read or written.
#[derive(Debug, thiserror::Error)]
pub enum SimulatorError {
    /// The data set is unusable.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    /// No utterance of a split has both what the map takes and what it gives.
    #[error(
        "data.simulated = \"ridge\" needs {split} utterances with text, and with audio or video; \
         there are none"
    )]
    NoPairs {
        /// Which split.
        split: Split,
    },
    /// The map cannot be fitted, read or written.
    #[error(transparent)]
    Ridge(#[from] RidgeError),
    /// The file of an earlier run cannot be removed.
    #[error(transparent)]
    File(#[from] FileError),
}

impl SimulatorError {
    /// Whether another command line would help.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        match self {
            Self::Dataset(error) => error.is_usage(),
            Self::NoPairs { .. } | Self::Ridge(_) | Self::File(_) => false,
        }
    }
}

/// Simulates an utterance's text as one row: a linear map from the means of its audio and video
/// to the mean of its real text.
#[derive(Clone, Debug)]
pub struct Simulator(Ridge);

impl Simulator {
    /// Fits the map on the training split; its penalty is chosen on the validation split.
    ///
    /// # Errors
    /// When the data set cannot be read, or a split has no text.
    pub(super) fn fit(dataset: &Dataset) -> Result<Self, SimulatorError> {
        let (x, y) = pairs(dataset, Split::Train)?;
        let (x_val, y_val) = pairs(dataset, Split::Val)?;
        for (rows, split) in [(&x, Split::Train), (&x_val, Split::Val)] {
            if rows.is_empty() {
                return Err(SimulatorError::NoPairs { split });
            }
        }
        Ok(Self(Ridge::fit((&x, &y), (&x_val, &y_val))?))
    }

    /// The simulator of a trained network's folder, if it was trained with one.
    ///
    /// # Errors
    /// When its file cannot be read.
    pub fn beside(network: &Path) -> Result<Option<Self>, RidgeError> {
        let path = network.join(SIMULATOR);
        path.exists()
            .then(|| Ridge::read(&path).map(Self))
            .transpose()
    }

    /// Writes it into a network's folder.
    pub(super) fn write(&self, folder: &Path) -> Result<(), RidgeError> {
        self.0.write(&folder.join(SIMULATOR))
    }

    /// Removes the file that an earlier run may have left in a network's folder.
    pub(super) fn remove(folder: &Path) -> Result<(), FileError> {
        let path = folder.join(SIMULATOR);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(FileError::write(&path)(error))
            }
            _ => Ok(()),
        }
    }

    /// The simulated text, one row; empty without both audio and video.
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

/// Inputs and outputs of the map, of the utterances that have both.
fn pairs(dataset: &Dataset, split: Split) -> Result<(Vec<Row>, Vec<Row>), DatasetError> {
    let mut pairs = (Vec::new(), Vec::new());
    for at in dataset.split(split) {
        let example = dataset.example(at)?;
        let has_input = !(example.audio.is_empty() && example.video.is_empty());
        if has_input && !example.real.is_empty() {
            pairs.0.push(inputs(&example));
            pairs.1.push(pooled(&[&example.real]));
        }
    }
    Ok(pairs)
}
