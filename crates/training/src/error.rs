//! What can go wrong in this room.

use std::path::{Path, PathBuf};

use super::Split;
use undertone_formats::FormatError;
use undertone_fusion::{FusionError, Modality};
use undertone_types::Failure;

/// A data set, config or run that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// An engine makes no session.
    #[error("{failure}")]
    Engine {
        /// Which, and why.
        failure: Failure,
    },
    /// All transcripts are right, or all are wrong: no gate can be fitted.
    #[error(
        "nothing to calibrate on: {right} of {transcribed} transcripts are right; both kinds are \
         needed, so take clips with and without noise"
    )]
    NothingToCalibrate {
        /// Clips in which something was transcribed.
        transcribed: usize,
        /// Of these, how many are right.
        right: usize,
    },
    /// A file could not be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file could not be written.
    #[error("cannot write {}", path.display())]
    Write {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The training config is not valid TOML or has unknown keys.
    #[error("{name} is not a training config")]
    Config {
        /// The file, or where the text came from.
        name: String,
        /// Why, with the line.
        source: Box<toml::de::Error>,
    },
    /// A key that the training config does not have.
    #[error("{0} is no key of a training config; config/train.toml explains all")]
    UnknownKey(String),
    /// Values in the training config are out of range.
    #[error("unusable training config: {}", problems.join("; "))]
    Unusable {
        /// One fragment each.
        problems: Vec<String>,
    },
    /// A line of JSON in a data set or run is not what it should be.
    #[error("{}, line {line}: not understood", path.display())]
    Json {
        /// Which file.
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
        /// Why.
        source: serde_json::Error,
    },
    /// A shard is not a whole safetensors file.
    #[error("{} is not a whole safetensors file", path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: safetensors::SafeTensorError,
    },
    /// The data set was never finished.
    #[error("the data set {} was not finished; run its extraction again to go on", path.display())]
    Unfinished {
        /// Which folder.
        path: PathBuf,
    },
    /// The folder holds another data set.
    #[error("{} already holds another data set: {difference}", path.display())]
    OtherDataset {
        /// Which folder.
        path: PathBuf,
        /// What differs.
        difference: String,
    },
    /// Something in the data set contradicts something else in it.
    #[error("the data set {} contradicts itself: {reason}", path.display())]
    Inconsistent {
        /// Which folder.
        path: PathBuf,
        /// How.
        reason: String,
    },
    /// Ids that appear more than once.
    #[error("duplicate ids: {}", ids.join(", "))]
    Duplicate {
        /// The first of them.
        ids: Vec<String>,
    },
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
    /// A split without utterances.
    #[error(
        "the data set has no {split} utterances; name the splits when it is made (a column \
         `split`, or `--val-share` and `--test-share`), or cross-validate with `study --folds`"
    )]
    Empty {
        /// Which split.
        split: String,
    },
    /// Nothing would be imported.
    #[error("there is no utterance to import: the splits or the labels name none of them")]
    NothingToImport,
    /// No utterances to fit a simulator on.
    #[error(
        "data.simulated = \"ridge\" needs {split} utterances with text, and with audio or video; \
         there are none"
    )]
    NothingToSimulate {
        /// In which split.
        split: Split,
    },
    /// The place for something new is taken.
    #[error("{} is there already; choose another folder", path.display())]
    Exists {
        /// Which place.
        path: PathBuf,
    },
    /// A packed bundle that does not hold together.
    #[error(transparent)]
    Bundle(#[from] undertone_bundle::BundleErrors),
    /// A network and a bundle that do not belong together.
    #[error("the network in {} does not fit the bundle: {reason}", path.display())]
    Unfit {
        /// The network's folder.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A bundle's manifest that is no TOML.
    #[error("{} is not valid TOML: {reason}", path.display())]
    Manifest {
        /// Which file.
        path: PathBuf,
        /// Why, with the line.
        reason: String,
    },
    /// A file could not be copied.
    #[error("cannot copy {} to {}", from.display(), to.display())]
    Copy {
        /// Which file.
        from: PathBuf,
        /// To where.
        to: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The curves could not be drawn.
    #[error("cannot draw {}: {reason}", path.display())]
    Picture {
        /// Which picture.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A CUDA device was asked for.
    #[error(
        "run.device = \"cuda\", but this libtorch sees no CUDA device: point LIBTORCH at one \
         for CUDA and build again, or set run.device to \"cpu\" or \"auto\""
    )]
    NoCuda,
    /// The scorer's widths are not the data set's.
    #[error("the network takes {modality} {expected} wide, the data set has {got}")]
    OtherWidths {
        /// Which modality.
        modality: Modality,
        /// The network's width.
        expected: usize,
        /// The data set's width.
        got: usize,
    },
    /// The checkpoint is of another run.
    #[error("cannot resume: {0}; start without resuming, or in another folder")]
    Resume(String),
    /// The run's folder is in use.
    #[error("{} already holds a run; resume it, or choose another folder", path.display())]
    Occupied {
        /// Which folder.
        path: PathBuf,
    },
    /// The loss became NaN or infinite.
    #[error("the loss is not finite in epoch {epoch}; lower optimiser.learning_rate")]
    Diverged {
        /// Which epoch, from 1.
        epoch: u32,
    },
    /// An evaluation protocol that does not exist.
    #[error(
        "{0:?} is no protocol; there are complete, simulated, parts like audio or audio+text, \
         random-modality:RATE, random-frames:RATE, and the families fixed, random-modality, \
         random-frames and all"
    )]
    Protocol(String),
    /// A part of the method that cannot be switched off.
    #[error("{0:?} is no part that can be left out; there are mkd, rs, rnc, mia and missing")]
    Term(String),
    /// A part of the method that is off already.
    #[error("without {0}: the config has it off already, so both runs would be the same")]
    OffAlready(&'static str),
    /// A cross-validation that cannot be.
    #[error(
        "{folds} folds of {recordings} recordings: there must be two folds or more, and more \
         recordings than folds"
    )]
    Folds {
        /// Folds asked for.
        folds: usize,
        /// Recordings outside of the test split.
        recordings: usize,
    },
    /// A folder of another study.
    #[error(
        "{} holds a study with another config, data set, folds or protocols; choose another folder",
        path.display()
    )]
    OtherStudy {
        /// Which folder.
        path: PathBuf,
    },
    /// A split that does not exist.
    #[error("{0:?} is no split; there are train, val and test")]
    Split(String),
    /// The network refused.
    #[error(transparent)]
    Fusion(#[from] FusionError),
    /// Labels that are no sentiment in [−3, 3].
    #[error(
        "{count} labels are not from -3 to 3, which is what a network learns: {}; scale them first",
        named.join(", ")
    )]
    LabelRange {
        /// How many.
        count: usize,
        /// The first of them, with their values.
        named: Vec<String>,
    },
    /// A checkpoint is not of the method's released network.
    #[error("{} is not a network of the released code: {}", path.display(), problems.join("; "))]
    Weights {
        /// Which file.
        path: PathBuf,
        /// One fragment each.
        problems: Vec<String>,
    },
    /// A file of another program cannot be used.
    #[error(transparent)]
    Format(#[from] FormatError),
    /// libtorch refused.
    #[error("libtorch refused an operation")]
    Torch(#[from] tch::TchError),
}

impl TrainError {
    /// Whether other words on the command line, or in a config file, would help.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        matches!(
            self,
            Self::Config { .. }
                | Self::UnknownKey(_)
                | Self::Unusable { .. }
                | Self::OtherDataset { .. }
                | Self::Occupied { .. }
                | Self::OtherStudy { .. }
                | Self::Exists { .. }
                | Self::Protocol(_)
                | Self::Split(_)
                | Self::Term(_)
                | Self::OffAlready(_)
                | Self::Folds { .. }
                | Self::NoCuda
                | Self::Format(_)
        )
    }
}

/// Writes a file whole or not at all.
pub(super) fn write_file(path: &Path, bytes: &[u8]) -> Result<(), TrainError> {
    undertone_types::write_atomically(path, bytes).map_err(|source| TrainError::Write {
        path: path.to_owned(),
        source,
    })
}
