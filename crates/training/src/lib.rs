//! Data sets on disk, the training loop of both flows, and the evaluation of networks.
//!
//! [`train()`], [`evaluate()`] and [`study()`] are the entry points; [`DatasetWriter`] writes the
//! data sets that they read. What must not live here: the network and its losses (see
//! `fusion`), files of other programs (see `formats`), and output for people: events go to a
//! callback and to `metrics.jsonl`.

mod adam;
mod baseline;
mod batches;
mod bootstrap;
mod calibration;
mod config;
mod config_error;
mod config_schema;
mod conformal;
mod curves;
mod dataset;
mod descent;
mod epoch;
mod epochs_csv;
mod error;
mod evaluate;
mod files;
mod folds;
mod for_texts;
mod import;
mod logistic;
mod metric_set;
mod metrics;
mod missing;
mod pack;
mod protocol;
mod provenance;
mod publish;
mod report;
mod resume;
mod ridge;
mod run;
mod schedule;
mod significance;
mod sims;
mod simulator;
mod state;
mod statistics;
mod study;
mod study_row;
mod variant;
mod weights;
mod words_lost;

#[cfg(test)]
mod tests;

pub use adam::Adam;
pub use baseline::ridge;
pub use bootstrap::Interval;
pub use calibration::{calibration_error_by_chance, expected_calibration_error};
pub use config::{
    Criterion, DataConfig, DeviceChoice, MissingConfig, OptimiserConfig, RunConfig, Simulated,
    TrainConfig,
};
pub use config_error::ConfigError;
pub use conformal::{Covered, margin};
pub use dataset::{
    BundleId, Coverage, Dataset, DatasetError, DatasetInfo, DatasetWriter, EmptySplit, Entry,
    Example, Findings, Lengths, NonFinite,
};
pub use descent::{Descent, Parent};
pub use epoch::{Step, backward};
pub use error::{StudyError, TrainError};
pub use evaluate::{EvalError, EvalReport, Scored, evaluate};
pub use files::FileError;
pub use import::{ImportError, ImportedSplit, import};
pub use logistic::Logistic;
pub use metric_set::{MetricColumn, MetricSet, OtherLabels};
pub use metrics::{Metrics, metrics};
pub use pack::{Naming, PackError, extractors, pack, seal};
pub use protocol::{Protocol, UnknownProtocol};
pub use provenance::Provenance;
pub use publish::publish;
pub use report::{EpochReport, Validation};
pub use ridge::RidgeError;
pub use run::{OnEvent, StopReason, TrainEvent, TrainSummary, train, train_from};
pub use sims::SimsMetrics;
pub use simulator::{Simulator, SimulatorError};
pub use state::{Best, ResumeError};
pub use study::{RunDone, StudyObserver, StudyPlan, study};
pub use study_row::{Spread, StudyRow, publish_study};
pub use variant::{OffAlready, Term, UnknownTerm};
pub use weights::{ReleasedWeights, WeightsError, import_weights};
pub use words_lost::{NotAShare, WordsLost};
