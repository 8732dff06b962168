//! Made-up voices.

use undertone_types::Voice;

use super::weights::WEIGHTS;

/// A voice this far from the mean of all along the direction by which speakers differ most; those
/// of one speaker are within 1 or so.
#[must_use]
pub fn voice(far: f32, steps: u32) -> Voice {
    let direction = &WEIGHTS.projection[0];
    let square: f32 = direction.iter().map(|value| value * value).sum();
    let features = WEIGHTS.mean.iter().zip(direction);
    let features = features.map(|(mean, along)| mean + along * far / square);
    Voice {
        features: features.collect(),
        steps,
    }
}
