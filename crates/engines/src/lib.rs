//! The native engines: the only room that names their crates.
//!
//! Each engine is a trait that the stages know, the real thing behind it, and a
//! fake for tests. Models are loaded once and shared; what is mutable (a decoder
//! state, a key-value cache) is a session that belongs to one worker thread.

pub mod llama;
pub mod media;
pub mod media_probe;
pub mod whisper;
