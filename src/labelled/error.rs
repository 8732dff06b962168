//! Errors that end the work on labelled clips.

use undertone_engines::llama::LanguageError;
use undertone_engines::whisper::RecogniserError;
use undertone_training::DatasetError;

/// Why no data set or no gate can be made from labelled clips.
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
    /// The data set has another text under an id.
    #[error(
        "the data set has another text under the id {id}: the table was changed since; choose another \
         folder, or give the table a column `id` before its rows change"
    )]
    Changed {
        /// The id.
        id: String,
    },
    /// All transcripts are correct, or all are wrong: no gate can be fitted.
    #[error(
        "nothing to fit the gate to: {right} of {transcribed} transcripts are right; both kinds \
         are needed, so take clips with and without noise"
    )]
    OneKind {
        /// Clips with a transcript.
        transcribed: usize,
        /// Correct transcripts among them.
        right: usize,
    },
}

impl LabelledError {
    /// Whether the user can fix it with other arguments.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        match self {
            Self::Dataset(error) => error.is_usage(),
            Self::Changed { .. } => true,
            Self::Recogniser(_) | Self::Language(_) | Self::OneKind { .. } => false,
        }
    }
}
