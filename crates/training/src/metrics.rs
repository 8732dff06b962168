//! The field's metrics of scores (MMSA's `metricsTop`; paper, "Metrics").

use serde::{Deserialize, Serialize};

use super::sims::{SimsMetrics, is_within, sims};

/// How well predictions match the truth. A metric that the data cannot give is `None`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metrics {
    /// Utterances.
    pub count: usize,
    /// Mean absolute error, predictions not clipped.
    pub mae: f64,
    /// Pearson correlation; `None` where truth or prediction is constant.
    pub corr: Option<f64>,
    /// Share with the same class of seven (clipped to ±3, rounded half to even).
    pub acc7: f64,
    /// Share with the same class of five (clipped to ±2, rounded half to even).
    pub acc5: f64,
    /// Share with the same sign, 0 counted as positive.
    pub acc2_has0: f64,
    /// F1 for the same, weighted by the truth's class counts.
    pub f1_has0: f64,
    /// Share with the same sign among utterances whose truth is not 0.
    pub acc2_non0: Option<f64>,
    /// F1 for the same, weighted by the truth's class counts.
    pub f1_non0: Option<f64>,
    /// The metrics of CH-SIMS; `None` where a truth lies beyond ±1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sims: Option<SimsMetrics>,
}

/// Compares predictions with the truth, pairwise; `None` without any pair.
#[must_use]
pub fn metrics(truth: &[f32], predicted: &[f32]) -> Option<Metrics> {
    let pairs: Vec<(f64, f64)> = (truth.iter().zip(predicted))
        .map(|(&y, &p)| (f64::from(y), f64::from(p)))
        .collect();
    if pairs.is_empty() {
        return None;
    }
    let has0: Vec<_> = pairs.iter().map(|&(y, p)| (y >= 0.0, p >= 0.0)).collect();
    let non0: Vec<_> = (pairs.iter().filter(|(y, _)| *y != 0.0))
        .map(|&(y, p)| (y > 0.0, p > 0.0))
        .collect();
    let some = !non0.is_empty();
    Some(Metrics {
        count: pairs.len(),
        mae: mean(&pairs, |y, p| (p - y).abs()),
        corr: correlation(&pairs),
        acc7: classes(&pairs, 3.0),
        acc5: classes(&pairs, 2.0),
        acc2_has0: agreement(&has0),
        f1_has0: weighted_f1(&has0),
        acc2_non0: some.then(|| agreement(&non0)),
        f1_non0: some.then(|| weighted_f1(&non0)),
        sims: is_within(truth).then(|| sims(truth, predicted)),
    })
}

impl Metrics {
    /// Rounded to four decimals, as the field reports them.
    #[must_use]
    pub fn rounded(self) -> Self {
        let round = |value: f64| (value * 1e4).round() / 1e4;
        Self {
            count: self.count,
            mae: round(self.mae),
            corr: self.corr.map(round),
            acc7: round(self.acc7),
            acc5: round(self.acc5),
            acc2_has0: round(self.acc2_has0),
            f1_has0: round(self.f1_has0),
            acc2_non0: self.acc2_non0.map(round),
            f1_non0: self.f1_non0.map(round),
            sims: self.sims.map(|sims| sims.map(round)),
        }
    }
}

pub(super) fn mean(pairs: &[(f64, f64)], value: impl Fn(f64, f64) -> f64) -> f64 {
    pairs.iter().map(|&(y, p)| value(y, p)).sum::<f64>() / pairs.len() as f64
}

fn classes(pairs: &[(f64, f64)], limit: f64) -> f64 {
    let class = |value: f64| value.clamp(-limit, limit).round_ties_even();
    mean(pairs, |y, p| f64::from(u8::from(class(y) == class(p))))
}

pub(super) fn correlation(pairs: &[(f64, f64)]) -> Option<f64> {
    let (mean_y, mean_p) = (mean(pairs, |y, _| y), mean(pairs, |_, p| p));
    let covariance = mean(pairs, |y, p| (y - mean_y) * (p - mean_p));
    let spread_y = mean(pairs, |y, _| (y - mean_y).powi(2)).sqrt();
    let spread_p = mean(pairs, |_, p| (p - mean_p).powi(2)).sqrt();
    let both = spread_y * spread_p;
    (both > 0.0).then(|| (covariance / both).clamp(-1.0, 1.0))
}

fn agreement(signs: &[(bool, bool)]) -> f64 {
    signs.iter().filter(|(y, p)| y == p).count() as f64 / signs.len() as f64
}

pub(super) fn weighted_f1(signs: &[(bool, bool)]) -> f64 {
    let count = |y: bool, p: bool| signs.iter().filter(|s| **s == (y, p)).count() as f64;
    let of_class = |class: bool| {
        let (hit, wrong) = (count(class, class), count(!class, class));
        let support = hit + count(class, !class);
        let both = support + hit + wrong;
        let f1 = if both > 0.0 { 2.0 * hit / both } else { 0.0 };
        f1 * support
    };
    (of_class(true) + of_class(false)) / signs.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(got: f64, expected: f64) {
        assert!((got - expected).abs() < 1e-6, "{got} {expected}");
    }

    #[test]
    fn the_metrics_by_hand() {
        let truth = [-2.0, -0.5, 0.0, 1.0, 2.5];
        let predicted = [-1.0, 0.4, -0.1, 3.6, 1.5];
        let metrics = metrics(&truth, &predicted).unwrap();
        close(metrics.mae, (1.0 + 0.9 + 0.1 + 2.6 + 1.0) / 5.0);
        // Rounded half to even: −2 0 0 1 2 against −1 0 0 3 2.
        close(metrics.acc7, 0.6);
        // −2 0 0 1 2 against −1 0 0 2 2.
        close(metrics.acc5, 0.6);
        // has0: − − + + + against − + − + +.
        close(metrics.acc2_has0, 0.6);
        close(metrics.f1_has0, (0.5 * 2.0 + 2.0 / 3.0 * 3.0) / 5.0);
        // non0: − − + + against − + + +.
        close(metrics.acc2_non0.unwrap(), 0.75);
        close(
            metrics.f1_non0.unwrap(),
            (2.0 / 3.0 * 2.0 + 0.8 * 2.0) / 4.0,
        );
        // Worked out by hand.
        close(metrics.corr.unwrap(), 0.695_620_5);
    }

    #[test]
    fn metrics_that_the_data_cannot_give_are_none() {
        let metrics = metrics(&[0.0, 0.0], &[1.0, 1.0]).unwrap();
        assert_eq!(
            (metrics.corr, metrics.acc2_non0, metrics.f1_non0),
            (None, None, None)
        );
        assert!(super::metrics(&[], &[]).is_none());
    }

    #[test]
    fn reports_have_four_decimals() {
        let metrics = metrics(&[0.0, 1.0, 0.0], &[0.0, 0.0, 0.0])
            .unwrap()
            .rounded();
        assert_eq!(metrics.mae, 0.3333);
    }
}
