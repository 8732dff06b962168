//! What the speech recogniser heard.

/// One decoded token.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TokenProbability {
    /// Probability in [0, 1].
    pub p: f32,
    /// Natural logarithm of the probability.
    pub log_p: f32,
}

/// A word and when it is said.
#[derive(Clone, Debug, PartialEq)]
pub struct Word {
    /// As it is written, with its punctuation.
    pub text: String,
    /// Start in seconds: from the utterance's start as the recogniser gives it, on the
    /// recording's clock after `transcribe`.
    pub start_s: f64,
    /// End, likewise.
    pub end_s: f64,
    /// Mean probability of its tokens, in [0, 1].
    pub probability: f32,
}

/// The language of speech, as the recogniser heard it.
#[derive(Clone, Debug, PartialEq)]
pub struct Language {
    /// As Whisper abbreviates it, for example `en`.
    pub code: String,
    /// Its probability, in [0, 1].
    pub probability: f32,
}

/// Why a transcript is not trusted, whatever the confidence in it would be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// The recogniser repeated itself, or wrote more than can be said in the time.
    Loop,
    /// It is in a language that the bundle does not read.
    Language,
}

/// Who wrote a transcript down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Origin {
    /// The speech recogniser.
    #[default]
    Recogniser,
    /// Somebody, in subtitles beside the recording: there is no evidence to weigh.
    Sidecar,
}

/// A transcript and the evidence for it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Transcript {
    /// The text, trimmed; empty when nothing was recognised. Marks for no speech, such as
    /// `[Music]`, are not in it.
    pub text: String,
    /// Text tokens only (no end-of-text, no timestamps), in order.
    pub tokens: Vec<TokenProbability>,
    /// Whisper's probability that there is no speech, in [0, 1].
    pub no_speech: f32,
    /// Its words with their times; empty where the recogniser gives no times.
    pub words: Vec<Word>,
    /// The language that was heard; `None` where the recogniser knows only one.
    pub language: Option<Language>,
    /// Why it is not to be trusted.
    pub doubt: Option<Doubt>,
    /// Who wrote it down.
    pub origin: Origin,
}
