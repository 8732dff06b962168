//! Fits a bundle's gate on labelled clips: how far a transcript can be trusted, given
//! the evidence for it.

use super::TrainError;
use super::calibration::{Logistic, expected_calibration_error};
use super::clips::{ClipReader, Pace, each_clip, nothing_in, whole_clip};
use super::extract::{ClipEngines, Outcome};
use super::labels::{LabelledClip, word_error_rate};
use crate::bundle::{Evidence, Gate, GateWeights};
use crate::config::TextMode;
use crate::flow::{Failure, Stage};
use crate::stages::transcribe::Transcriber;

/// A transcript with at most this share of wrong words is right.
pub const RIGHT_BELOW_WER: f64 = 0.2;

/// How a gate was fitted, and how well it does on what it was fitted on.
#[derive(Clone, Debug, PartialEq)]
pub struct Calibration {
    /// The fitted gate.
    pub gate: Gate,
    /// Clips in which something was transcribed.
    pub transcribed: usize,
    /// Of these, how many transcripts are right.
    pub right: usize,
    /// Mean word error rate over all clips.
    pub word_error_rate: f64,
    /// Expected calibration error of the confidence, in ten bins.
    pub calibration_error: f64,
}

struct Heard {
    evidence: Option<Evidence>,
    word_error_rate: f64,
}

/// Transcribes the clips (those whose words are known) and fits the gate; its threshold
/// stays as it is. A clip that fails is told to `on_clip` and left out.
///
/// # Errors
/// When no session can be made, or the clips teach nothing: all right, or all wrong.
pub fn calibrate(
    clips: &[LabelledClip],
    engines: &ClipEngines<'_>,
    on_clip: &mut dyn FnMut(&Pace, &LabelledClip, &Outcome),
) -> Result<Calibration, TrainError> {
    let known: Vec<_> = clips
        .iter()
        .filter(|clip| clip.text.is_some())
        .cloned()
        .collect();
    let (mut pace, mut all) = (Pace::new(known.len()), Vec::new());
    each_clip(
        &known,
        engines.threads,
        || {
            let media = (engines.media)();
            let mut reader = ClipReader::new(media, whole_clip(engines.decode.clone()));
            let mut ears = Transcriber::new(engines.recogniser, engines.gate, TextMode::Transcript)
                .map_err(|error| TrainError::Engine {
                    failure: Failure::new(Stage::Transcribe, &error),
                })?;
            Ok::<_, TrainError>(move |clip: &LabelledClip| listen(&mut reader, &mut ears, clip))
        },
        |index, heard| {
            pace.done += 1;
            let outcome = heard.map(|heard| all.push(heard));
            on_clip(&pace, &known[index], &outcome);
            Ok(())
        },
    )?;
    fit(&all, engines.gate.threshold)
}

fn listen(
    reader: &mut ClipReader,
    ears: &mut Transcriber<'_>,
    clip: &LabelledClip,
) -> Result<Heard, Failure> {
    let utterance = reader.read(clip)?.ok_or_else(|| nothing_in(clip))?;
    let (duration_s, voiced) = (utterance.end_s - utterance.start_s, utterance.voiced_share);
    let transcript = ears.transcribe(utterance)?.transcript.unwrap_or_default();
    let said = clip.text.as_deref().unwrap_or_default();
    Ok(Heard {
        evidence: Evidence::of(&transcript, duration_s, voiced),
        word_error_rate: word_error_rate(said, &transcript.text),
    })
}

fn fit(all: &[Heard], threshold: f32) -> Result<Calibration, TrainError> {
    let transcribed: Vec<_> = all
        .iter()
        .filter_map(|heard| Some((heard.evidence?, heard.word_error_rate)))
        .collect();
    let rows: Vec<_> = transcribed
        .iter()
        .map(|(evidence, _)| features(evidence))
        .collect();
    let right: Vec<_> = transcribed
        .iter()
        .map(|(_, wer)| *wer <= RIGHT_BELOW_WER)
        .collect();
    let fitted = Logistic::fit(&rows, &right).ok_or(TrainError::NothingToCalibrate {
        transcribed: rows.len(),
        right: right.iter().filter(|hit| **hit).count(),
    })?;
    let confidence: Vec<_> = rows.iter().map(|row| fitted.probability(row)).collect();
    Ok(Calibration {
        gate: gate(&fitted, threshold),
        transcribed: rows.len(),
        right: right.iter().filter(|hit| **hit).count(),
        word_error_rate: all.iter().map(|heard| heard.word_error_rate).sum::<f64>()
            / all.len().max(1) as f64,
        calibration_error: expected_calibration_error(&confidence, &right),
    })
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
    reason = "single precision is plenty for a gate"
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

    fn heard(mean_log_prob: f32, word_error_rate: f64) -> Heard {
        let evidence = Evidence {
            mean_log_prob,
            min_log_prob: 2.0 * mean_log_prob,
            no_speech: 0.0,
            repetition: 0.0,
            chars_per_s: 12.0,
            voiced_share: 0.8,
        };
        Heard {
            evidence: Some(evidence),
            word_error_rate,
        }
    }

    #[test]
    fn sure_transcripts_that_were_right_open_the_gate() {
        let mut all: Vec<_> = (0..40).map(|n| heard(-0.01 * n as f32, 0.0)).collect();
        all.extend((0..40).map(|n| heard(-0.3 - 0.03 * n as f32, 0.9)));
        all.push(Heard {
            evidence: None,
            word_error_rate: 1.0,
        });
        let fitted = fit(&all, 0.5).unwrap();
        assert_eq!((fitted.transcribed, fitted.right), (80, 40));
        assert!(fitted.gate.weigh(&heard(-0.05, 0.0).evidence.unwrap()) > 0.9);
        assert!(fitted.gate.weigh(&heard(-1.2, 0.0).evidence.unwrap()) < 0.1);
        assert!(fitted.calibration_error < 0.1);
    }

    #[test]
    fn clips_that_are_all_right_teach_nothing() {
        let all: Vec<_> = (0..5).map(|_| heard(-0.1, 0.0)).collect();
        assert!(fit(&all, 0.5).is_err());
    }
}
