//! What needs the engines *and* training: labelled clips, taken through the engines.
//!
//! [`extract()`] makes a data set of them; [`fit_gate`] fits a bundle's gate on them and
//! [`measure_gate`] measures one. Each clip is one utterance here, never cut.

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
