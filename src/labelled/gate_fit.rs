//! Fits a bundle's gate to what was heard in labelled clips, and measures a gate. The gate
//! estimates the probability that a transcript is correct, from the evidence for it.

use super::error::LabelledError;
use super::heard::Heard;
use undertone_bundle::{Evidence, Gate, GateWeights};
use undertone_training::{Logistic, calibration_error_by_chance, expected_calibration_error};

/// How a gate performs on labelled clips.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GateReport {
    /// Clips that were transcribed.
    pub clips: usize,
    /// Clips with a transcript that is not empty.
    pub transcribed: usize,
    /// Correct transcripts among them.
    pub right: usize,
    /// Transcripts that the gate trusts.
    pub trusted: usize,
    /// Correct transcripts among the trusted ones.
    pub trusted_right: usize,
    /// Clips in which nothing is said.
    pub speechless: usize,
    /// Clips among them with a transcript that is not empty.
    pub invented: usize,
    /// Invented transcripts that the gate trusts.
    pub invented_trusted: usize,
    /// Word error rate over all clips in which something is said.
    pub word_error_rate: f64,
    /// Expected calibration error of the confidence in the transcripts, in ten bins.
    pub calibration_error: f64,
    /// What chance alone would make of it with so many transcripts, if every confidence were the
    /// probability to be right.
    pub calibration_error_by_chance: f64,
}

/// The sign that each weight may have, in the order of [`GateWeights`]: positive where more
/// evidence can only mean a better transcript, negative where only a worse one, `None` for any.
const SIGNS: [Option<f64>; 6] = [Some(1.0), Some(1.0), Some(-1.0), Some(-1.0), None, None];

/// Fits a gate to the transcripts; `threshold` becomes its threshold. A few hundred clips say too
/// little of six weights at once: some get the wrong sign (as if repetition made a text more
/// credible), some only fit what is particular to these clips. So evidence is left out, the
/// worst first, and the gate fitted again, until every sign is right and every evidence that is
/// left is worth its weight.
///
/// # Errors
/// When all transcripts are correct, or all are wrong.
pub fn fit_gate(all: &[Heard], threshold: f32) -> Result<Gate, LabelledError> {
    let (rows, right): (Vec<_>, Vec<_>) = all
        .iter()
        .filter_map(|heard| Some((features(heard.evidence.as_ref()?), heard.is_right())))
        .unzip();
    let fit = |used: &[bool]| Fitted::new(&rows, &right, used);
    let mut used = [true; SIGNS.len()];
    loop {
        let fitted = fit(&used).ok_or(LabelledError::OneKind {
            transcribed: rows.len(),
            right: right.iter().filter(|hit| **hit).count(),
        })?;
        let Some(out) = fitted
            .of_wrong_sign()
            .or_else(|| needless(&fitted, &used, fit))
        else {
            return Ok(gate(&fitted.model, threshold));
        };
        used[out] = false;
    }
}

/// A model of some of the evidence, and how well it fits.
struct Fitted {
    model: Logistic,
    log_likelihood: f64,
}

impl Fitted {
    /// Evidence that is not used has weight 0. `None` as [`Logistic::fit`].
    fn new(rows: &[Vec<f64>], right: &[bool], used: &[bool]) -> Option<Self> {
        let of_used = |row: &Vec<f64>| {
            let kept = row.iter().zip(used);
            kept.map(|(value, used)| if *used { *value } else { 0.0 })
                .collect()
        };
        let rows: Vec<Vec<f64>> = rows.iter().map(of_used).collect();
        let model = Logistic::fit(&rows, right)?;
        Some(Self {
            log_likelihood: model.log_likelihood(&rows, right),
            model,
        })
    }

    /// The evidence with the worst wrong sign.
    fn of_wrong_sign(&self) -> Option<usize> {
        let signed = |i: usize| SIGNS[i].map_or(0.0, |sign| sign * self.model.weights[i]);
        (0..SIGNS.len())
            .min_by(|a, b| signed(*a).total_cmp(&signed(*b)))
            .filter(|i| signed(*i) < 0.0)
    }
}

/// The evidence that the fit misses least, if it is not worth its weight: Akaike's criterion, by
/// which a weight has to raise the log-likelihood by 1. The last evidence always stays.
fn needless(
    fitted: &Fitted,
    used: &[bool],
    fit: impl Fn(&[bool]) -> Option<Fitted>,
) -> Option<usize> {
    let loss = |out: usize| {
        let mut fewer = used.to_vec();
        fewer[out] = false;
        Some((fitted.log_likelihood - fit(&fewer)?.log_likelihood, out))
    };
    let in_use = || (0..used.len()).filter(|i| used[*i]);
    let (loss, out) = in_use()
        .filter_map(loss)
        .min_by(|(a, _), (b, _)| a.total_cmp(b))?;
    (loss < 1.0 && in_use().count() > 1).then_some(out)
}

/// Measures a gate on the transcripts. On the clips that it was fitted to, the figures are too
/// good.
#[must_use]
pub fn measure_gate(gate: &Gate, all: &[Heard]) -> GateReport {
    let mut report = GateReport {
        clips: all.len(),
        ..GateReport::default()
    };
    let (mut confidences, mut rights) = (Vec::new(), Vec::new());
    let (mut said, mut wrong) = (0, 0.0);
    for heard in all {
        let speechless = heard.words_said() == 0;
        report.speechless += usize::from(speechless);
        if !speechless {
            said += heard.words_said();
            wrong += heard.word_errors();
        }
        let Some(evidence) = &heard.evidence else {
            continue;
        };
        let (confidence, right) = (gate.weigh(evidence), heard.is_right());
        let trusted = confidence >= gate.threshold;
        report.transcribed += 1;
        report.right += usize::from(right);
        report.trusted += usize::from(trusted);
        report.trusted_right += usize::from(trusted && right);
        report.invented += usize::from(speechless);
        report.invented_trusted += usize::from(speechless && trusted);
        confidences.push(f64::from(confidence));
        rights.push(right);
    }
    report.word_error_rate = wrong / f64::from(u32::try_from(said.max(1)).unwrap_or(u32::MAX));
    report.calibration_error = expected_calibration_error(&confidences, &rights);
    report.calibration_error_by_chance = calibration_error_by_chance(&confidences);
    report
}

