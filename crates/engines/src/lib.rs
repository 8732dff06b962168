//! The native engines: GStreamer, whisper.cpp and llama.cpp. No other crate uses their types.
//!
//! Each engine is a trait, which the stages use, and its implementation. Models are loaded once
//! and shared; mutable state (a decoder state, a key-value cache) is in a session that belongs
//! to one worker thread. What must not live here: how utterances are cut, which text is used,
//! and what a failure means for a recording. The stages decide that.

pub mod llama;
pub mod media;
pub mod media_probe;
mod repetition;
pub mod whisper;
