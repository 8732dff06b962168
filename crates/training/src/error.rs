//! What can end a training run, and a study of many.

use std::path::PathBuf;

use crate::config_error::ConfigError;
use crate::dataset::{DatasetError, EmptySplit};
use crate::evaluate::EvalError;
use crate::files::FileError;
use crate::ridge::RidgeError;
use crate::simulator::SimulatorError;
use crate::state::ResumeError;
use crate::variant::OffAlready;
use undertone_bundle::BundleErrors;
use undertone_fusion::FusionError;
use undertone_types::Split;

/// A training run that cannot begin or continue.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// The config is unusable.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The data set is unusable.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    /// The stand-in for simulated text cannot be fitted or written.
    #[error(transparent)]
    Simulator(#[from] SimulatorError),
    /// The network cannot be made, read or written.
    #[error(transparent)]
    Fusion(#[from] FusionError),
    /// The network cannot be evaluated on the validation split.
    #[error(transparent)]
    Eval(#[from] EvalError),
    /// A file of the run cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The run's folder is in use.
    #[error("{} already holds a run; resume it, or choose another folder", path.display())]
    Occupied {
        /// Which folder.
        path: PathBuf,
    },
    /// The checkpoint does not continue this run.
    #[error("cannot resume; start without --resume, or in another folder")]
    Resume(#[from] ResumeError),
    /// The loss became NaN or infinite.
    #[error("the loss is not finite in epoch {epoch}; lower optimiser.learning_rate")]
    Diverged {
        /// Which epoch, from 1.
        epoch: u32,
    },
    /// No training utterance has any modality.
    #[error("no training utterance has audio, text or video: there is nothing to learn from")]
    Nothing,
    /// The epoch is to be chosen by a flow that cannot be measured.
    #[error(
        "run.criterion = \"missing\" needs {split} utterances with simulated text, audio or video; \
         there are none"
    )]
    NoSubstitute {
        /// Which split lacks them.
        split: Split,
    },
    /// There is no network to go on from.
    #[error(
        "{} has no network to go on from: neither fusion.safetensors and fusion.json nor a bundle.toml \
         that names them",
        path.display()
    )]
    NoNetwork {
        /// Which folder.
        path: PathBuf,
    },
    /// Its bundle cannot be read.
    #[error(transparent)]
    Bundle(#[from] BundleErrors),
    /// The network to go on from is of another kind than settings or data.
    #[error("the network to go on from is another: {differences}")]
    OtherNetwork {
        /// How it differs.
        differences: String,
    },
    /// The curves could not be drawn.
    #[error("cannot draw {}", path.display())]
    Picture {
        /// Which picture.
        path: PathBuf,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// A study that cannot begin or continue.
#[derive(Debug, thiserror::Error)]
pub enum StudyError {
    /// One of its runs ended with an error.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// A trained network cannot be evaluated.
    #[error(transparent)]
    Eval(#[from] EvalError),
    /// The data set is unusable.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    /// The baseline cannot be fitted.
    #[error(transparent)]
    Ridge(#[from] RidgeError),
    /// A file of the study cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// More folds than the recordings allow.
    #[error(
        "{folds} folds of {recordings} recordings: at least two folds are needed, and more \
         recordings than folds"
    )]
    Folds {
        /// Folds asked for.
        folds: usize,
        /// Recordings outside of the test split.
        recordings: usize,
    },
    /// A part of the method that the config has off already.
    #[error(transparent)]
    OffAlready(#[from] OffAlready),
    /// The folder holds another study.
    #[error(
        "{} holds a study with another config, data set, network to go on from, folds or protocols; choose another folder",
        path.display()
    )]
    Other {
        /// Which folder.
        path: PathBuf,
    },
}

impl From<ConfigError> for StudyError {
    fn from(error: ConfigError) -> Self {
        Self::Train(error.into())
    }
}

impl From<SimulatorError> for StudyError {
    fn from(error: SimulatorError) -> Self {
        Self::Train(error.into())
    }
}

impl From<FusionError> for StudyError {
    fn from(error: FusionError) -> Self {
        Self::Eval(error.into())
    }
}

impl From<EmptySplit> for TrainError {
    fn from(error: EmptySplit) -> Self {
        Self::Dataset(error.into())
    }
}

impl From<EmptySplit> for StudyError {
    fn from(error: EmptySplit) -> Self {
        Self::Dataset(error.into())
    }
}

impl TrainError {
    /// Whether other settings, or another command line, would help.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        match self {
            Self::Config(_) => true,
            Self::Dataset(error) => error.is_usage(),
            Self::Simulator(error) => error.is_usage(),
            Self::Eval(error) => error.is_usage(),
            Self::Occupied { .. }
            | Self::Nothing
            | Self::NoSubstitute { .. }
            | Self::NoNetwork { .. }
            | Self::OtherNetwork { .. } => true,
            Self::Bundle(_)
            | Self::Fusion(_)
            | Self::File(_)
            | Self::Resume(_)
            | Self::Diverged { .. }
            | Self::Picture { .. } => false,
        }
    }
}

impl StudyError {
    /// Whether other settings, or another command line, would help.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        match self {
            Self::Train(error) => error.is_usage(),
            Self::Eval(error) => error.is_usage(),
            Self::Dataset(error) => error.is_usage(),
            Self::Folds { .. } | Self::OffAlready(_) | Self::Other { .. } => true,
            Self::Ridge(_) | Self::File(_) => false,
        }
    }
}
