//! What made the score of an utterance.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What made the score of an utterance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExplanationLine {
    /// The score of the complete flow, from the transcript, trusted or not; null without one.
    #[schemars(range(min = -3, max = 3))]
    pub complete: Option<f64>,
    /// The score of the text-missing flow, from simulated text; null where nothing could be
    /// simulated.
    #[schemars(range(min = -3, max = 3))]
    pub text_missing: Option<f64>,
    /// What was simulated from the voice for this alone; absent where it is the text that was
    /// scored, or nothing was made out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub simulated: Option<String>,
    /// The words that move the score most, in that order; those that move it by less than 0.01 are
    /// left out.
    pub words: Vec<WordEffectLine>,
}

/// What a word adds to a score.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WordEffectLine {
    /// The word, as the language model got to see it.
    pub word: String,
    /// The score minus the score of the text without the word.
    pub effect: f64,
}
