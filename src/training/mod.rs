//! Data sets on disk, the two-flow training loop, and how good a network is.
//!
//! [`train()`] and [`evaluate()`] are the ways in; [`DatasetWriter`] writes what they read. The
//! network and its losses live in `fusion`. Nothing here prints: progress goes to a callback
//! and to `metrics.jsonl`.

mod adam;
mod batches;
mod calibrate;
mod calibration;
mod clips;
mod config;
mod dataset;
mod epoch;
mod error;
mod evaluate;
mod extract;
mod labels;
mod metrics;
mod missing;
mod protocol;
mod report;
mod run;
mod schedule;
mod state;
mod statistics;

#[cfg(test)]
mod tests;

pub use calibrate::{Calibration, RIGHT_BELOW_WER, calibrate};
pub use calibration::{Logistic, expected_calibration_error};
pub use clips::Pace;
pub use config::{Criterion, MissingConfig, OptimiserConfig, RunConfig, TrainConfig};
pub use dataset::{
    BundleId, Dataset, DatasetInfo, DatasetWriter, Entry, Example, Findings, Lengths, NonFinite,
    Split,
};
pub use error::TrainError;
pub use evaluate::{EvalReport, Scored, evaluate};
pub use extract::{ClipEngines, Outcome, extract};
pub use labels::{LabelError, LabelledClip, read_labels, word_error_rate};
pub use metrics::{Metrics, metrics};
pub use protocol::Protocol;
pub use report::{EpochReport, Validation};
pub use run::{TrainOutcome, train};
