//! Data sets on disk: what `undertone extract` writes and training reads.
//!
//! A data set is a folder with three kinds of files:
//!
//! - `dataset.json`: what made it. The count of utterances is added last, when all are written.
//! - `index.jsonl`: one line per utterance.
//! - `shard-NNNNN.safetensors`: up to four `f32` matrices per utterance, named `<id>/audio`,
//!   `<id>/text`, `<id>/simulated` and `<id>/video`; those without rows are left out.

mod coverage;
mod error;
mod index;
mod reader;
mod shard;
mod union;
mod writer;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use coverage::Coverage;
pub use error::{DatasetError, EmptySplit};
pub use reader::{Dataset, Findings, NonFinite};
pub use writer::DatasetWriter;

use undertone_fusion::{Modality, Widths};
use undertone_types::{Matrix, Split};

/// The version of the folders that this program writes and reads.
const FORMAT: u32 = 1;

/// What a data set was made of and by.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatasetInfo {
    /// Version of the folder's format.
    pub format: u32,
    /// Widths of the matrices; real and simulated text have the same.
    pub widths: Widths,
    /// Which extractor made which matrices, with its version.
    pub extractors: BTreeMap<String, String>,
    /// The bundle whose extractors made them.
    pub bundle: BundleId,
    /// How many utterances; absent while the data set is being written.
    pub utterances: Option<usize>,
    /// The fingerprint that earlier versions of this program gave the bundle: a data set with
    /// it is continued.
    #[serde(skip)]
    pub former_fingerprint: Option<String>,
}

/// Which bundle.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BundleId {
    /// Its name.
    pub name: String,
    /// What identifies the parts of it that make features.
    pub fingerprint: String,
}

/// An utterance's features and label.
#[derive(Clone, Debug, PartialEq)]
pub struct Example {
    /// Unique within the data set.
    pub id: String,
    /// The recording it was cut from.
    pub source: String,
    /// Its part of the data set.
    pub split: Split,
    /// Sentiment, usually in [−3, 3].
    pub label: f32,
    /// Its words, which the real text was made from.
    pub text: String,
    /// `[time, audio width]`; empty without audio.
    pub audio: Matrix,
    /// Real text `[tokens, text width]`; empty without words.
    pub real: Matrix,
    /// Simulated text `[tokens, text width]`; empty where nothing was generated.
    pub simulated: Matrix,
    /// `[frames with a face, video width]`; empty without a face.
    pub video: Matrix,
}

/// A line of the index: an utterance without its matrices.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Unique within the data set.
    pub id: String,
    /// The recording it was cut from.
    pub source: String,
    /// Its part of the data set.
    pub split: Split,
    /// Sentiment.
    pub label: f32,
    /// Its words.
    pub text: String,
    /// The number of its shard.
    pub shard: u32,
    /// Rows of its matrices.
    pub lengths: Lengths,
    /// Values that were not finite, and were set to 0 when it was written.
    pub zeroed: usize,
}

/// Rows of an utterance's matrices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lengths {
    /// Audio time steps.
    pub audio: usize,
    /// Tokens of the real text.
    pub text: usize,
    /// Tokens of the simulated text.
    pub simulated: usize,
    /// Frames with a face.
    pub video: usize,
}

impl DatasetInfo {
    /// The description of a data set that is about to be written.
    #[must_use]
    pub fn new(widths: Widths, extractors: BTreeMap<String, String>, bundle: BundleId) -> Self {
        Self {
            format: FORMAT,
            widths,
            extractors,
            bundle,
            utterances: None,
            former_fingerprint: None,
        }
    }
}

impl Example {
    /// Its matrices, with the name and modality of each.
    pub(super) fn matrices_mut(&mut self) -> [(&'static str, Modality, &mut Matrix); 4] {
        [
            ("audio", Modality::Audio, &mut self.audio),
            ("text", Modality::Text, &mut self.real),
            ("simulated", Modality::Text, &mut self.simulated),
            ("video", Modality::Video, &mut self.video),
        ]
    }
}

/// The matrix with zeros in place of values that are not finite, and how many those were;
/// `None` when all are finite.
fn finite(matrix: &Matrix) -> Option<(Matrix, usize)> {
    let values = matrix.as_slice();
    let count = values.iter().filter(|value| !value.is_finite()).count();
    if count == 0 {
        return None;
    }
    let zeroed: Vec<f32> = values
        .iter()
        .map(|&value| if value.is_finite() { value } else { 0.0 })
        .collect();
    let matrix = Matrix::new(matrix.rows(), matrix.cols(), zeroed).ok()?;
    Some((matrix, count))
}