/// In the order of [`GateWeights`].
fn features(evidence: &Evidence) -> Vec<f64> {
    [
        evidence.mean_log_prob,
        evidence.min_log_prob,
        evidence.no_speech,
        evidence.repetition,
        evidence.chars_per_s,
        evidence.voiced_share,
    ]
    .map(f64::from)
    .to_vec()
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "single precision is enough for a gate"
)]
fn gate(fitted: &Logistic, threshold: f32) -> Gate {
    let weight = |index: usize| fitted.weights[index] as f32;
    Gate {
        threshold,
        bias: fitted.bias as f32,
        weights: GateWeights {
            mean_log_prob: weight(0),
            min_log_prob: weight(1),
            no_speech: weight(2),
            repetition: weight(3),
            chars_per_s: weight(4),
            voiced_share: weight(5),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evidence(mean_log_prob: f32) -> Evidence {
        Evidence {
            mean_log_prob,
            min_log_prob: 2.0 * mean_log_prob,
            no_speech: 0.0,
            repetition: 0.0,
            chars_per_s: 12.0,
            voiced_share: 0.8,
        }
    }

    const SAID: &str = "the film was quite good";

    fn heard(said: &str, text: &str, evidence: Option<Evidence>) -> Heard {
        let [clip, said, text] = ["a.wav", said, text].map(str::to_owned);
        Heard {
            clip,
            said,
            text,
            evidence,
        }
    }

    /// Forty confident and correct transcripts, forty unsure and wrong ones (four as confident as
    /// some of the correct ones), and a clip without a transcript.
    fn some() -> Vec<Heard> {
        let mut all: Vec<_> = (0..40)
            .map(|n| heard(SAID, SAID, Some(evidence(-0.01 * n as f32))))
            .collect();
        all.extend((0..40).map(|n| {
            let unsure = evidence(-0.3 - 0.03 * n as f32);
            heard(SAID, "a fill of squids", Some(unsure))
        }));
        all.push(heard(SAID, "", None));
        all
    }

    #[test]
    fn sure_transcripts_that_were_right_open_the_gate() {
        let all = some();
        let gate = fit_gate(&all, 0.5).unwrap();
        assert!(gate.weigh(&evidence(-0.05)) > 0.9);
        assert!(gate.weigh(&evidence(-1.2)) < 0.1);
        let report = measure_gate(&gate, &all);
        assert_eq!(
            (report.clips, report.transcribed, report.right),
            (81, 80, 40)
        );
        assert!(
            report.trusted_right >= 36 && report.trusted <= 44,
            "{report:?}"
        );
        assert!(report.calibration_error < 0.1);
        assert!(report.calibration_error_by_chance > 0.0);
        assert!((report.word_error_rate - 41.0 / 81.0).abs() < 1e-9);
    }

    #[test]
    fn text_of_noise_is_invented_and_not_in_the_word_error_rate() {
        let mut all = some();
        let gate = fit_gate(&all, 0.5).unwrap();
        let before = measure_gate(&gate, &all).word_error_rate;
        all.push(heard("", "the film was", Some(evidence(-0.01))));
        all.push(heard("", "the film was", Some(evidence(-2.0))));
        all.push(heard("", "", None));
        let report = measure_gate(&gate, &all);
        assert_eq!(
            (report.speechless, report.invented, report.invented_trusted),
            (3, 2, 1)
        );
        assert!((report.word_error_rate - before).abs() < 1e-12);
    }

    #[test]
    fn repetition_never_speaks_for_a_text() {
        let mut all = some();
        for one in &mut all {
            if let (true, Some(evidence)) = (one.is_right(), &mut one.evidence) {
                evidence.repetition = 0.2;
            }
        }
        let gate = fit_gate(&all, 0.5).unwrap();
        assert!(gate.weights.repetition.abs() < 1e-9, "{gate:?}");
        assert!(gate.weigh(&evidence(-0.05)) > 0.9 && gate.weigh(&evidence(-1.2)) < 0.1);
    }

    #[test]
    fn evidence_that_says_nothing_has_no_weight() {
        let mut all = some();
        for (one, n) in all.iter_mut().zip(0..) {
            if let Some(evidence) = &mut one.evidence {
                evidence.voiced_share = 0.8 + 0.02 * (n % 5) as f32;
                evidence.chars_per_s = 12.0 + (n % 7) as f32;
            }
        }
        let weights = fit_gate(&all, 0.5).unwrap().weights;
        assert_eq!((weights.voiced_share, weights.chars_per_s), (0.0, 0.0));
        assert!(weights.mean_log_prob > 0.0 || weights.min_log_prob > 0.0);
    }

    #[test]
    fn clips_that_are_all_right_teach_nothing() {
        let all: Vec<_> = (0..5)
            .map(|_| heard(SAID, SAID, Some(evidence(-0.1))))
            .collect();
        assert!(fit_gate(&all, 0.5).is_err());
    }
}
