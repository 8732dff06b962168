//! What can be wrong with a data set.

use std::path::PathBuf;

use crate::files::FileError;
use undertone_fusion::Modality;

/// A data set that cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum DatasetError {
    /// One of its files cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// A shard is not a whole safetensors file.
    #[error("{} is not a whole safetensors file", path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: safetensors::SafeTensorError,
    },
    /// It was never finished.
    #[error(
        "the data set {} is not finished; run its extraction or import again to finish it",
        path.display()
    )]
    Unfinished {
        /// Which folder.
        path: PathBuf,
    },
    /// The folder holds another data set.
    #[error("{} already holds another data set: {difference}", path.display())]
    Other {
        /// Which folder.
        path: PathBuf,
        /// What differs.
        difference: String,
    },
    /// Its files contradict each other.
    #[error("the data set {} contradicts itself: {reason}", path.display())]
    Inconsistent {
        /// Which folder.
        path: PathBuf,
        /// How.
        reason: String,
    },
    /// Ids that appear more than once.
    #[error("duplicate ids: {}", ids.join(", "))]
    DuplicateIds {
        /// The first of them.
        ids: Vec<String>,
    },
    /// The same ids in two data sets.
    #[error(
        "{} and {} both have {}{}: leave one of them out, or extract one again with ids of its own \
         (a column `id` in tables of texts, or a folder of another name)",
        paths[0],
        paths[1],
        ids.join(", "),
        if *count > ids.len() { format!(", … ({count} utterances)") } else { String::new() }
    )]
    SharedIds {
        /// The folders.
        paths: [String; 2],
        /// How many.
        count: usize,
        /// The first of them.
        ids: Vec<String>,
    },
    /// Features of two data sets that cannot be used together.
    #[error(
        "{} and {} do not go together: their {what} is {difference}; extract one of them again with \
         the bundle of the other",
        paths[0],
        paths[1]
    )]
    Unlike {
        /// The folders.
        paths: [String; 2],
        /// Which features.
        what: &'static str,
        /// How they differ.
        difference: String,
    },
    /// No data set at all.
    #[error("no data set is named")]
    None,
    /// A matrix is not as wide as the data set.
    #[error("{modality} of {id} is {got} wide, the data set has {expected}")]
    Width {
        /// Which utterance.
        id: String,
        /// Which modality.
        modality: Modality,
        /// The data set's width.
        expected: usize,
        /// The matrix's width.
        got: usize,
    },
    /// A label is NaN or infinite.
    #[error("the label of {id} is not finite")]
    Label {
        /// Which utterance.
        id: String,
    },
    /// A split has no utterances.
    #[error(transparent)]
    EmptySplit(#[from] EmptySplit),
}

/// A split without utterances, where some are needed.
#[derive(Debug, thiserror::Error)]
#[error(
    "the data set has no {0} utterances; name the splits when it is made (a column `split`, or \
     `--val-share` and `--test-share`), or cross-validate with `study --folds`"
)]
pub struct EmptySplit(pub undertone_types::Split);

impl DatasetError {
    /// Whether another command line would help.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        match self {
            Self::Other { .. } | Self::SharedIds { .. } | Self::Unlike { .. } | Self::None => true,
            Self::File(_)
            | Self::Damaged { .. }
            | Self::Unfinished { .. }
            | Self::Inconsistent { .. }
            | Self::DuplicateIds { .. }
            | Self::Width { .. }
            | Self::Label { .. }
            | Self::EmptySplit(_) => false,
        }
    }
}
