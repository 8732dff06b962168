//! What can be wrong with a training config.

use crate::files::FileError;

/// A training config that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// It is not valid TOML, or has unknown keys.
    #[error("{name} is not a training config")]
    Toml {
        /// The file, or where the text came from.
        name: String,
        /// Why, with the line.
        source: Box<toml::de::Error>,
    },
    /// A key that the training config does not have.
    #[error("a training config has no key {0}; config/train.toml lists them all")]
    UnknownKey(String),
    /// Values out of range.
    #[error("unusable training config: {}", problems.join("; "))]
    Unusable {
        /// One fragment each.
        problems: Vec<String>,
    },
    /// A CUDA device was asked for.
    #[error(
        "run.device = \"cuda\", but this libtorch sees no CUDA device: point LIBTORCH at one \
         for CUDA and build again, or set run.device to \"cpu\" or \"auto\""
    )]
    NoCuda,
}

impl ConfigError {
    /// Whether other settings, or another command line, would help.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        match self {
            Self::Toml { .. } | Self::UnknownKey(_) | Self::Unusable { .. } | Self::NoCuda => true,
            Self::File(_) => false,
        }
    }
}
