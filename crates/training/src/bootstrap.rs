//! The uncertainty of metrics: percentile intervals by the bootstrap (Efron, 1979).

use serde::{Deserialize, Serialize};

use super::{Metrics, SimsMetrics, metrics};
use undertone_fusion::Rng;

/// The stream of the resamples; fixed, so that intervals can be compared.
const STREAM: u64 = 0xb007;
/// Share of the resamples below, and above, the interval.
const TAIL: f64 = 0.025;

/// The middle 95 % of a metric over resamples, metric by metric.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Interval {
    /// Lower ends.
    pub low: Metrics,
    /// Upper ends.
    pub high: Metrics,
    /// Resamples drawn.
    pub resamples: usize,
    /// Recordings that were drawn from.
    pub groups: usize,
}

/// An utterance as the bootstrap needs it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Drawn<'a> {
    /// The recording it is from.
    pub(super) source: &'a str,
    /// The truth.
    pub(super) label: f32,
    /// The prediction.
    pub(super) score: f32,
}

/// Intervals over `resamples` draws of whole recordings with replacement. (The utterances of one
/// recording are alike, so drawing them one by one would give intervals that are too narrow.)
/// `None` without resamples, or with fewer than two recordings.
pub(super) fn intervals(utterances: &[Drawn<'_>], resamples: usize) -> Option<Interval> {
    let groups = by_source(utterances);
    if groups.len() < 2 || resamples == 0 {
        return None;
    }
    let mut rng = Rng::stream(&[STREAM]);
    let (mut truth, mut predicted) = (Vec::new(), Vec::new());
    let mut drawn = Vec::with_capacity(resamples);
    for _ in 0..resamples {
        truth.clear();
        predicted.clear();
        for _ in 0..groups.len() {
            for one in &groups[rng.below(groups.len())] {
                truth.push(one.label);
                predicted.push(one.score);
            }
        }
        drawn.extend(metrics(&truth, &predicted));
    }
    let end = |tail: f64| ends(&drawn, utterances.len(), tail);
    Some(Interval {
        low: end(TAIL),
        high: end(1.0 - TAIL),
        resamples,
        groups: groups.len(),
    })
}

fn by_source<'a>(utterances: &[Drawn<'a>]) -> Vec<Vec<Drawn<'a>>> {
    let mut groups = std::collections::BTreeMap::<&str, Vec<Drawn<'a>>>::new();
    for &one in utterances {
        groups.entry(one.source).or_default().push(one);
    }
    groups.into_values().collect()
}

/// The quantile `tail` of every metric over the resamples.
fn ends(drawn: &[Metrics], count: usize, tail: f64) -> Metrics {
    let quantile = |of: &dyn Fn(&Metrics) -> Option<f64>| quantile(drawn, tail, of);
    let always = |of: fn(&Metrics) -> f64| quantile(&|one| Some(of(one))).unwrap_or(f64::NAN);
    Metrics {
        count,
        mae: always(|one| one.mae),
        corr: quantile(&|one| one.corr),
        acc7: always(|one| one.acc7),
        acc5: always(|one| one.acc5),
        acc2_has0: always(|one| one.acc2_has0),
        f1_has0: always(|one| one.f1_has0),
        acc2_non0: quantile(&|one| one.acc2_non0),
        f1_non0: quantile(&|one| one.f1_non0),
        sims: sims_ends(drawn, tail),
    }
}

/// The same of the metrics of CH-SIMS, which all resamples have or none.
fn sims_ends(drawn: &[Metrics], tail: f64) -> Option<SimsMetrics> {
    let quantile = |of: fn(&SimsMetrics) -> Option<f64>| {
        quantile(drawn, tail, &|one| of(one.sims.as_ref()?))
    };
    Some(SimsMetrics {
        mae: quantile(|one| Some(one.mae))?,
        corr: quantile(|one| one.corr),
        acc2: quantile(|one| Some(one.acc2))?,
        acc3: quantile(|one| Some(one.acc3))?,
        acc5: quantile(|one| Some(one.acc5))?,
        f1: quantile(|one| Some(one.f1))?,
    })
}

/// The quantile of a metric over those resamples that have it.
fn quantile(drawn: &[Metrics], tail: f64, of: &dyn Fn(&Metrics) -> Option<f64>) -> Option<f64> {
    let mut values: Vec<f64> = drawn.iter().filter_map(of).collect();
    values.sort_by(f64::total_cmp);
    let last = values.len().checked_sub(1)?;
    Some(values[(tail * last as f64).round() as usize])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Errors with a normal's spread of 1, `each` utterances from each recording alike.
    fn sample(recordings: usize, each: usize) -> Vec<(String, f32)> {
        let mut rng = Rng::stream(&[4]);
        (0..recordings)
            .flat_map(|at| {
                let error = rng.normal() as f32;
                (0..each).map(move |_| (format!("v{at}"), error))
            })
            .collect()
    }

    fn width(sample: &[(String, f32)]) -> f64 {
        let drawn: Vec<Drawn<'_>> = (sample.iter())
            .map(|(source, error)| Drawn {
                source,
                label: 0.0,
                score: *error,
            })
            .collect();
        let interval = intervals(&drawn, 2000).unwrap();
        assert!(interval.low.mae < interval.high.mae);
        interval.high.mae - interval.low.mae
    }

    #[test]
    fn the_interval_is_as_wide_as_theory_says() {
        // The deviation of |normal| is √(1 − 2/π); 2 × 1.96 standard errors.
        let expected = 2.0 * 1.96 * (1.0 - 2.0 / std::f64::consts::PI).sqrt() / 20.0;
        let got = width(&sample(400, 1));
        assert!((got / expected - 1.0).abs() < 0.15, "{got} {expected}");
    }

    #[test]
    fn utterances_of_one_recording_count_once() {
        let (alone, repeated) = (width(&sample(100, 1)), width(&sample(100, 10)));
        assert!((repeated / alone - 1.0).abs() < 0.1, "{repeated} {alone}");
    }

    #[test]
    fn one_recording_gives_no_interval() {
        let one = Drawn {
            source: "a",
            label: 1.0,
            score: 0.5,
        };
        assert_eq!(intervals(&[one, one], 100), None);
        let other = Drawn { source: "b", ..one };
        assert_eq!(intervals(&[one, other], 0), None);
    }
}
