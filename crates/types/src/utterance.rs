//! An utterance on its way through the chain: each hop adds one field.

use std::sync::Arc;

use super::{
    Explanation, Frame, NoSentiment, Observation, Sentiment, TextRepresentation, Transcript, Voice,
};

/// Sampling rate of all audio inside the program, in Hz.
pub const RATE_HZ: u32 = 16_000;

/// A stretch of a recording to be scored.
#[derive(Clone, Debug, PartialEq)]
pub struct Utterance {
    /// Position within the recording, from 0.
    pub index: u32,
    /// Start on the recording's clock, in seconds.
    pub start_s: f64,
    /// End on the recording's clock, in seconds.
    pub end_s: f64,
    /// 16 kHz mono in [−1, 1]; `None` without audio (or with digital silence only).
    pub audio: Option<Arc<[f32]>>,
    /// Share of `audio` in which the voice detector heard a voice, in [0, 1].
    pub voiced_share: f32,
    /// Sampled frames in time order; empty without video.
    pub frames: Vec<Frame>,
    /// What is said, where a sidecar of the recording tells.
    pub said: Option<Arc<str>>,
}

/// Consecutive utterances of a recording that the recogniser hears together, as one window.
/// Which ones is decided by media time alone, so that no transcript depends on what else the
/// machine does.
#[derive(Clone, Debug, PartialEq)]
pub struct Passage(pub Vec<Utterance>);

/// After `transcribe`.
#[derive(Clone, Debug, PartialEq)]
pub struct Transcribed {
    /// What was cut.
    pub utterance: Utterance,
    /// What was heard; `None` without audio, or where no transcript was asked for.
    pub transcript: Option<Transcript>,
    /// Calibrated probability that the transcript can be trusted, in [0, 1].
    pub confidence: f32,
}

/// After `represent`.
#[derive(Clone, Debug, PartialEq)]
pub struct Represented {
    /// With its transcript.
    pub transcribed: Transcribed,
    /// Real or simulated text.
    pub text: TextRepresentation,
    /// The text of the other source, which explains a score and changes none; `None` unless that is
    /// asked for.
    pub other: Option<TextRepresentation>,
}

/// After `observe`.
#[derive(Clone, Debug, PartialEq)]
pub struct Observed {
    /// With its text.
    pub represented: Represented,
    /// Voice and face.
    pub observation: Observation,
    /// Whose voice it is, in numbers; `None` without a voice, or where speakers are not told apart.
    pub voice: Option<Voice>,
}

/// After `fuse`.
#[derive(Clone, Debug, PartialEq)]
pub struct Fused {
    /// With its features.
    pub observed: Observed,
    /// Its sentiment, or why it has none.
    pub sentiment: Result<Sentiment, NoSentiment>,
    /// What made the score, where that is asked for.
    pub explanation: Option<Explanation>,
}
