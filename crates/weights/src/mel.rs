//! The mel filters that Whisper was trained with.

/// Samples per second of Whisper's audio.
const RATE_HZ: f64 = 16_000.0;
/// Samples of a frame of the spectrum.
const FRAME: usize = 400;
/// Bins of the spectrum: the frequencies from 0 to half the rate.
pub(crate) const BINS: usize = FRAME / 2 + 1;

/// Below this the scale is linear, above logarithmic (Slaney, *Auditory Toolbox*, 1998).
const KNEE_HZ: f64 = 1000.0;
/// Width of a mel below the knee.
const HZ_PER_MEL: f64 = 200.0 / 3.0;
/// The knee in mels.
const KNEE_MEL: f64 = KNEE_HZ / HZ_PER_MEL;
/// Mels in which the frequency grows 6.4-fold, above the knee.
const LOG_STEPS: f64 = 27.0;

/// Filters of `mels` triangles over the 201 bins of the spectrum, row by row, each of the same area:
/// `librosa.filters.mel(sr=16000, n_fft=400, n_mels=mels)` to the bit, but for the sign of zeros.
#[must_use]
pub fn mel_filters(mels: usize) -> Vec<f32> {
    let top = hz_to_mel(RATE_HZ / 2.0);
    let step = top / (mels + 1) as f64;
    // The last corner is the top itself, whatever rounding says.
    let corners: Vec<f64> = (0..mels + 2)
        .map(|n| if n > mels { top } else { n as f64 * step })
        .map(mel_to_hz)
        .collect();
    let mut filters = Vec::with_capacity(mels * BINS);
    for corner in corners.windows(3) {
        let (low, mid, high) = (corner[0], corner[1], corner[2]);
        let height = 2.0 / (high - low);
        for bin in 0..BINS {
            let frequency = bin as f64 * (RATE_HZ / FRAME as f64);
            let rising = (frequency - low) / (mid - low);
            let falling = (high - frequency) / (high - mid);
            // librosa rounds the triangle before it scales it.
            let triangle = rising.min(falling).max(0.0) as f32;
            filters.push((f64::from(triangle) * height) as f32);
        }
    }
    filters
}

fn log_step() -> f64 {
    6.4_f64.ln() / LOG_STEPS
}

fn hz_to_mel(hz: f64) -> f64 {
    match hz < KNEE_HZ {
        true => hz / HZ_PER_MEL,
        false => KNEE_MEL + (hz / KNEE_HZ).ln() / log_step(),
    }
}

fn mel_to_hz(mel: f64) -> f64 {
    match mel < KNEE_MEL {
        true => mel * HZ_PER_MEL,
        false => KNEE_HZ * (log_step() * (mel - KNEE_MEL)).exp(),
    }
}
