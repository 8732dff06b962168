//! Extractors that a bundle brings along: TorchScript modules, run by libtorch.
//!
//! A module for sound ([`ScriptAudio`]) takes `[1, samples]` and gives `[time, width]` or
//! `[1, time, width]`; a module for faces ([`ScriptVideo`]) takes `[1, channels, side, side]` and
//! gives `width` values. What it gives is checked on a trial input when it is loaded, and again on
//! each utterance. It runs on one thread, the caller's, without gradients, and without the
//! just-in-time compiler's optimisations, which would give other last digits from the second call
//! on. What must not live here: manifests; tensors do not leave.

mod audio;
mod error;
mod module;
mod video;

#[cfg(test)]
mod tests;

pub use audio::ScriptAudio;
pub use error::ScriptError;
pub use module::{Output, ScriptSettings};
pub use video::{FaceInput, ScriptVideo};
