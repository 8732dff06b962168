//! The report on an epoch.

use serde::{Deserialize, Serialize};

use super::{Criterion, Metrics};
use undertone_fusion::LossValues;

/// The report on an epoch, a line of `metrics.jsonl`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EpochReport {
    /// From 1.
    pub epoch: u32,
    /// Epochs of the run.
    pub epochs: u32,
    /// The learning rate.
    pub learning_rate: f64,
    /// Mean losses over the training split, with dropout.
    pub loss: LossValues,
    /// On the validation split, without dropout.
    pub validation: Validation,
    /// The validation error that decides.
    pub error: f64,
    /// Whether it is the best so far.
    pub best: bool,
    /// How long it took.
    pub seconds: f64,
}

/// Both flows on the validation split.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Validation {
    /// The complete flow, with real text.
    pub complete: Metrics,
    /// The text-missing flow, with simulated text.
    pub simulated: Metrics,
}

impl Validation {
    /// The error (MAE) that the criterion chooses.
    pub(super) fn error(&self, criterion: Criterion) -> f64 {
        match criterion {
            Criterion::Complete => self.complete.mae,
            Criterion::Missing => self.simulated.mae,
            Criterion::Both => f64::midpoint(self.complete.mae, self.simulated.mae),
        }
    }
}
