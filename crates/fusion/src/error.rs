//! What can go wrong with a network and its inputs.

use std::path::{Path, PathBuf};

use undertone_types::write_atomically;

use super::Modality;

/// A network that cannot be built, read or written, or an input that it cannot score.
#[derive(Debug, thiserror::Error)]
pub enum FusionError {
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
    /// The JSON beside the weights is not a network's config.
    #[error("{} is not a fusion network's config", path.display())]
    Config {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
    /// The config has values out of range.
    #[error("unusable fusion network config: {0}")]
    Unusable(String),
    /// The weights are not a whole safetensors file.
    #[error("{} is not a whole safetensors file", path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: safetensors::SafeTensorError,
    },
    /// The weights belong to another network.
    #[error("the weights do not fit the config: {0}")]
    Mismatch(String),
    /// An input is not as wide as the network's.
    #[error("{modality} of input {input} is {got} wide, the network expects {expected}")]
    Width {
        /// Which modality.
        modality: Modality,
        /// Position in the call.
        input: usize,
        /// The network's width.
        expected: usize,
        /// The input's width.
        got: usize,
    },
    /// An input holds NaN or infinity.
    #[error("{modality} of input {input} holds a value that is not finite, in time step {row}")]
    NotFinite {
        /// Which modality.
        modality: Modality,
        /// Position in the call.
        input: usize,
        /// First time step with such a value.
        row: usize,
    },
    /// The network gave NaN or infinity.
    #[error(
        "the score of input {input} is not finite: its features are far outside the trained range"
    )]
    Overflow {
        /// Position in the call.
        input: usize,
    },
    /// libtorch refused.
    #[error("libtorch refused an operation")]
    Torch(#[from] tch::TchError),
}

/// Writes a file whole or not at all.
pub(super) fn write_file(path: &Path, bytes: &[u8]) -> Result<(), FusionError> {
    write_atomically(path, bytes).map_err(|source| FusionError::Write {
        path: path.to_owned(),
        source,
    })
}
