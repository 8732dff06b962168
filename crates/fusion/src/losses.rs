//! The six terms of the training loss (paper, "Losses").

use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};

use super::{FlowOutput, rank_n_contrast};

/// Keeps the gradient of a root finite where the two sides are equal.
const ROOT_FLOOR: f64 = 1e-12;

/// The weight of each term. The defaults are those of the authors' training script.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LossWeights {
    /// Squared error of the complete flow.
    pub complete: f64,
    /// Squared error of the text-missing flow.
    pub missing: f64,
    /// Distance of the two fused vectors (multi-level distillation, "MKD").
    pub fused: f64,
    /// Distance of the text queries, towards the complete flow.
    pub query: f64,
    /// Distance of the text cross-attentions, towards the complete flow.
    pub cross: f64,
    /// Rank-N-Contrast over both flows.
    pub contrast: f64,
    /// Temperature of Rank-N-Contrast.
    pub temperature: f64,
    /// Epochs before the distances between the flows count; 0 in the paper.
    pub distil_after_epochs: u32,
}

impl Default for LossWeights {
    fn default() -> Self {
        Self {
            complete: 0.5,
            missing: 0.5,
            fused: 0.13,
            query: 0.0,
            cross: 0.0,
            contrast: 0.5,
            temperature: 2.0,
            distil_after_epochs: 0,
        }
    }
}

impl LossWeights {
    /// The weights in an epoch, counted from 1. The flows share their weights, so two that say the same of
    /// everything are at no distance from each other: until both have learned to score, the distances
    /// may draw the network there (seen on 1,500 utterances, with all three of them).
    #[must_use]
    pub fn in_epoch(self, epoch: u32) -> Self {
        if epoch > self.distil_after_epochs {
            return self;
        }
        Self {
            fused: 0.0,
            query: 0.0,
            cross: 0.0,
            ..self
        }
    }

    /// What is wrong with the weights, one fragment each.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        let weights = [
            ("complete", self.complete),
            ("missing", self.missing),
            ("fused", self.fused),
            ("query", self.query),
            ("cross", self.cross),
            ("contrast", self.contrast),
        ];
        let mut problems: Vec<String> = weights
            .iter()
            .filter(|(_, weight)| !(weight.is_finite() && *weight >= 0.0))
            .map(|(key, weight)| format!("loss.{key} must be 0 or more, got {weight}"))
            .collect();
        if weights.iter().all(|(_, weight)| *weight == 0.0) {
            problems.push("every weight in [loss] is 0: there is nothing to learn".to_owned());
        }
        if !(self.temperature.is_finite() && self.temperature > 0.0) {
            let temperature = self.temperature;
            problems.push(format!(
                "loss.temperature must be above 0, got {temperature}"
            ));
        }
        problems
    }
}

/// One value per term: in a step a tensor of one number, in a report a number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LossTerms<T> {
    /// Weighted sum of the others.
    pub total: T,
    /// See [`LossWeights::complete`].
    pub complete: T,
    /// See [`LossWeights::missing`].
    pub missing: T,
    /// See [`LossWeights::fused`].
    pub fused: T,
    /// See [`LossWeights::query`].
    pub query: T,
    /// See [`LossWeights::cross`].
    pub cross: T,
    /// See [`LossWeights::contrast`].
    pub contrast: T,
}

/// Loss terms as numbers.
pub type LossValues = LossTerms<f64>;

/// All terms for a batch that went through both flows; `labels` is `[batch]`. A term whose
/// weight is 0 is not part of the total (and costs no gradient), but is still reported.
///
/// An utterance of which a flow was given nothing does not count in the terms of that flow, nor in
/// those that compare the flows: the flow would learn to answer a constant. A term is a mean over
/// those that count, 0 without any; in the total it weighs as much as their share of the batch, so
/// that every utterance weighs the same wherever it counts.
#[must_use]
pub fn losses(
    complete: &FlowOutput,
    missing: &FlowOutput,
    labels: &Tensor,
    weights: &LossWeights,
) -> LossTerms<Tensor> {
    let [own, others] = [complete, missing].map(|flow| Rows::new(&flow.given, labels));
    let both: Vec<bool> = (complete.given.iter().zip(&missing.given))
        .map(|(complete, missing)| *complete && *missing)
        .collect();
    let both = Rows::new(&both, labels);
    let squared = |rows: &Rows, score: &Tensor| {
        let (score, labels) = (rows.of(score), rows.of(labels));
        rows.or_zero(&score, || (&score - labels).square().mean(Kind::Float))
    };
    let distance = |missing: &Tensor, complete: &Tensor| {
        let (missing, complete) = (both.of(missing), both.of(complete));
        both.or_zero(&missing, || rmse(&missing, &complete))
    };
    let mut terms = LossTerms {
        total: Tensor::from(0.0_f32),
        complete: squared(&own, &complete.score),
        missing: squared(&others, &missing.score),
        fused: distance(&missing.fused, &complete.fused),
        query: distance(&missing.text_query, &complete.text_query.detach()),
        cross: distance(&missing.text_cross, &complete.text_cross.detach()),
        contrast: {
            let features = [own.of(&complete.contrast), others.of(&missing.contrast)];
            let labels = [own.of(labels), others.of(labels)];
            let features = Tensor::cat(&features, 0);
            match features.size()[0] {
                // Nothing to compare with.
                0 | 1 => zero(&features),
                _ => rank_n_contrast(&features, &Tensor::cat(&labels, 0), weights.temperature),
            }
        },
    };
    for (term, weight, share) in [
        (&terms.complete, weights.complete, own.share),
        (&terms.missing, weights.missing, others.share),
        (&terms.fused, weights.fused, both.share),
        (&terms.query, weights.query, both.share),
        (&terms.cross, weights.cross, both.share),
        (&terms.contrast, weights.contrast, 1.0),
    ] {
        if weight > 0.0 {
            terms.total = &terms.total + term * (weight * share);
        }
    }
    terms
}

