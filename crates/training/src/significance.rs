//! Whether two models differ by more than chance.

use std::collections::BTreeMap;

use undertone_fusion::Rng;

use super::evaluate::Scored;

/// The stream of the exchanges; fixed, so that a study repeats.
const STREAM: u64 = 0x519_f11b;
const EXCHANGES: usize = 10_000;

/// How likely errors (MAE, each utterance's averaged over the seeds) that differ as much would be, if
/// both models were equally good: a permutation test in which the two exchange their errors over whole
/// recordings, since utterances of one recording are alike. `None` with fewer than two recordings that
/// both scored.
///
/// Source: Fisher, *The Design of Experiments* (1935), section 21; two-sided, by drawing exchanges.
pub(super) fn p_value(model: &[Vec<Scored>], reference: &[Vec<Scored>]) -> Option<f64> {
    let differences = differences(model, reference);
    if differences.len() < 2 {
        return None;
    }
    let observed = differences.iter().sum::<f64>().abs();
    let mut rng = Rng::stream(&[STREAM]);
    let mut exchanged = || -> f64 {
        let signed = differences.iter();
        signed
            .map(|difference| {
                if rng.below(2) == 0 {
                    *difference
                } else {
                    -difference
                }
            })
            .sum()
    };
    // Sums of the same numbers in another order differ in their last digits.
    let limit = observed * (1.0 - 1e-9);
    let as_far = (0..EXCHANGES)
        .filter(|_| exchanged().abs() >= limit)
        .count();
    Some((as_far + 1) as f64 / (EXCHANGES + 1) as f64)
}

/// The difference of the two sums of errors, of each recording.
fn differences(model: &[Vec<Scored>], reference: &[Vec<Scored>]) -> Vec<f64> {
    let (own, other) = (errors(model), errors(reference));
    let mut recordings = BTreeMap::<&str, f64>::new();
    for (id, (source, error)) in &own {
        if let Some((_, other)) = other.get(id) {
            *recordings.entry(source).or_default() += error - other;
        }
    }
    recordings.into_values().collect()
}

/// Recording and mean error of each utterance, by its id.
fn errors(seeds: &[Vec<Scored>]) -> BTreeMap<&str, (&str, f64)> {
    let mut errors = BTreeMap::<&str, (&str, f64)>::new();
    for one in seeds.iter().flatten() {
        let entry = errors.entry(&one.id).or_insert((&one.source, 0.0));
        entry.1 += f64::from((one.score - one.label).abs()) / seeds.len() as f64;
    }
    errors
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Scores of twenty recordings of two utterances each; `of` is the error of a recording.
    fn scores(of: impl Fn(usize) -> f32) -> Vec<Vec<Scored>> {
        let one = |at: usize| Scored {
            id: format!("u{at}"),
            source: format!("v{}", at / 2),
            label: 1.0,
            score: 1.0 + of(at / 2),
        };
        vec![(0..40).map(one).collect()]
    }

    #[test]
    fn a_model_that_is_always_better_is_so_by_more_than_chance() {
        let (good, bad) = (scores(|_| 0.1), scores(|_| 0.3));
        let better = p_value(&good, &bad).unwrap();
        assert!(better < 0.001, "{better}");
        assert_eq!(p_value(&bad, &good), Some(better), "two-sided");
    }

    #[test]
    fn models_that_take_turns_differ_by_chance() {
        let mixed = scores(|recording| [0.1, 0.3][recording % 2]);
        let other = scores(|recording| [0.3, 0.1][recording % 2]);
        assert!(p_value(&mixed, &other).unwrap() > 0.5);
        assert_eq!(p_value(&mixed, &mixed), Some(1.0));
    }

    #[test]
    fn one_recording_proves_nothing() {
        let one = |error: f32| {
            let mut all = scores(|_| error);
            all[0].truncate(2);
            all
        };
        assert_eq!(p_value(&one(0.1), &one(0.3)), None);
    }
}
