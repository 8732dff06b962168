//! What made the score of an utterance.

/// What made the score of an utterance.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Explanation {
    /// The score of the complete flow, from the transcript, trusted or not; `None` without one.
    pub complete: Option<f32>,
    /// The score of the text-missing flow, from simulated text; `None` where nothing could be simulated.
    pub text_missing: Option<f32>,
    /// What was simulated only to explain; `None` where it decided, or nothing was made out.
    pub simulated: Option<String>,
    /// The words that move the score most, in that order.
    pub words: Vec<WordEffect>,
    /// What is missing from it, in sentences for people.
    pub notes: Vec<String>,
}

/// What a word adds to a score.
#[derive(Clone, Debug, PartialEq)]
pub struct WordEffect {
    /// The word, as the language model got to see it.
    pub word: String,
    /// The score minus the score of the text without the word.
    pub effect: f32,
}
