//! The metrics of CH-SIMS and CH-SIMS v2, whose labels go from −1 to 1 (MMSA's
//! `eval_sims_regression`).

use serde::{Deserialize, Serialize};

use super::metrics::{correlation, mean};

/// Upper ends of the classes but for the last; an end belongs to the class below it.
const TWO: [f32; 1] = [0.0];
const THREE: [f32; 2] = [-0.1, 0.1];
const FIVE: [f32; 4] = [-0.7, -0.1, 0.1, 0.7];

/// How well predictions match truths between −1 and 1. Predictions are clipped to ±1, which the
/// metrics of MOSI do not do.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SimsMetrics {
    /// Mean absolute error.
    pub mae: f64,
    /// Pearson correlation; `None` where truth or prediction is constant.
    pub corr: Option<f64>,
    /// Share with the same class of two: up to 0, and above.
    pub acc2: f64,
    /// Share with the same class of three: up to −0.1, up to 0.1, and above.
    pub acc3: f64,
    /// Share with the same class of five: up to −0.7, −0.1, 0.1, 0.7, and above.
    pub acc5: f64,
    /// F1 of the two classes, weighted by the truth's class counts.
    pub f1: f64,
}

/// True when labels may be those of CH-SIMS.
pub(super) fn is_within(truth: &[f32]) -> bool {
    truth.iter().all(|label| label.abs() <= 1.0)
}

/// Compares predictions with truths between −1 and 1, of which there is at least one.
pub(super) fn sims(truth: &[f32], predicted: &[f32]) -> SimsMetrics {
    let pairs: Vec<(f32, f32)> = (truth.iter().zip(predicted))
        .map(|(&y, &p)| (y.clamp(-1.0, 1.0), p.clamp(-1.0, 1.0)))
        .collect();
    let exact: Vec<(f64, f64)> = (pairs.iter())
        .map(|&(y, p)| (f64::from(y), f64::from(p)))
        .collect();
    let agreement = |ends: &[f32]| {
        let class = |value: f32| ends.iter().filter(|end| value > **end).count();
        let same = pairs.iter().filter(|&&(y, p)| class(y) == class(p));
        same.count() as f64 / pairs.len() as f64
    };
    let signs: Vec<_> = pairs.iter().map(|&(y, p)| (y > 0.0, p > 0.0)).collect();
    SimsMetrics {
        mae: mean(&exact, |y, p| (p - y).abs()),
        corr: correlation(&exact),
        acc2: agreement(&TWO),
        acc3: agreement(&THREE),
        acc5: agreement(&FIVE),
        f1: super::metrics::weighted_f1(&signs),
    }
}

impl SimsMetrics {
    /// With each value changed.
    pub(super) fn map(self, change: impl Fn(f64) -> f64) -> Self {
        Self {
            mae: change(self.mae),
            corr: self.corr.map(&change),
            acc2: change(self.acc2),
            acc3: change(self.acc3),
            acc5: change(self.acc5),
            f1: change(self.f1),
        }
    }
}
