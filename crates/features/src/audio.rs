//! [`Prosody`]: how something is said, at fifty time steps a second.
//!
//! | columns | what |
//! | --- | --- |
//! | 0–1 | level against the loudest tenth of the utterance (10 dB), its change |
//! | 2–6 | pitch: against the utterance's median (octaves), its change, against 150 Hz, strength, voiced |
//! | 7–15 | spectrum: centroid, spread, tilt (low against high), slope, roll-off, flatness, flux, zero crossings, share above 4 kHz |
//! | 16–35 | twenty log-mel bands against the utterance's mean level |
//! | 36–39 | change of four groups of bands |
//!
//! Nothing depends on the recording's gain.

use std::f32::consts::TAU;
use std::sync::Arc;

use realfft::num_complex::Complex32;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};

use super::mel::MelBands;
use super::pitch::{self, Pitch};
use super::{AudioExtractor, FeatureError};
use undertone_types::Matrix;
use undertone_types::RATE_HZ;

/// Time steps per second.
pub const FRAME_RATE_HZ: u32 = 50;

const WIDTH: usize = 40;
pub(super) const BANDS: usize = 20;
const FIRST_BAND: usize = 16;
const STEP: usize = (RATE_HZ / FRAME_RATE_HZ) as usize;
/// 40 ms: two periods of the lowest voices.
const WINDOW: usize = 2 * STEP;
const FFT: usize = 1024;
const BINS: usize = FFT / 2 + 1;
const BIN_HZ: f32 = RATE_HZ as f32 / FFT as f32;
/// Power below which a frame is silence: −120 dBFS.
const FLOOR: f32 = 1e-12;
/// Bands further below the utterance's level than this count as empty, in dB.
pub(super) const RANGE_DB: f32 = 70.0;
/// The same as a share of a frame's power.
const EMPTY: f32 = 1e-7;

/// Prosodic and spectral features at [`FRAME_RATE_HZ`].
pub struct Prosody {
    forward: Arc<dyn RealToComplex<f32>>,
    inverse: Arc<dyn ComplexToReal<f32>>,
    window: Vec<f32>,
    window_power: f32,
    window_correlation: Vec<f32>,
    bands: MelBands,
}

impl Default for Prosody {
    fn default() -> Self {
        let mut planner = RealFftPlanner::new();
        let window: Vec<f32> = (0..WINDOW)
            .map(|i| 0.5 - 0.5 * (TAU * (i as f32 + 0.5) / WINDOW as f32).cos())
            .collect();
        let mut prosody = Self {
            forward: planner.plan_fft_forward(FFT),
            inverse: planner.plan_fft_inverse(FFT),
            window_power: window.iter().map(|w| w * w).sum(),
            window,
            window_correlation: Vec::new(),
            bands: MelBands::new(BANDS, 60.0, 7600.0, BIN_HZ),
        };
        let mut work = Work::new();
        prosody.transform(&[1.0; WINDOW], &mut work);
        prosody.window_correlation = work.correlation;
        prosody
    }
}

/// Buffers of one extraction.
struct Work {
    time: Vec<f32>,
    spectrum: Vec<Complex32>,
    power: Vec<f32>,
    correlation: Vec<f32>,
}

impl Work {
    fn new() -> Self {
        Self {
            time: vec![0.0; FFT],
            spectrum: vec![Complex32::default(); BINS],
            power: vec![0.0; BINS],
            correlation: vec![0.0; FFT],
        }
    }
}

/// Measurements of one frame, before they are related to the utterance.
#[derive(Clone, Debug)]
pub(super) struct Measured {
    pub(super) level_db: f32,
    pub(super) pitch: Pitch,
    /// Columns 7 to 15.
    shape: [f32; 9],
    pub(super) bands_db: [f32; BANDS],
}

impl AudioExtractor for Prosody {
    fn name(&self) -> &'static str {
        "prosody"
    }

    fn version(&self) -> u32 {
        1
    }

    fn width(&self) -> usize {
        WIDTH
    }

    fn extract(&self, samples: &[f32]) -> Result<Matrix, FeatureError> {
        let measured = self.measure(samples);
        Ok(Matrix::from_rows(&normalise(&measured)))
    }
}

impl Prosody {
    pub(super) fn measure(&self, samples: &[f32]) -> Vec<Measured> {
        let mut work = Work::new();
        let mut frame = [0.0; WINDOW];
        let mut shares = vec![0.0; BINS];
        (0..samples.len().div_ceil(STEP))
            .map(|step| {
                // Centred on its step; zeros beyond the ends.
                let first = (step * STEP) as isize - (WINDOW - STEP) as isize / 2;
                for (i, value) in frame.iter_mut().enumerate() {
                    let at = first + i as isize;
                    *value = usize::try_from(at)
                        .ok()
                        .and_then(|at| samples.get(at).copied())
                        .filter(|value| value.is_finite())
                        .unwrap_or(0.0);
                }
                self.transform(&frame, &mut work);
                self.describe(&frame, &work, &mut shares)
            })
            .collect()
    }

