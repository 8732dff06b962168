//! Sound to try models with.

use undertone_types::RATE_HZ;

/// A second of white noise in [−0.1, 0.1] at 16 kHz, always the same: to try a model with.
#[must_use]
pub fn second_of_noise() -> Vec<f32> {
    let mut state = 1_u32;
    (0..RATE_HZ)
        .map(|_| {
            // The constants of Numerical Recipes.
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 24) as f32 * 0.2 - 0.1
        })
        .collect()
}
