//! What can end the work on labelled clips.

use undertone_engines::llama::LanguageError;
use undertone_engines::whisper::RecogniserError;
use undertone_training::DatasetError;

/// Labelled clips that no data set, or no gate, can be made of.
#[derive(Debug, thiserror::Error)]
pub enum LabelledError {
    /// The speech recogniser cannot make a session.
    #[error("transcribe")]
    Recogniser(#[from] RecogniserError),
    /// The language model cannot make a session.
    #[error("represent")]
    Language(#[from] LanguageError),
    /// The data set cannot be written.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    /// All transcripts are right, or all are wrong: no gate can be fitted.
    #[error(
        "nothing to fit the gate to: {right} of {transcribed} transcripts are right; both kinds \
         are needed, so take clips with and without noise"
    )]
    OneKind {
        /// Clips in which something was transcribed.
        transcribed: usize,
        /// Right transcripts among them.
        right: usize,
    },
}

impl LabelledError {
    /// Whether another command line would help.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        match self {
            Self::Dataset(error) => error.is_usage(),
            Self::Recogniser(_) | Self::Language(_) | Self::OneKind { .. } => false,
        }
    }
}
