//! How alike two voices are: the fitted model.

use std::sync::LazyLock;

use serde::Deserialize;
use undertone_types::Voice;

/// The weights in the program.
pub(crate) static WEIGHTS: LazyLock<Weights> = LazyLock::new(|| {
    serde_json::from_str(include_str!("weights.json"))
        .expect("a test reads the weights that are compiled into the program")
});

/// Discriminant analysis: speakers are spread by `between` along each direction of the
/// projection, and the utterances of one speaker by one.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Weights {
    /// Mean of all voices, as wide as their features.
    pub(crate) mean: Vec<f32>,
    /// Directions, each as wide as the features.
    pub(crate) projection: Vec<Vec<f32>>,
    /// Variance of speakers along each direction.
    pub(crate) between: Vec<f32>,
    within: Within,
}

/// Variance of a voice around its speaker: less for longer utterances.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Within {
    constant: f32,
    of_steps: f32,
}

/// A voice in the directions by which speakers differ.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Placed {
    /// Time steps that it was measured from.
    pub(crate) steps: u32,
    /// How sure it is: 1 / variance.
    precision: f32,
    at: Vec<f32>,
    /// Its logarithmic likelihood by itself.
    alone: f32,
}

impl Weights {
    /// `None` for a voice that was measured in another way, or is not finite.
    pub(crate) fn place(&self, voice: &Voice) -> Option<Placed> {
        let is_ours = voice.features.len() == self.mean.len();
        if !is_ours || voice.steps == 0 || voice.features.iter().any(|value| !value.is_finite()) {
            return None;
        }
        let along = |direction: &Vec<f32>| -> f32 {
            let offsets = voice.features.iter().zip(&self.mean);
            let products = offsets.zip(direction);
            products.map(|((value, mean), w)| (value - mean) * w).sum()
        };
        let at: Vec<f32> = self.projection.iter().map(along).collect();
        let precision = 1.0 / (self.within.constant + self.within.of_steps / voice.steps as f32);
        Some(Placed {
            steps: voice.steps,
            precision,
            alone: self.likelihood(precision, at.iter().map(|x| x * precision)),
            at,
        })
    }

    /// How much likelier it is that one person speaks than that two do, as a logarithm.
    pub(crate) fn likeness(&self, a: &Placed, b: &Placed) -> f32 {
        let sums = a.at.iter().zip(&b.at);
        let sums = sums.map(|(x, y)| x * a.precision + y * b.precision);
        self.likelihood(a.precision + b.precision, sums) - a.alone - b.alone
    }

    /// Logarithmic likelihood of voices of one speaker, from the sum of their precisions and of
    /// their places times precision, up to terms that cancel out between one speaker and two.
    fn likelihood(&self, precision: f32, sums: impl Iterator<Item = f32>) -> f32 {
        let terms = sums.zip(&self.between);
        let terms =
            terms.map(|(sum, b)| sum * sum / (precision + 1.0 / b) - (precision * b).ln_1p());
        0.5 * terms.sum::<f32>()
    }
}