/// The utterances of a batch that count.
struct Rows {
    count: usize,
    /// Of the batch.
    share: f64,
    /// Their positions; `None` for all of the batch.
    positions: Option<Tensor>,
}

impl Rows {
    /// Those that are `true`; `like` is on the device of the batch.
    fn new(counts: &[bool], like: &Tensor) -> Self {
        let positions = (0_i64..).zip(counts).filter(|(_, counts)| **counts);
        let positions: Vec<i64> = positions.map(|(at, _)| at).collect();
        let all = positions.len() == counts.len();
        Self {
            count: positions.len(),
            share: positions.len() as f64 / counts.len().max(1) as f64,
            positions: (!all).then(|| Tensor::from_slice(&positions).to_device(like.device())),
        }
    }

    /// Their rows of a tensor.
    fn of(&self, tensor: &Tensor) -> Tensor {
        match &self.positions {
            Some(positions) => tensor.index_select(0, positions),
            None => tensor.shallow_clone(),
        }
    }

    /// A term over their rows; 0 without any, where a mean would be 0/0.
    fn or_zero(&self, rows: &Tensor, term: impl FnOnce() -> Tensor) -> Tensor {
        match self.count {
            0 => zero(rows),
            _ => term(),
        }
    }
}

/// A zero that depends on a tensor, so that a total of nothing but zeros has a gradient: zeros.
fn zero(tensor: &Tensor) -> Tensor {
    tensor.sum(Kind::Float) * 0.0
}

/// The root of the mean square of the difference.
fn rmse(a: &Tensor, b: &Tensor) -> Tensor {
    ((a - b).square().mean(Kind::Float) + ROOT_FLOOR).sqrt()
}

impl LossTerms<Tensor> {
    /// The terms as numbers.
    #[must_use]
    pub fn values(&self) -> LossValues {
        let value = |tensor: &Tensor| tensor.double_value(&[]);
        LossTerms {
            total: value(&self.total),
            complete: value(&self.complete),
            missing: value(&self.missing),
            fused: value(&self.fused),
            query: value(&self.query),
            cross: value(&self.cross),
            contrast: value(&self.contrast),
        }
    }
}

impl LossValues {
    /// Adds the terms of a batch: those in which every utterance counts times `count`, those of
    /// the text-missing flow times `missing`, which is how many count there.
    pub fn add(&mut self, batch: &Self, count: f64, missing: f64) {
        self.total += batch.total * count;
        self.complete += batch.complete * count;
        self.missing += batch.missing * missing;
        self.fused += batch.fused * missing;
        self.query += batch.query * missing;
        self.cross += batch.cross * missing;
        self.contrast += batch.contrast * count;
    }

