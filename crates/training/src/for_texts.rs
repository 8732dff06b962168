//! Settings that suit data sets of labelled texts.

use super::TrainConfig;
use super::config::{OptimiserConfig, RunConfig};
use undertone_fusion::{NetworkConfig, Precision};

/// With fewer texts the batches are small, so that there are some for each epoch.
const MANY: usize = 4000;
/// Steps after which more of them hardly help.
const STEPS: usize = 1500;
/// Least and most epochs. With 30 for 64 texts, two steps each, some runs ended as a constant.
const EPOCHS: (usize, usize) = (8, 150);

impl TrainConfig {
    /// Settings for so many training texts: a smaller network than the paper's and a higher rate, the
    /// more so the fewer texts there are. Tried on 64 made ones, and 210 to 16,326 of CMU-MOSEI.
    #[must_use]
    pub fn for_texts(texts: usize) -> Self {
        let batch = if texts < MANY { 32 } else { 64 };
        let epochs = (STEPS * batch).div_ceil(texts.max(1));
        let epochs = epochs.clamp(EPOCHS.0, EPOCHS.1) as u32;
        let precision = match Precision::Bf16.pays() {
            true => Precision::Bf16,
            false => Precision::F32,
        };
        Self {
            run: RunConfig {
                epochs,
                patience: epochs / 3,
                precision,
                ..RunConfig::default()
            },
            optimiser: OptimiserConfig {
                learning_rate: if texts < MANY { 1e-3 } else { 4e-4 },
                batch,
                warm_up_epochs: 1,
                ..OptimiserConfig::default()
            },
            network: match texts < MANY {
                true => NetworkConfig {
                    model_width: 128,
                    fused_width: 64,
                    frame_dropout: 0.3,
                    mlp_dropout: 0.2,
                    ..NetworkConfig::default()
                },
                false => NetworkConfig {
                    model_width: 192,
                    fused_width: 96,
                    ..NetworkConfig::default()
                },
            },
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_texts_are_seen_more_often() {
        let epochs = |texts| TrainConfig::for_texts(texts).run.epochs;
        assert_eq!([0, 300, 2000, 16_326].map(epochs), [150, 150, 24, 8]);
        TrainConfig::for_texts(300).check().unwrap();
    }
}
