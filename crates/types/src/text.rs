//! Text as the fusion network sees it: hidden states of the language model.

use super::{Flow, Matrix};

/// Where the text representation of an utterance came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextSource {
    /// The language model read the transcript.
    Transcript,
    /// The language model generated from the audio.
    Simulated,
    /// There is none: no audio, left out on purpose, or more than the language model can take.
    None,
}

impl TextSource {
    /// The flow that an utterance with such a text goes through.
    #[must_use]
    pub fn flow(self) -> Flow {
        match self {
            Self::Transcript => Flow::Complete,
            Self::Simulated | Self::None => Flow::TextMissing,
        }
    }
}

/// A word of a text, as the language model got to see it, and the text without it.
#[derive(Clone, Debug, PartialEq)]
pub struct LeftOutWord {
    /// The word: what stands between spaces.
    pub word: String,
    /// Hidden states over the other words, read again without this one, `[tokens, width]`.
    pub hidden: Matrix,
}

/// Hidden states of the language model over text tokens.
#[derive(Clone, Debug, PartialEq)]
pub struct TextRepresentation {
    /// Where they came from.
    pub source: TextSource,
    /// `[tokens, width]`, of the layer that the bundle names; empty when `source` is `None`.
    pub hidden: Matrix,
    /// The text without each of its words, in order; empty unless scores are to be explained.
    pub without: Vec<LeftOutWord>,
    /// What was simulated from the voice, where that is the source.
    pub simulated: Option<String>,
    /// Where the transcript was cut since the language model cannot take all of it: how many of its
    /// characters were read.
    pub truncated_at: Option<usize>,
    /// Why there is no text where there should be one: what the language model could not take.
    pub missing: Option<String>,
}

impl TextRepresentation {
    /// A text that was read or simulated as a whole.
    #[must_use]
    pub fn new(source: TextSource, hidden: Matrix) -> Self {
        Self {
            source,
            hidden,
            without: Vec::new(),
            simulated: None,
            truncated_at: None,
            missing: None,
        }
    }

    /// No text, `width` values wide; `missing` says why, where it is not on purpose.
    #[must_use]
    pub fn none(width: usize, missing: Option<String>) -> Self {
        Self {
            missing,
            ..Self::new(TextSource::None, Matrix::empty(width))
        }
    }
}