    /// The means of sums that [`Self::add`] made over so many utterances.
    #[must_use]
    pub fn over(self, count: f64, missing: f64) -> Self {
        let mut means = Self::default();
        means.add(&self, 1.0 / count.max(1.0), 1.0 / missing.max(1.0));
        means
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(score: &[f32], fused: f32, query: f32) -> FlowOutput {
        let batch = score.len() as i64;
        let full = |value: f32, size: &[i64]| {
            Tensor::full(size, f64::from(value), (Kind::Float, tch::Device::Cpu))
                .set_requires_grad(true)
        };
        FlowOutput {
            score: Tensor::from_slice(score).set_requires_grad(true),
            fused: full(fused, &[batch, 2]),
            contrast: full(0.0, &[batch, 2]),
            text_query: full(query, &[batch, 4]),
            text_cross: full(query, &[batch, 7, 2]),
            weights: full(1.0, &[batch, 3]),
            given: vec![true; score.len()],
        }
    }

    #[test]
    fn the_terms_by_hand() {
        let (complete, missing) = (output(&[1.0, 2.0], 0.0, 3.0), output(&[0.0, 4.0], 2.0, 3.5));
        let weights = LossWeights {
            query: 0.1,
            cross: 0.2,
            ..LossWeights::default()
        };
        let labels = Tensor::from_slice(&[1.0_f32, 1.0]);
        let values = losses(&complete, &missing, &labels, &weights).values();
        // All rows and labels are equal: each pair is compared with three equal ones.
        let contrast = 3.0_f64.ln();
        let expected = [0.5, 5.0, 2.0, 0.5, 0.5, contrast];
        let got = [
            values.complete,
            values.missing,
            values.fused,
            values.query,
            values.cross,
            values.contrast,
        ];
        for (got, expected) in got.iter().zip(expected) {
            assert!((got - expected).abs() < 1e-5, "{got} {expected}");
        }
        let total = 0.25 + 2.5 + 0.26 + 0.05 + 0.1 + 0.5 * contrast;
        assert!((values.total - total).abs() < 1e-5);
    }

    #[test]
    fn distillation_does_not_pull_the_complete_flow_down() {
        let (complete, missing) = (output(&[1.0], 0.0, 3.0), output(&[0.0], 0.0, 3.5));
        let weights = LossWeights {
            query: 1.0,
            cross: 1.0,
            ..LossWeights::default()
        };
        let labels = Tensor::from_slice(&[1.0_f32]);
        losses(&complete, &missing, &labels, &weights)
            .total
            .backward();
        assert!(!complete.text_query.grad().defined());
        assert!(!complete.text_cross.grad().defined());
        assert!(missing.text_query.grad().defined());
        // Equal fused vectors: the root's gradient must not be infinite.
        assert!(missing.fused.grad().isfinite().all().int64_value(&[]) == 1);
    }

    #[test]
    fn an_utterance_counts_only_in_flows_that_were_given_something() {
        let labels = Tensor::from_slice(&[1.0_f32, 1.0, 1.0]);
        let complete = output(&[1.0, 2.0, 5.0], 0.0, 3.0);
        let mut missing = output(&[0.0, 9.0, 9.0], 2.0, 3.5);
        missing.given = vec![true, false, false];
        let values = losses(&complete, &missing, &labels, &LossWeights::default()).values();
        assert!((values.complete - 17.0 / 3.0).abs() < 1e-5, "{values:?}");
        assert!((values.missing - 1.0).abs() < 1e-6, "{values:?}");
        assert!((values.fused - 2.0).abs() < 1e-5, "{values:?}");
        assert!((values.contrast - 3.0_f64.ln()).abs() < 1e-5, "{values:?}");
        // One of three counts in the text-missing flow and between the flows.
        let total = 0.5 * values.complete + (0.5 * 1.0 + 0.13 * 2.0) / 3.0 + 0.5 * values.contrast;
        assert!((values.total - total).abs() < 1e-5, "{values:?}");

        let one = output(&[1.0], 0.0, 3.0);
        let mut nothing = output(&[0.0], 2.0, 3.5);
        nothing.given = vec![false];
        let terms = losses(
            &one,
            &nothing,
            &labels.narrow(0, 0, 1),
            &LossWeights::default(),
        );
        assert_eq!(
            terms.values().total,
            0.0,
            "a right score, and nothing to compare it with"
        );
        terms.total.backward();
        assert_eq!(nothing.score.grad().double_value(&[0]), 0.0);
    }

    #[test]
    fn the_flows_are_compared_once_they_have_learned_to_score() {
        let weights = LossWeights {
            query: 0.1,
            cross: 0.7,
            distil_after_epochs: 3,
            ..LossWeights::default()
        };
        let distances = |epoch| {
            let weights = weights.in_epoch(epoch);
            assert_eq!((weights.complete, weights.contrast), (0.5, 0.5));
            [weights.fused, weights.query, weights.cross]
        };
        assert_eq!([1, 3].map(distances), [[0.0; 3]; 2]);
        assert_eq!(distances(4), [0.13, 0.1, 0.7]);
        assert_eq!(LossWeights::default().in_epoch(1), LossWeights::default());
    }

    #[test]
    fn unusable_weights_are_named() {
        let weights = LossWeights {
            query: -1.0,
            ..LossWeights::default()
        };
        assert_eq!(weights.problems(), ["loss.query must be 0 or more, got -1"]);
    }
}
