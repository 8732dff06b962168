//! Built-in extractors: what is heard and seen, as numbers.
//!
//! Hand-made features that need no model: [`Prosody`] for the voice, [`FaceShape`] for the
//! face. A bundle may bring TorchScript modules instead; they implement the same traits
//! elsewhere. Pure functions of an utterance: no tensors, no files, no state.

mod audio;
mod hog;
mod mel;
mod pitch;
mod video;

pub use audio::{FRAME_RATE_HZ, Prosody};
pub use video::FaceShape;

use undertone_types::{Frame, Matrix};

/// An extractor failed: its module does not take this input.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("extractor {extractor} failed: {reason}")]
pub struct FeatureError {
    /// Which extractor.
    pub extractor: String,
    /// What it said.
    pub reason: String,
}

/// Turns sound into a sequence of vectors.
pub trait AudioExtractor: Send + Sync {
    /// Name, for manifests and reports.
    fn name(&self) -> &str;

    /// Changes whenever the same sound gives other numbers.
    fn version(&self) -> u32;

    /// Values per time step.
    fn width(&self) -> usize;

    /// Mono at 16 kHz in [−1, 1] → `[time, width]`.
    ///
    /// # Errors
    /// When a module refuses the input.
    fn extract(&self, samples: &[f32]) -> Result<Matrix, FeatureError>;
}

/// Turns the faces of sampled frames into a sequence of vectors.
pub trait VideoExtractor: Send + Sync {
    /// Name, for manifests and reports.
    fn name(&self) -> &str;

    /// Changes whenever the same frames give other numbers.
    fn version(&self) -> u32;

    /// Values per frame.
    fn width(&self) -> usize;

    /// Frames in the order of time → `[frames with a face, width]`.
    ///
    /// # Errors
    /// When a module refuses the input.
    fn extract(&self, frames: &[Frame]) -> Result<Matrix, FeatureError>;
}
