//! Scores without tensors: the entry point for everything but training.

use std::path::Path;

use super::contributions::LeftOut;
use super::{FusionConfig, FusionError, FusionInput, Network, Widths, predict, read_checkpoint};
use undertone_types::Sentiment;

/// The range of a sentiment score.
const LIMIT: f32 = 3.0;

/// A trained network that gives scores. It may move between threads, but not be shared.
#[derive(Debug)]
pub struct Scorer {
    network: Network,
}

impl Scorer {
    /// Loads a network from its weights (safetensors) and its config (JSON). `threads`
    /// work on the frames; 0 for as many as there are cores. Where other engines use the same
    /// cores, 1 is best.
    ///
    /// # Errors
    /// When a file cannot be read, is damaged, or the two do not belong together.
    pub fn load(weights: &Path, config: &Path, threads: usize) -> Result<Self, FusionError> {
        let mut network = Network::new(FusionConfig::read(config)?, 0)?;
        read_checkpoint(weights)?.fill(&network)?;
        network.freeze();
        network.set_threads(threads);
        Ok(Self { network })
    }

    /// The config that was loaded.
    #[must_use]
    pub fn config(&self) -> &FusionConfig {
        self.network.config()
    }

    /// The widths that inputs must have.
    #[must_use]
    pub fn widths(&self) -> Widths {
        self.config().widths
    }

    /// The network itself, which gives scores that are not clamped.
    #[must_use]
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// Scores in [−3, 3] and what each modality adds to them, in the order given; flows may be mixed.
    /// Features of untrained modalities count as absent. An utterance without any modality gets the
    /// network's score for absent inputs, to which nothing adds.
    ///
    /// # Errors
    /// When an input has the wrong width or holds a value that is not finite.
    pub fn score(&self, inputs: &[FusionInput]) -> Result<Vec<Sentiment>, FusionError> {
        let scores = self.scores(inputs)?;
        let untrained = &self.config().untrained;
        let left_out: Vec<LeftOut> = inputs
            .iter()
            .map(|input| LeftOut::of(input, untrained))
            .collect();
        let mut variants = Vec::new();
        let mut owners = Vec::new();
        for (owner, left_out) in left_out.iter().enumerate() {
            variants.extend_from_slice(&left_out.variants);
            owners.extend(left_out.variants.iter().map(|_| owner));
        }
        let without = self.scores(&variants).map_err(|error| match error {
            FusionError::Overflow { input } => FusionError::Overflow {
                input: owners[input],
            },
            error => error,
        })?;
        let mut without = without.as_slice();
        let scored = inputs.iter().zip(scores).zip(&left_out);
        Ok(scored
            .map(|((input, score), left_out)| {
                let (own, rest) = without.split_at(left_out.variants.len());
                without = rest;
                Sentiment {
                    score,
                    flow: input.flow,
                    contributions: left_out.contributions(score, own),
                    margin: self.config().margins.of(input),
                }
            })
            .collect())
    }

    /// Scores in [−3, 3] alone, in the order given.
    ///
    /// # Errors
    /// When an input has the wrong width or holds a value that is not finite.
    pub fn scores(&self, inputs: &[FusionInput]) -> Result<Vec<f32>, FusionError> {
        let predictions = predict(&self.network, inputs)?.into_iter();
        Ok(predictions
            .map(|prediction| prediction.score.clamp(-LIMIT, LIMIT))
            .collect())
    }
}
