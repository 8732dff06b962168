//! What needs the engines *and* training: running the engines over labelled clips.
//!
//! [`extract()`] makes a data set from them; [`fit_gate`] fits a bundle's gate to them and
//! [`measure_gate`] measures a gate on them. Each clip is one utterance here, never cut.

mod clips;
mod error;
mod extract;
mod gate_fit;
mod word_errors;

pub use clips::{ClipEngines, ClipProgress, OnClip};
pub use error::LabelledError;
pub use extract::extract;
pub use gate_fit::{GateReport, Heard, RIGHT_BELOW_WER, fit_gate, hear_clips, measure_gate};
pub use word_errors::{word_error_rate, words};
