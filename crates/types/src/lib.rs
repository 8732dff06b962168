//! The messages that flow between stages, one file each.
//!
//! Plain data only: no engine types, no tensors, no imports from other rooms.
//! Large arrays are shared (`Arc<[f32]>`), never copied from hop to hop.

mod atomic;
mod failure;
mod frame;
mod matrix;
mod media;
mod message;
mod observation;
mod recording;
mod sentiment;
mod spent;
mod text;
mod transcript;
mod utterance;

pub use atomic::{AtomicFile, TEMPORARY_PREFIX, TEMPORARY_SUFFIX, write_atomically};
pub use failure::{Cause, Failure, Stage, error_chain};
pub use frame::{FACE_SIDE_PX, Face, Frame, Rect};
pub use matrix::{Matrix, ShapeError};
pub use media::{AudioFacts, MediaFacts, VideoFacts};
pub use message::{Body, Ended, Message};
pub use observation::Observation;
pub use recording::{Recording, RecordingId, Sourced};
pub use sentiment::{Flow, ModalityWeights, Sentiment};
pub use spent::Spent;
pub use text::{TextRepresentation, TextSource};
pub use transcript::{TokenProbability, Transcript};
pub use utterance::{Fused, Observed, RATE_HZ, Represented, Transcribed, Utterance};
