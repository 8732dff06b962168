//! What is heard and seen in an utterance, as features.

use super::Matrix;

/// Audio and video features of an utterance.
#[derive(Clone, Debug, PartialEq)]
pub struct Observation {
    /// `[time, dim]` at the audio extractor's rate; empty when there is no audio.
    pub audio: Matrix,
    /// `[frames with a face, dim]`; empty when no face was seen.
    pub video: Matrix,
    /// Share of the sampled frames in which a face was found, in [0, 1]; 0 without video.
    pub face_coverage: f32,
}

/// A voice in few numbers, by which speakers are told apart.
#[derive(Clone, Debug, PartialEq)]
pub struct Voice {
    /// What the sound of the voice is like.
    pub features: Vec<f32>,
    /// Time steps of 20 ms that these numbers were taken from: the more, the surer they are.
    pub steps: u32,
}
