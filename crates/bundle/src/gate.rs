//! The gate: the confidence in a transcript, and the threshold from which on it is trusted.
//!
//! Whisper invents fluent text on noise, silence and foreign voices, with high probability. So
//! its own probability is one feature among several of a logistic model, fitted for each
//! bundle on speech and on other sound:
//! `confidence = 1 / (1 + exp(−(bias + Σ weight · feature)))`. Without text it is 0.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use undertone_types::Transcript;

/// Log-probabilities are limited to this: below, all mean "impossible".
const LOG_PROB_FLOOR: f32 = -10.0;

/// When a transcript is trusted: `confidence ≥ threshold`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gate {
    /// Confidence from which on a transcript is trusted, in [0, 1].
    pub threshold: f32,
    /// Constant term of the logistic model.
    pub bias: f32,
    /// Weight of each feature.
    pub weights: GateWeights,
}

/// One weight for each field of [`Evidence`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GateWeights {
    /// Per nat.
    pub mean_log_prob: f32,
    /// Per nat.
    pub min_log_prob: f32,
    /// From impossible to certain.
    pub no_speech: f32,
    /// From none to all.
    pub repetition: f32,
    /// Per character and second.
    pub chars_per_s: f32,
    /// From none to all.
    pub voiced_share: f32,
}

/// Features of a transcript for the gate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Evidence {
    /// Mean log-probability of the text tokens, in [−10, 0].
    pub mean_log_prob: f32,
    /// Log-probability of the least likely text token, in [−10, 0].
    pub min_log_prob: f32,
    /// Whisper's probability that there is no speech, in [0, 1].
    pub no_speech: f32,
    /// Share of word pairs that occurred before in the same transcript, in [0, 1].
    pub repetition: f32,
    /// Characters per second of the utterance.
    pub chars_per_s: f32,
    /// Share of the utterance in which a voice was detected, in [0, 1].
    pub voiced_share: f32,
}

impl Evidence {
    /// The evidence for a transcript; `None` when there is no text.
    #[must_use]
    pub fn of(transcript: &Transcript, duration_s: f64, voiced_share: f32) -> Option<Self> {
        let text = transcript.text.trim();
        if text.is_empty() || transcript.tokens.is_empty() {
            return None;
        }
        let floored = |log_p: f32| {
            if log_p.is_nan() {
                LOG_PROB_FLOOR
            } else {
                log_p.clamp(LOG_PROB_FLOOR, 0.0)
            }
        };
        let log_probs = transcript.tokens.iter().map(|token| floored(token.log_p));
        let sum: f32 = log_probs.clone().sum();
        Some(Self {
            mean_log_prob: sum / transcript.tokens.len() as f32,
            min_log_prob: log_probs.fold(0.0, f32::min),
            no_speech: transcript.no_speech,
            repetition: repetition(text),
            chars_per_s: (text.chars().count() as f64 / duration_s.max(0.1)) as f32,
            voiced_share,
        })
    }
}

/// Share of adjacent word pairs that occurred before, ignoring case and punctuation.
fn repetition(text: &str) -> f32 {
    let words: Vec<String> = text
        .split_whitespace()
        .map(|word| word.chars().filter(|c| c.is_alphanumeric()).collect())
        .map(|word: String| word.to_lowercase())
        .filter(|word| !word.is_empty())
        .collect();
    let pairs: BTreeSet<&[String]> = words.windows(2).collect();
    match words.len() {
        0 | 1 => 0.0,
        count => 1.0 - pairs.len() as f32 / (count - 1) as f32,
    }
}

impl Gate {
    /// Probability that the transcript can be trusted, in [0, 1]; 0 where there is a
    /// [`Doubt`](undertone_types::Doubt) about it.
    #[must_use]
    pub fn confidence(&self, transcript: &Transcript, duration_s: f64, voiced_share: f32) -> f32 {
        if transcript.doubt.is_some() {
            return 0.0;
        }
        Evidence::of(transcript, duration_s, voiced_share)
            .map_or(0.0, |evidence| self.weigh(&evidence))
    }

