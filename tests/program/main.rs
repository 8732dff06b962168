//! The real program with the real engines and the demo bundle, on small real media.
//!
//! One test binary on purpose: every binary links the native engines again.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on should say where"
)]

mod bad_input;
mod chance;
mod clips;
mod converted;
mod explaining;
mod exports;
#[cfg(feature = "fleet")]
mod fleet;
mod heard;
mod importing;
mod inputs;
mod intervals;
mod misleading;
mod models;
mod new_bundle;
mod one_ggml;
mod outdated;
mod prune;
mod real;
mod reports;
mod run;
mod sidecars;
mod speakers;
mod speech_engines;
mod terminal;
mod text_form;
mod texts;
mod training;
mod trials;
mod undertone;
mod view;
mod watch;