    /// Power spectrum (a full-scale sine gives 0.5 in all) and autocorrelation.
    fn transform(&self, frame: &[f32; WINDOW], work: &mut Work) {
        work.time.fill(0.0);
        for (i, slot) in work.time[..WINDOW].iter_mut().enumerate() {
            *slot = frame[i] * self.window[i];
        }
        let done = self.forward.process(&mut work.time, &mut work.spectrum);
        debug_assert!(done.is_ok(), "the buffers fit the transform");
        let scale = 2.0 / (FFT as f32 * self.window_power);
        for (power, value) in work.power.iter_mut().zip(&mut work.spectrum) {
            let square = value.norm_sqr();
            *power = square * scale;
            *value = Complex32::new(square, 0.0);
        }
        let done = self
            .inverse
            .process(&mut work.spectrum, &mut work.correlation);
        debug_assert!(done.is_ok(), "the buffers fit the transform");
    }

    fn describe(&self, frame: &[f32; WINDOW], work: &Work, shares: &mut Vec<f32>) -> Measured {
        let total: f32 = work.power.iter().sum();
        let mut bands_db = [0.0; BANDS];
        for (slot, band) in bands_db.iter_mut().zip(self.bands.apply(&work.power)) {
            *slot = db(band);
        }
        let mut now: Vec<f32> = work.power.iter().map(|p| p / (total + FLOOR)).collect();
        let flux: f32 = now
            .iter()
            .zip(shares.iter())
            .map(|(a, b)| (a - b).abs())
            .sum();
        std::mem::swap(shares, &mut now);
        Measured {
            level_db: db(total),
            pitch: pitch::find(&work.correlation, &self.window_correlation, RATE_HZ as f32),
            shape: shape(frame, &work.power, total, flux),
            bands_db,
        }
    }
}

/// Columns 7 to 15, scaled to about [−3, 3]; all zero for silence.
fn shape(frame: &[f32; WINDOW], power: &[f32], total: f32, flux: f32) -> [f32; 9] {
    if total <= FLOOR {
        return [0.0; 9];
    }
    let hertz = |bin: usize| bin as f32 * BIN_HZ;
    let mean = |f: &dyn Fn(f32) -> f32| -> f32 {
        let sum: f32 = power
            .iter()
            .enumerate()
            .map(|(bin, p)| f(hertz(bin)) * p)
            .sum();
        sum / total
    };
    let band = |low_hz: f32, high_hz: f32| -> f32 {
        power[(low_hz / BIN_HZ) as usize..(high_hz / BIN_HZ) as usize]
            .iter()
            .sum()
    };
    let level = |low_hz: f32, high_hz: f32| db(band(low_hz, high_hz) + EMPTY * total);
    let centroid = mean(&|hz| hz);
    let spread = mean(&|hz| (hz - centroid).powi(2)).sqrt();
    let mut sum = 0.0;
    let rolloff = power
        .iter()
        .position(|p| {
            sum += p;
            sum >= 0.85 * total
        })
        .map_or(0.0, hertz);
    let logs: f32 = power.iter().map(|p| (p + EMPTY * total).ln()).sum();
    let flatness = logs / BINS as f32 - (total / BINS as f32).ln();
    let crossings = frame
        .windows(2)
        .filter(|pair| (pair[0] < 0.0) != (pair[1] < 0.0))
        .count();
    [
        (centroid / 1000.0).max(0.05).log2(),
        spread / 1000.0,
        (level(60.0, 1000.0) - level(1000.0, 4000.0)) / 10.0,
        (level(250.0, 700.0) - level(2000.0, 5600.0)) / 30.0,
        rolloff / 2000.0,
        flatness / 3.0,
        flux,
        crossings as f32 / WINDOW as f32 * 4.0,
        band(4000.0, 8000.0) / total,
    ]
}

/// Rows of the result: the measurements in relation to the whole utterance.
fn normalise(measured: &[Measured]) -> Vec<[f32; WIDTH]> {
    let mut levels: Vec<f32> = measured.iter().map(|m| m.level_db).collect();
    let loud_db = quantile(&mut levels, 0.9).unwrap_or(0.0);
    let mut pitches: Vec<f32> = measured
        .iter()
        .filter(|m| m.pitch.voiced())
        .map(|m| m.pitch.hertz.log2())
        .collect();
    let median = quantile(&mut pitches, 0.5).unwrap_or(0.0);
    // Silent frames are not part of the voice's level.
    let heard = measured.iter().filter(|m| m.level_db > loud_db - 30.0);
    let (sum, count) = heard
        .flat_map(|m| m.bands_db)
        .map(|band_db| band_db.max(loud_db - RANGE_DB))
        .fold((0.0, 0), |(sum, count), db| (sum + db, count + 1));
    let mean_db = if count > 0 { sum / count as f32 } else { 0.0 };
    let mut rows: Vec<[f32; WIDTH]> = measured
        .iter()
        .map(|m| row(m, loud_db, median, mean_db))
        .collect();
    add_changes(&mut rows);
    rows
}

