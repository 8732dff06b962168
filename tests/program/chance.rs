//! Chance for the soaks, and how much of it.

use std::time::Duration;

/// A number from the environment.
pub fn number(variable: &str, otherwise: u64) -> u64 {
    let said = std::env::var(variable)
        .ok()
        .and_then(|said| said.parse().ok());
    said.unwrap_or(otherwise)
}

/// Pseudo-random numbers (xorshift64*), the same for the same seed.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    pub fn roll(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) % below
    }

    pub fn pause(&mut self, most_ms: u64) {
        std::thread::sleep(Duration::from_millis(self.roll(most_ms + 1)));
    }
}

/// How much of it, and from which seed: the variables of `make soak`.
pub struct Extent {
    pub clips: usize,
    pub kills: u64,
    pub seeds: std::ops::Range<u64>,
}

impl Extent {
    /// The short form, unless the environment says otherwise.
    pub fn of_soak() -> Self {
        let first = number("UNDERTONE_SOAK_SEED", 1);
        Self {
            clips: number("UNDERTONE_SOAK_CLIPS", 10) as usize,
            kills: number("UNDERTONE_SOAK_KILLS", 8),
            seeds: first..first + number("UNDERTONE_SOAK_ROUNDS", 1),
        }
    }
}
