//! How far the truth may be from a network's scores: split conformal prediction (Vovk, Gammerman
//! and Shafer, 2005; Lei et al., *Distribution-free predictive inference for regression*, 2018).
//!
//! Measured on utterances that the network was not trained on, an error is exceeded by as few of
//! those to come as of these, as long as both are of one kind.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Scored;
use undertone_types::{Margin, RecordingMargin};

/// The share of utterances, and of recordings, whose truth lies within a margin.
pub const NOMINAL: f64 = 0.9;
/// Scores of reports are within these limits.
const LIMIT: f64 = 3.0;
/// A mean's margin from fewer recordings than this would be chance.
const LEAST_RECORDINGS: usize = 30;

/// The share of truths that lie within margins.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Covered {
    /// Of utterances.
    pub utterances: f64,
    /// Of means of recordings; `None` where these have no margin.
    pub recordings: Option<f64>,
}

/// The margins of 90 % of these utterances and of their recordings; `None` where they are too few to tell.
#[must_use]
pub fn margin(scored: &[Scored]) -> Option<Margin> {
    let errors = scored.iter().map(|one| error(one).abs()).collect();
    Some(Margin {
        utterance: quantile(errors)? as f32,
        recording: recording_margin(&by_recording(scored)),
        utterances: scored.len(),
    })
}

/// How many truths of these utterances, and of their recordings, lie within a margin; `None` without any.
#[must_use]
pub fn covered(scored: &[Scored], margin: &Margin) -> Option<Covered> {
    let share = |within: usize, of: usize| (of > 0).then(|| within as f64 / of as f64);
    let within = |one: &&Scored| error(one).abs() <= f64::from(margin.utterance);
    let recordings = by_recording(scored);
    let held = |of: &RecordingMargin| {
        let held = |errors: &&Vec<f64>| mean(errors).abs() <= of.around_mean(errors.len() as f64);
        recordings.iter().filter(held).count()
    };
    Some(Covered {
        utterances: share(scored.iter().filter(within).count(), scored.len())?,
        recordings: (margin.recording.as_ref()).and_then(|of| share(held(of), recordings.len())),
    })
}

fn error(one: &Scored) -> f64 {
    f64::from(one.score).clamp(-LIMIT, LIMIT) - f64::from(one.label)
}

fn by_recording(scored: &[Scored]) -> Vec<Vec<f64>> {
    let mut recordings: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for one in scored {
        recordings.entry(&one.source).or_default().push(error(one));
    }
    recordings.into_values().collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The errors of a recording's utterances have a part in common, which no number of them averages out.
fn recording_margin(recordings: &[Vec<f64>]) -> Option<RecordingMargin> {
    let spread = |errors: &Vec<f64>| {
        let mean = mean(errors);
        errors
            .iter()
            .map(|error| (error - mean).powi(2))
            .sum::<f64>()
    };
    let freedom: usize = recordings.iter().map(|errors| errors.len() - 1).sum();
    if recordings.len() < LEAST_RECORDINGS || freedom == 0 {
        return None;
    }
    let own = recordings.iter().map(spread).sum::<f64>() / freedom as f64;
    let in_common = |errors: &Vec<f64>| mean(errors).powi(2) - own / errors.len() as f64;
    let shared = recordings.iter().map(in_common).sum::<f64>() / recordings.len() as f64;
    let shape = RecordingMargin {
        shared: shared.max(0.0).sqrt() as f32,
        own: own.sqrt() as f32,
        factor: 1.0,
        recordings: recordings.len(),
    };
    let deviations =
        |errors: &Vec<f64>| mean(errors).abs() / shape.around_mean(errors.len() as f64);
    let factor = quantile(recordings.iter().map(deviations).collect())?;
    factor.is_finite().then_some(RecordingMargin {
        factor: factor as f32,
        ..shape
    })
}

/// The smallest of the values that a new one exceeds in at most 10 % of cases: of `n`, that of rank
/// `⌈0.9 (n + 1)⌉`.
fn quantile(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let rank = (NOMINAL * (values.len() as f64 + 1.0)).ceil() as usize;
    values.get(rank.checked_sub(1)?).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use undertone_fusion::Rng;

    /// `count` recordings of 1 to 9 utterances whose errors are a common one and one of their own.
    fn scored(count: usize, seed: u64) -> Vec<Scored> {
        let mut rng = Rng::stream(&[seed]);
        let mut all = Vec::new();
        for recording in 0..count {
            let common = 0.4 * rng.normal();
            for utterance in 0..=recording % 9 {
                all.push(Scored {
                    id: format!("{recording}-{utterance}"),
                    source: recording.to_string(),
                    label: 0.5,
                    score: (0.5 + common + 0.6 * rng.normal()) as f32,
                });
            }
        }
        all
    }

    #[test]
    fn others_of_the_same_kind_are_within_in_nine_of_ten_cases() {
        let margin = margin(&scored(900, 1)).unwrap();
        let recording = margin.recording.unwrap();
        assert!((recording.shared - 0.4).abs() < 0.05, "{recording:?}");
        assert!((recording.own - 0.6).abs() < 0.05, "{recording:?}");
        let others = covered(&scored(900, 2), &margin).unwrap();
        assert!((others.utterances - 0.9).abs() < 0.02, "{others:?}");
        assert!(
            (others.recordings.unwrap() - 0.9).abs() < 0.04,
            "{others:?}"
        );
    }

    #[test]
    fn the_rank_is_that_of_the_literature() {
        let values = |count: u32| (1..=count).map(f64::from).collect::<Vec<_>>();
        assert_eq!(quantile(values(9)), Some(9.0));
        assert_eq!(quantile(values(99)), Some(90.0));
        assert_eq!(quantile(values(8)), None);
        assert_eq!(quantile(Vec::new()), None);
    }

    #[test]
    fn few_recordings_have_no_margin_of_their_mean() {
        let margin = margin(&scored(29, 3)).unwrap();
        assert_eq!(margin.recording, None);
        assert_eq!(covered(&scored(29, 3), &margin).unwrap().recordings, None);
        assert_eq!(covered(&[], &margin), None);
    }

    #[test]
    fn a_score_counts_as_reports_write_it() {
        let beyond = Scored {
            id: "a".to_owned(),
            source: "a".to_owned(),
            label: 3.0,
            score: 7.0,
        };
        assert_eq!(margin(&vec![beyond; 9]).unwrap().utterance, 0.0);
    }
}
