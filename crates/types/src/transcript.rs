//! What the speech recogniser heard.

/// One decoded token.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TokenProbability {
    /// Probability in [0, 1].
    pub p: f32,
    /// Natural logarithm of the probability.
    pub log_p: f32,
}

/// A transcript and the evidence for it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Transcript {
    /// The text, trimmed; empty when nothing was recognised.
    pub text: String,
    /// Text tokens only (no end-of-text, no timestamps), in order.
    pub tokens: Vec<TokenProbability>,
    /// Whisper's probability that there is no speech, in [0, 1].
    pub no_speech: f32,
}
