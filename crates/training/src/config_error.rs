//! What can be wrong with a training config.

use undertone_config::ConfigErrors;

/// A training config that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// Keys or values of the file or of `--set`.
    #[error(transparent)]
    Settings(#[from] ConfigErrors),
    /// Values of a config that was not read from a file, or that do not fit together.
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
