//! Text as the fusion network sees it: hidden states of the language model.

use super::Matrix;

/// Where the text representation of an utterance came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextSource {
    /// The language model read the transcript.
    Transcript,
    /// The language model generated from the audio.
    Simulated,
    /// There is none (no audio, or left out on purpose).
    None,
}

/// Hidden states of the language model over text tokens.
#[derive(Clone, Debug, PartialEq)]
pub struct TextRepresentation {
    /// Where they came from.
    pub source: TextSource,
    /// `[tokens, width]`, last layer; empty when `source` is `None`.
    pub hidden: Matrix,
}
