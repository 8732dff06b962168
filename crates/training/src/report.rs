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
    /// The text-missing flow, with simulated text, over the utterances of which it is given
    /// anything; `None` where there are none, in training or in validation.
    pub simulated: Option<Metrics>,
}

impl Validation {
    /// The error (MAE) that the criterion chooses; that of the complete flow where the other one
    /// has nothing to be measured on.
    pub(super) fn error(&self, criterion: Criterion) -> f64 {
        match (criterion, &self.simulated) {
            (Criterion::Complete, _) | (_, None) => self.complete.mae,
            (Criterion::Missing, Some(simulated)) => simulated.mae,
            (Criterion::Both, Some(simulated)) => f64::midpoint(self.complete.mae, simulated.mae),
        }
    }
}