fn row(measured: &Measured, loud_db: f32, median: f32, mean_db: f32) -> [f32; WIDTH] {
    let mut row = [0.0; WIDTH];
    row[0] = ((measured.level_db - loud_db) / 10.0).clamp(-6.0, 3.0);
    if measured.pitch.voiced() {
        let octave = measured.pitch.hertz.log2();
        row[2] = octave - median;
        row[4] = octave - 150f32.log2();
        row[6] = 1.0;
    }
    row[5] = measured.pitch.strength;
    row[7..FIRST_BAND].copy_from_slice(&measured.shape);
    for (slot, band_db) in row[FIRST_BAND..].iter_mut().zip(measured.bands_db) {
        *slot = ((band_db.max(loud_db - RANGE_DB) - mean_db) / 10.0).clamp(-6.0, 6.0);
    }
    row
}

/// Columns 1, 3 and 36 to 39: central differences over two steps.
fn add_changes(rows: &mut [[f32; WIDTH]]) {
    let group = |row: &[f32; WIDTH], group: usize| -> f32 {
        let first = FIRST_BAND + group * BANDS / 4;
        row[first..first + BANDS / 4].iter().sum::<f32>() / (BANDS / 4) as f32
    };
    for step in 0..rows.len() {
        let before = rows[step.saturating_sub(1)];
        let after = rows[(step + 1).min(rows.len() - 1)];
        let row = &mut rows[step];
        row[1] = after[0] - before[0];
        if before[6] > 0.0 && after[6] > 0.0 {
            row[3] = (after[2] - before[2]) * 5.0;
        }
        for change in 0..4 {
            row[FIRST_BAND + BANDS + change] = group(&after, change) - group(&before, change);
        }
    }
}

/// A quantile; sorts `values`.
pub(super) fn quantile(values: &mut [f32], share: f32) -> Option<f32> {
    values.sort_by(f32::total_cmp);
    values.get((values.len() as f32 * share) as usize).copied()
}

fn db(power: f32) -> f32 {
    10.0 * (power + FLOOR).log10()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn voice(hertz: f32, seconds: f32, gain: f32) -> Vec<f32> {
        (0..(seconds * 16_000.0) as usize)
            .map(|i| {
                let t = i as f32 / 16_000.0;
                let partials = (1..8).map(|k| (TAU * hertz * k as f32 * t).sin() / k as f32);
                gain * partials.sum::<f32>() / 3.0
            })
            .collect()
    }

    #[test]
    fn the_pitch_of_a_voice_is_found() {
        for hertz in [80.0, 120.0, 210.0, 330.0] {
            let measured = Prosody::default().measure(&voice(hertz, 0.5, 0.5));
            let middle = &measured[measured.len() / 2];
            assert!(
                (middle.pitch.hertz / hertz - 1.0).abs() < 0.02,
                "{hertz}: {:?}",
                middle.pitch
            );
            assert!(middle.pitch.strength > 0.9);
        }
    }

    #[test]
    fn the_level_of_a_sine_is_right() {
        let sine: Vec<f32> = (0..16_000)
            .map(|i| (TAU * 1000.0 * i as f32 / 16_000.0).sin())
            .collect();
        let measured = Prosody::default().measure(&sine);
        assert!((measured[25].level_db - 10.0 * 0.5f32.log10()).abs() < 0.1);
        assert!((measured[25].shape[0]).abs() < 0.02, "centroid at 1 kHz");
    }

    #[test]
    fn gain_does_not_matter() {
        let prosody = Prosody::default();
        let loud = prosody.extract(&voice(150.0, 1.0, 0.8)).unwrap();
        let soft = prosody.extract(&voice(150.0, 1.0, 0.08)).unwrap();
        for (a, b) in loud.as_slice().iter().zip(soft.as_slice()) {
            assert!((a - b).abs() < 0.25, "{a} {b}");
        }
    }

    #[test]
    fn there_are_fifty_rows_a_second_and_none_without_samples() {
        let prosody = Prosody::default();
        let matrix = prosody.extract(&voice(150.0, 1.0, 0.5)).unwrap();
        assert_eq!((matrix.rows(), matrix.cols()), (50, prosody.width()));
        assert_eq!(prosody.extract(&[0.1]).unwrap().rows(), 1);
        assert!(prosody.extract(&[]).unwrap().is_empty());
    }

    proptest! {
        #[test]
        fn every_value_is_finite_and_moderate(
            samples in prop::collection::vec(
                prop_oneof![Just(0.0), Just(1.0), Just(-1.0), -1.0..1.0f32, Just(f32::NAN)],
                0..3000,
            ),
            gain in prop_oneof![Just(0.0), Just(1e-20), Just(1e-4), Just(1.0)],
        ) {
            let samples: Vec<f32> = samples.iter().map(|s| s * gain).collect();
            let matrix = Prosody::default().extract(&samples).unwrap();
            for value in matrix.as_slice() {
                prop_assert!(value.is_finite() && value.abs() < 20.0, "{}", value);
            }
        }
    }
}
