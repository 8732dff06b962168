//! Cuts a recording into utterances while it is decoded.
//!
//! [`VoiceCutter`] cuts by voice; [`WindowCutter`] cuts windows of fixed length where there is
//! no voice; [`CueCutter`] cuts where somebody has marked what is said. All take sound and frames in the order of time, in blocks of any size, and return
//! each utterance as soon as it has ended. Memory is bounded by the longest utterance. No media
//! engine, no threads, no channels here.

mod cues;
mod frames;
mod spans;
mod voice;
mod voiced;
mod windows;

pub use cues::{CueCutter, CutCues, LONGEST_CUE_S};
pub use voice::{Earshot, HOP, VoiceDetector};
pub use voiced::VoiceCutter;
pub use windows::{LOUD_DBFS, WindowCutter, WindowSettings};

use undertone_types::RATE_HZ;

/// Length of a number of samples in seconds.
fn seconds(samples: u64) -> f64 {
    samples as f64 / f64::from(RATE_HZ)
}

/// Sum of squares.
fn energy(samples: &[f32]) -> f64 {
    samples.iter().map(|&s| f64::from(s) * f64::from(s)).sum()
}

/// Mean square as a level; full scale is 0 dBFS for a square wave.
fn dbfs(energy: f64, samples: u64) -> f64 {
    10.0 * (energy / samples.max(1) as f64).max(1e-12).log10()
}

/// The program's default settings.
#[cfg(test)]
fn default_settings() -> undertone_config::Utterances {
    undertone_config::Config::load(None, &[])
        .unwrap()
        .utterances
}
