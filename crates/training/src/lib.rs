//! Data sets on disk, the two-flow training loop, and how good a network is.
//!
//! [`train()`] and [`evaluate()`] are the ways in; [`DatasetWriter`] writes what they read. The
//! network and its losses live in `fusion`. Nothing here prints: progress goes to a callback
//! and to `metrics.jsonl`.

mod adam;
mod baseline;
mod batches;
mod bootstrap;
mod config;
mod curves;
mod dataset;
mod epoch;
mod error;
mod evaluate;
mod folds;
mod import;
mod label_csv;
mod labels;
mod logistic;
mod metrics;
mod missing;
mod pack;
mod protocol;
mod provenance;
mod publish;
mod released;
mod report;
mod ridge;
mod run;
mod schedule;
mod simulator;
mod state;
mod statistics;
mod study;
mod study_row;
mod variant;

#[cfg(test)]
mod tests;

pub use adam::Adam;
pub use bootstrap::Interval;
pub use config::{
    Criterion, DataConfig, DeviceChoice, MissingConfig, OptimiserConfig, RunConfig, Simulated,
    TrainConfig,
};
pub use dataset::{
    BundleId, Dataset, DatasetInfo, DatasetWriter, Entry, Example, Findings, Lengths, NonFinite,
    Split,
};
pub use epoch::Step;
pub use epoch::backward;
pub use error::TrainError;
pub use evaluate::{EvalReport, Scored, evaluate};
pub use import::{ImportedSplit, import};
pub use labels::{LabelError, LabelledClip, read_labels, word_error_rate, words};
pub use logistic::{Logistic, expected_calibration_error};
pub use metrics::{Metrics, metrics};
pub use pack::{Naming, extractors, pack, seal};
pub use protocol::Protocol;
pub use provenance::Provenance;
pub use publish::publish;
pub use released::{ReleasedWeights, import_weights};
pub use report::{EpochReport, Validation};
pub use run::{Ended, OnProgress, Progress, TrainOutcome, train};
pub use simulator::Simulator;
pub use state::Best;
pub use study::{StudyPlan, StudyProgress, Watcher, study};
pub use study_row::{STUDY_COLUMNS, Spread, StudyRow, publish_study};
pub use variant::Term;
