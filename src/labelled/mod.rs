//! What needs the engines *and* training: running the engines over labelled clips and texts.
//!
//! [`extract()`] makes a data set from clips, [`extract_texts`] from texts. [`hear_clips`] transcribes clips: [`fit_gate`] fits
//! a bundle's gate to what was heard, and [`measure_gate`] measures a gate on it. Each clip or text is one utterance here, never cut.

mod clips;
mod error;
mod extract;
mod gate_fit;
mod heard;
mod heard_table;
mod origin;
mod splits;
mod texts;
mod word_errors;

pub use clips::{ClipEngines, ClipProgress, OnClip};
pub use error::LabelledError;
pub use extract::extract;
pub use gate_fit::{GateReport, fit_gate, measure_gate};
pub use heard::{Heard, RIGHT_BELOW_WER, hear_clips};
pub use heard_table::write_heard;
pub use origin::{origin_of_clips, origin_of_texts};
pub use splits::deal_splits;
pub use texts::{OnText, TextEngines, extract_texts};
pub use word_errors::{word_error_rate, words};
