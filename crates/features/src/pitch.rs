//! Fundamental frequency of a voice, from the autocorrelation of a frame.

/// Range of pitch, in Hz.
const LOW_HZ: f32 = 65.0;
const HIGH_HZ: f32 = 420.0;
/// Autocorrelation, relative to lag 0, from which a frame counts as voiced.
const VOICED: f32 = 0.45;
/// Prefers shorter lags slightly, against pitches that are an octave too low.
const OCTAVE_COST: f32 = 0.02;

/// The pitch of one frame.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Pitch {
    /// In Hz; 0 where there is none.
    pub(super) hertz: f32,
    /// Autocorrelation at the period, in [0, 1].
    pub(super) strength: f32,
}

impl Pitch {
    pub(super) fn voiced(self) -> bool {
        self.hertz > 0.0
    }
}

/// Finds the pitch in an autocorrelation `r` of a windowed frame, whose window has the
/// autocorrelation `window` (dividing by it undoes the window's taper).
pub(super) fn find(r: &[f32], window: &[f32], rate_hz: f32) -> Pitch {
    if r[0] <= 1e-9 {
        return Pitch::default();
    }
    let at = |lag: usize| (r[lag] / r[0]) * (window[0] / window[lag]);
    let shortest = (rate_hz / HIGH_HZ) as usize;
    let longest = (rate_hz / LOW_HZ) as usize;
    let mut best = (f32::NEG_INFINITY, 0);
    for lag in shortest..=longest {
        let here = at(lag);
        if here > at(lag - 1) && here >= at(lag + 1) {
            let score = here - OCTAVE_COST * (lag as f32 / shortest as f32).log2();
            if score > best.0 {
                best = (score, lag);
            }
        }
    }
    let (_, lag) = best;
    if lag == 0 {
        return Pitch::default();
    }
    let (before, here, after) = (at(lag - 1), at(lag), at(lag + 1));
    let strength = here.clamp(0.0, 1.0);
    if strength < VOICED {
        return Pitch {
            hertz: 0.0,
            strength,
        };
    }
    let bend = before - 2.0 * here + after;
    let shift = if bend < -1e-9 {
        0.5 * (before - after) / bend
    } else {
        0.0
    };
    Pitch {
        hertz: rate_hz / (lag as f32 + shift.clamp(-0.5, 0.5)),
        strength,
    }
}
