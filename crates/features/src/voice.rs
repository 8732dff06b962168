//! [`VoiceMeasure`]: whose voice it is, in few numbers for a whole utterance.
//!
//! | columns | what |
//! | --- | --- |
//! | 0–18 | mean of nineteen mel-cepstral coefficients: vocal tract and microphone |
//! | 19–37 | logarithm of their deviation: how much they move |
//! | 38–41 | pitch in octaves above 1 Hz: median, low and high tenth; share of voiced steps |
//!
//! Only steps that are nearly as loud as the loudest count. Nothing depends on the recording's
//! gain. The order and scale of the columns belong to the weights of `undertone-speakers`.

use std::f32::consts::PI;

use undertone_types::Voice;

use super::audio::{BANDS, Measured, Prosody, RANGE_DB, quantile};

/// Cepstral coefficients; the first, the level, is left out.
const CEPSTRA: usize = BANDS - 1;
/// Numbers of a voice.
pub const VOICE_WIDTH: usize = 2 * CEPSTRA + 4;
/// Steps below the loudest tenth by more than this are no voice, in dB.
const QUIET_DB: f32 = 25.0;
/// Fewer steps than this (0.2 s) say nothing of a voice.
const LEAST_STEPS: usize = 10;
/// With fewer voiced steps the pitch is taken as [`USUAL_OCTAVE`].
const LEAST_VOICED: usize = 5;
/// 147 Hz, between the usual pitch of men and women.
const USUAL_OCTAVE: f32 = 7.2;

/// Measures the voice of an utterance.
pub struct VoiceMeasure {
    prosody: Prosody,
    /// Rows of the cosine transform, without the first.
    cosines: [[f32; BANDS]; CEPSTRA],
}

impl Default for VoiceMeasure {
    fn default() -> Self {
        let scale = (2.0 / BANDS as f32).sqrt();
        let cosine = |order: usize, band: usize| {
            scale * (PI / BANDS as f32 * (band as f32 + 0.5) * order as f32).cos()
        };
        Self {
            prosody: Prosody::default(),
            cosines: std::array::from_fn(|row| std::array::from_fn(|band| cosine(row + 1, band))),
        }
    }
}

impl VoiceMeasure {
    /// Mono at 16 kHz in [−1, 1] → [`VOICE_WIDTH`] numbers; `None` where hardly anything is heard.
    #[must_use]
    pub fn measure(&self, samples: &[f32]) -> Option<Voice> {
        let mut steps = self.prosody.measure(samples);
        let mut levels: Vec<f32> = steps.iter().map(|step| step.level_db).collect();
        let loud_db = quantile(&mut levels, 0.9)?;
        steps.retain(|step| step.level_db > loud_db - QUIET_DB);
        if steps.len() < LEAST_STEPS || loud_db < -100.0 {
            return None;
        }
        let cepstra: Vec<[f32; CEPSTRA]> = steps
            .iter()
            .map(|step| self.cepstrum(step, loud_db))
            .collect();
        let mut features = Vec::with_capacity(VOICE_WIDTH);
        let moments: [(f32, f32); CEPSTRA] = std::array::from_fn(|order| moments(&cepstra, order));
        features.extend(moments.iter().map(|(mean, _)| mean));
        features.extend(moments.iter().map(|(_, deviation)| (deviation + 1e-3).ln()));
        features.extend(pitch(&steps));
        Some(Voice {
            features,
            steps: u32::try_from(steps.len()).unwrap_or(u32::MAX),
        })
    }

    fn cepstrum(&self, step: &Measured, loud_db: f32) -> [f32; CEPSTRA] {
        let bands_db = step.bands_db.map(|band| band.max(loud_db - RANGE_DB));
        self.cosines
            .map(|row| row.iter().zip(bands_db).map(|(cos, db)| cos * db).sum())
    }
}

/// Mean and standard deviation of one coefficient.
fn moments(cepstra: &[[f32; CEPSTRA]], order: usize) -> (f32, f32) {
    let count = cepstra.len() as f32;
    let mean = cepstra.iter().map(|step| step[order]).sum::<f32>() / count;
    let squares = cepstra.iter().map(|step| (step[order] - mean).powi(2));
    (mean, (squares.sum::<f32>() / count).sqrt())
}

/// The last four columns.
fn pitch(steps: &[Measured]) -> [f32; 4] {
    let mut octaves: Vec<f32> = steps
        .iter()
        .filter(|step| step.pitch.voiced())
        .map(|step| step.pitch.hertz.log2())
        .collect();
    let voiced = octaves.len() as f32 / steps.len() as f32;
    let mut of = |share| quantile(&mut octaves, share).unwrap_or(USUAL_OCTAVE);
    let [median, low, high] = [0.5, 0.1, 0.9].map(&mut of);
    if octaves.len() < LEAST_VOICED {
        return [USUAL_OCTAVE, USUAL_OCTAVE, USUAL_OCTAVE, voiced];
    }
    [median, low, high, voiced]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::second_of_noise;
    use std::f32::consts::TAU;

    /// A voice of so many partials at this pitch, for a second.
    fn voice(hertz: f32, partials: i32, gain: f32) -> Vec<f32> {
        let partial = |k: i32, t: f32| (TAU * hertz * k as f32 * t).sin() / k as f32;
        (0..16_000)
            .map(|i| i as f32 / 16_000.0)
            .map(|t| gain * (1..=partials).map(|k| partial(k, t)).sum::<f32>() / 3.0)
            .collect()
    }

    fn measured(samples: &[f32]) -> Voice {
        VoiceMeasure::default().measure(samples).unwrap()
    }

    #[test]
    fn pitch_and_length_are_those_of_the_voice() {
        let voice = measured(&voice(200.0, 8, 0.5));
        assert_eq!(voice.features.len(), VOICE_WIDTH);
        assert!((voice.features[2 * CEPSTRA] - 200f32.log2()).abs() < 0.05);
        assert!((48..=50).contains(&voice.steps), "{}", voice.steps);
    }

    #[test]
    fn gain_and_silence_around_do_not_matter_but_the_sound_does() {
        let distance = |a: &Voice, b: &Voice| -> f32 {
            let pairs = a.features.iter().zip(&b.features).take(CEPSTRA);
            pairs.map(|(a, b)| (a - b).powi(2)).sum::<f32>().sqrt()
        };
        let loud = measured(&voice(150.0, 6, 0.8));
        let soft = measured(&voice(150.0, 6, 0.08));
        let silence = vec![0.0; 16_000];
        let within = [&silence[..], &voice(150.0, 6, 0.8), &silence].concat();
        let brighter = measured(&voice(150.0, 20, 0.8));
        let far = distance(&loud, &brighter);
        assert!(distance(&loud, &soft) < 0.1 * far);
        assert!(distance(&loud, &measured(&within)) < 0.1 * far);
    }

    #[test]
    fn silence_and_a_click_are_no_voice_and_noise_is_finite() {
        let measure = VoiceMeasure::default();
        assert_eq!(measure.measure(&[]), None);
        assert_eq!(measure.measure(&[0.0; 16_000]), None);
        assert_eq!(measure.measure(&[0.5; 1_000]), None);
        let noise = measured(&second_of_noise());
        assert!(noise.features.iter().all(|value| value.is_finite()));
    }
}