    /// The logistic model; 0 when its result is not a number.
    #[must_use]
    pub fn weigh(&self, evidence: &Evidence) -> f32 {
        let weights = &self.weights;
        let logit = self.bias
            + weights.mean_log_prob * evidence.mean_log_prob
            + weights.min_log_prob * evidence.min_log_prob
            + weights.no_speech * evidence.no_speech
            + weights.repetition * evidence.repetition
            + weights.chars_per_s * evidence.chars_per_s
            + weights.voiced_share * evidence.voiced_share;
        let confidence = 1.0 / (1.0 + (-logit).exp());
        if confidence.is_nan() { 0.0 } else { confidence }
    }

    /// What is wrong with its numbers, if anything is.
    pub(super) fn problem(&self) -> Option<String> {
        let weights = &self.weights;
        let numbers = [
            self.bias,
            weights.mean_log_prob,
            weights.min_log_prob,
            weights.no_speech,
            weights.repetition,
            weights.chars_per_s,
            weights.voiced_share,
        ];
        if !(0.0..=1.0).contains(&self.threshold) {
            let threshold = self.threshold;
            return Some(format!(
                "gate.threshold must be between 0 and 1, got {threshold}"
            ));
        }
        let finite = numbers.iter().all(|number| number.is_finite());
        (!finite).then(|| "the gate's bias and weights must be finite numbers".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use undertone_types::TokenProbability;

    fn transcript(text: &str, log_probs: &[f32]) -> Transcript {
        let tokens = log_probs.iter().map(|&log_p| TokenProbability {
            p: log_p.exp(),
            log_p,
        });
        Transcript {
            text: text.to_owned(),
            tokens: tokens.collect(),
            no_speech: 0.1,
            ..Transcript::default()
        }
    }

    fn gate() -> Gate {
        Gate {
            threshold: 0.5,
            bias: 2.0,
            weights: GateWeights {
                mean_log_prob: 3.0,
                repetition: -8.0,
                ..GateWeights::default()
            },
        }
    }

    #[test]
    fn no_text_is_never_trusted() {
        assert_eq!(gate().confidence(&Transcript::default(), 2.0, 1.0), 0.0);
        assert_eq!(gate().confidence(&transcript("  ", &[-0.1]), 2.0, 1.0), 0.0);
        assert_eq!(gate().confidence(&transcript("word", &[]), 2.0, 1.0), 0.0);
    }

    #[test]
    fn confidence_follows_the_probability() {
        let sure = gate().confidence(&transcript("a fine film", &[-0.1; 3]), 2.0, 1.0);
        let unsure = gate().confidence(&transcript("a fine film", &[-1.5; 3]), 2.0, 1.0);
        assert!((sure - 1.0 / (1.0 + (-1.7f32).exp())).abs() < 1e-6);
        assert!(sure > 0.5 && unsure < 0.5, "{sure} {unsure}");
    }

    #[test]
    fn repetition_is_not_trusted() {
        let text = "Thank you. Thank you. Thank you.";
        assert!((repetition(text) - 0.6).abs() < 1e-6);
        assert!(gate().confidence(&transcript(text, &[-0.1; 6]), 2.0, 1.0) < 0.1);
        assert_eq!(repetition("the film was fine"), 0.0);
        assert_eq!(repetition("fine"), 0.0);
    }

    #[test]
    fn evidence_is_always_finite() {
        let odd = transcript("odd", &[f32::NEG_INFINITY, f32::NAN, -0.5]);
        let evidence = Evidence::of(&odd, 0.0, 0.0).unwrap();
        assert_eq!(evidence.min_log_prob, LOG_PROB_FLOOR);
        assert!(evidence.mean_log_prob.is_finite() && evidence.chars_per_s.is_finite());
        assert!(gate().weigh(&evidence).is_finite());
    }

    #[test]
    fn a_threshold_out_of_range_is_a_problem() {
        let bad = Gate {
            threshold: 1.5,
            ..gate()
        };
        assert!(bad.problem().is_some());
        assert!(gate().problem().is_none());
    }
}
