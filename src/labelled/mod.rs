//! What needs the engines *and* training: running the engines over labelled clips and texts.
//!
//! [`extract()`] makes a data set from clips, [`extract_texts`] from texts; [`fit_gate`] fits a bundle's gate to clips and
//! [`measure_gate`] measures a gate on them. Each clip or text is one utterance here, never cut.

mod clips;
mod error;
mod extract;
mod gate_fit;
mod origin;
mod splits;
mod texts;
mod word_errors;

pub use clips::{ClipEngines, ClipProgress, OnClip};
pub use error::LabelledError;
pub use extract::extract;
pub use gate_fit::{GateReport, Heard, RIGHT_BELOW_WER, fit_gate, hear_clips, measure_gate};
pub use origin::{origin_of_clips, origin_of_texts};
pub use splits::deal_splits;
pub use texts::{OnText, TextEngines, extract_texts};
pub use word_errors::{word_error_rate, words};
