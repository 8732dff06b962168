//! The native engines GStreamer, whisper.cpp and llama.cpp: no other crate names theirs.
//!
//! Each engine is a trait that the stages know and an implementation of it. Models are loaded
//! once and shared; mutable state (a decoder state, a key-value cache) is in a session that
//! belongs to one worker thread. How utterances are cut, which text is used and what a failure
//! means is decided by the stages, not here.

pub mod llama;
pub mod media;
pub mod media_probe;
pub mod whisper;
