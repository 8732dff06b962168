//! The feature extractors: turn audio and video of an utterance into sequences of vectors.
//!
//! Hand-made features that need no model: [`Prosody`] for the voice, [`FaceShape`] for the
//! face. Pure functions of an utterance. A changed feature gets a new `version`: bundles name
//! the version that their network was trained on. [`VoiceMeasure`] describes whose voice it is.
//! What must not live here: tensors, files, state, engines.

mod audio;
mod hog;
mod mel;
mod noise;
mod pitch;
mod video;
mod voice;

pub use audio::{FRAME_RATE_HZ, Prosody};
pub use noise::second_of_noise;
pub use video::FaceShape;
pub use voice::{VOICE_WIDTH, VoiceMeasure};

use undertone_types::{FACE_SIDE_PX, Frame, Matrix};

/// Why an extractor rejects an utterance.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FeatureError {
    /// A face crop of another size.
    #[error("a face crop of {FACE_SIDE_PX}×{FACE_SIDE_PX} pixels is needed, got {side_px}")]
    CropSize {
        /// Its width and height.
        side_px: usize,
    },
    /// A model cannot take this utterance, which goes without the modality; the same utterance
    /// fails again.
    #[error("{extractor} cannot take the utterance: {reason}")]
    Model {
        /// The model's file.
        extractor: String,
        /// Why.
        reason: String,
    },
    /// A model's engine failed, which may pass.
    #[error("the engine of {extractor} failed: {reason}")]
    Engine {
        /// The model's file.
        extractor: String,
        /// Why.
        reason: String,
    },
}

/// Turns sound into a sequence of vectors.
pub trait AudioExtractor: Send + Sync {
    /// Name, for manifests and reports.
    fn name(&self) -> &str;

    /// Changes whenever the same sound results in other features.
    fn version(&self) -> u32;

    /// Values per time step.
    fn width(&self) -> usize;

    /// Mono at 16 kHz in [−1, 1] → `[time, width]`.
    ///
    /// # Errors
    /// When the input does not have the form that the extractor needs.
    fn extract(&self, samples: &[f32]) -> Result<Matrix, FeatureError>;
}

/// Turns the faces of sampled frames into a sequence of vectors.
pub trait VideoExtractor: Send + Sync {
    /// Name, for manifests and reports.
    fn name(&self) -> &str;

    /// Changes whenever the same frames result in other features.
    fn version(&self) -> u32;

    /// Values per frame.
    fn width(&self) -> usize;

    /// Frames in the order of time → `[frames with a face, width]`.
    ///
    /// # Errors
    /// When the input does not have the form that the extractor needs.
    fn extract(&self, frames: &[Frame]) -> Result<Matrix, FeatureError>;
}
