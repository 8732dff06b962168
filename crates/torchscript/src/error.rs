//! What can go wrong with a module: when it is loaded, and on an utterance.

use std::path::PathBuf;

use tch::TchError;

use undertone_features::FeatureError;

/// Why a module cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ScriptError {
    /// libtorch cannot load it.
    #[error("libtorch cannot load the TorchScript module {}: {reason}", path.display())]
    Load {
        /// The module's file.
        path: PathBuf,
        /// What libtorch says.
        reason: String,
    },
    /// It does not give what the manifest says.
    #[error("the TorchScript module {} cannot be used: on {input} {reason}", path.display())]
    Trial {
        /// The module's file.
        path: PathBuf,
        /// What it was tried on.
        input: &'static str,
        /// What came out.
        reason: String,
    },
}

/// Why a module gave no features.
#[derive(Debug, PartialEq)]
pub(super) enum RunError {
    /// It threw, or gave something else than it should; the same input fails again.
    Module(String),
    /// libtorch had no memory for it.
    Memory(String),
}

impl From<TchError> for RunError {
    fn from(error: TchError) -> Self {
        let reason = short(&error);
        let no_memory = ["can't allocate memory", "bad_alloc", "not enough memory"];
        match no_memory.iter().any(|sign| reason.contains(sign)) {
            true => Self::Memory(reason),
            false => Self::Module(format!("it failed: {reason}")),
        }
    }
}

impl RunError {
    /// The reason alone.
    pub(super) fn reason(self) -> String {
        match self {
            Self::Module(reason) | Self::Memory(reason) => reason,
        }
    }

    /// As the features' crate says it.
    pub(super) fn of_features(self, path: &std::path::Path) -> FeatureError {
        let extractor = path.display().to_string();
        match self {
            Self::Module(reason) => FeatureError::Model { extractor, reason },
            Self::Memory(reason) => FeatureError::Engine { extractor, reason },
        }
    }
}

/// The line of libtorch's message that says what is wrong: the rest is a trace through the
/// module's code, and one through libtorch's.
pub(super) fn short(error: &TchError) -> String {
    let message = match error {
        TchError::Torch(message) => message.clone(),
        other => other.to_string(),
    };
    let lines: Vec<&str> = message
        .lines()
        .take_while(|line| !line.starts_with("Exception raised from"))
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    let is_named = |line: &&&str| line.contains("Error: ");
    let line = lines.iter().rev().find(is_named).or(lines.first());
    line.map_or(message.clone(), |line| (*line).to_owned())
}
