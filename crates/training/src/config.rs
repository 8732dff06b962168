//! The training config: `config/train.toml` holds every key with a comment and its default.

use std::path::Path;

use serde::{Deserialize, Serialize};
use tch::Device;

use super::ConfigError;
use crate::config_schema::SCHEMA;
use undertone_fusion::{LossWeights, Modality, NetworkConfig, Precision};

/// Everything that determines a training run, except its data.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrainConfig {
    /// The run: seed, threads, when to stop.
    pub run: RunConfig,
    /// What is taken from the data set.
    pub data: DataConfig,
    /// The optimiser and its schedule.
    pub optimiser: OptimiserConfig,
    /// How much each term of the loss counts.
    pub loss: LossWeights,
    /// Modalities and frames left out in training.
    pub missing: MissingConfig,
    /// Sizes and switches of the network.
    pub network: NetworkConfig,
}

/// How a run starts and ends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RunConfig {
    /// Determines weights, order and dropout.
    pub seed: u64,
    /// Threads; 0 for as many as there are cores.
    pub threads: usize,
    /// The device that it computes on.
    pub device: DeviceChoice,
    /// The precision in which frames are multiplied with weights.
    pub precision: Precision,
    /// Passes over the training split.
    pub epochs: u32,
    /// Stop after this many epochs without a better one; 0 never stops early.
    pub patience: u32,
    /// The validation error by which the epoch is chosen.
    pub criterion: Criterion,
}

/// The device that a training computes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeviceChoice {
    /// A CUDA device where libtorch sees one, else the processor.
    Auto,
    /// The processor.
    Cpu,
    /// A CUDA device.
    Cuda,
}

/// The validation error (MAE) by which the epoch is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Criterion {
    /// The mean of both flows.
    Both,
    /// The complete flow.
    Complete,
    /// The text-missing flow.
    Missing,
}

/// What is taken from the data set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DataConfig {
    /// Where the text-missing flow's text comes from.
    pub simulated: Simulated,
    /// What is not taken although it is there; audio or video.
    pub without: Vec<Modality>,
}

/// Where the text-missing flow's text comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Simulated {
    /// The data set's simulated text; where it has none the flow imagines it.
    Given,
    /// A linear map from audio and video, fitted on the training split: a stand-in for data
    /// sets that were made without a speech language model.
    Ridge,
}

/// Adam and its schedule; the defaults are the paper's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OptimiserConfig {
    /// The learning rate after warm-up.
    pub learning_rate: f64,
    /// L2 penalty, added to the gradient.
    pub weight_decay: f64,
    /// Utterances per step.
    pub batch: usize,
    /// Epochs in which the rate rises linearly.
    pub warm_up_epochs: u32,
    /// Factor on the rate…
    pub decay: f64,
    /// … every so many epochs after warm-up; 0 keeps the rate.
    pub decay_every_epochs: u32,
}

/// Modalities and frames left out in training, so that recordings without them can be scored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MissingConfig {
    /// Share of training utterances that keep only a random subset of their modalities.
    pub modalities: f64,
    /// Share of the time steps of every modality that is left out.
    pub frames: f64,
}

impl DeviceChoice {
    /// The device for libtorch.
    ///
    /// # Errors
    /// When CUDA is asked for and libtorch sees no such device.
    pub(super) fn resolve(self) -> Result<Device, ConfigError> {
        match self {
            Self::Cpu => Ok(Device::Cpu),
            Self::Auto => Ok(Device::cuda_if_available()),
            Self::Cuda if tch::Cuda::is_available() => Ok(Device::Cuda(0)),
            Self::Cuda => Err(ConfigError::NoCuda),
        }
    }
}

impl Default for RunConfig {
    fn default() -> Self {
        Self {
            seed: 1,
            threads: 0,
            device: DeviceChoice::Auto,
            precision: Precision::F32,
            epochs: 25,
            patience: 0,
            criterion: Criterion::Both,
        }
    }
}

impl Default for DataConfig {
    fn default() -> Self {
        Self {
            simulated: Simulated::Given,
            without: Vec::new(),
        }
    }
}

impl Default for OptimiserConfig {
    fn default() -> Self {
        Self {
            learning_rate: 1e-4,
            weight_decay: 1e-5,
            batch: 96,
            warm_up_epochs: 5,
            decay: 0.9,
            decay_every_epochs: 10,
        }
    }
}

impl Default for MissingConfig {
    fn default() -> Self {
        Self {
            modalities: 0.2,
            frames: 0.0,
        }
    }
}

impl TrainConfig {
    /// The defaults, changed by a file and then by single keys, such as `run.seed` to `3`.
    ///
    /// # Errors
    /// Everything that is wrong, with file and line; or values that do not fit together.
    pub fn load(path: Option<&Path>, set: &[(String, String)]) -> Result<Self, ConfigError> {
        let config: Self = SCHEMA.load(path, set)?;
        config.check()?;
        Ok(config)
    }

    /// Checks all values, also of a config that was not read from a file.
    ///
    /// # Errors
    /// When a value is out of range; the message names every such value.
    pub fn check(&self) -> Result<(), ConfigError> {
        let mut problems = self.optimiser.problems();
        if self.run.epochs == 0 {
            problems.push("run.epochs must be at least 1".to_owned());
        }
        for (key, rate) in [
            ("modalities", self.missing.modalities),
            ("frames", self.missing.frames),
        ] {
            if !(0.0..=1.0).contains(&rate) {
                problems.push(format!("missing.{key} must be 0 to 1, got {rate}"));
            }
        }
        problems.extend(self.loss.problems());
        problems.extend(self.network.problems());
        if problems.is_empty() {
            Ok(())
        } else {
            Err(ConfigError::Unusable { problems })
        }
    }
}

impl OptimiserConfig {
    fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let positive = |value: f64| value.is_finite() && value > 0.0;
        if !positive(self.learning_rate) {
            let rate = self.learning_rate;
            problems.push(format!(
                "optimiser.learning_rate must be above 0, got {rate}"
            ));
        }
        if !(self.weight_decay.is_finite() && self.weight_decay >= 0.0) {
            let decay = self.weight_decay;
            problems.push(format!(
                "optimiser.weight_decay must be 0 or more, got {decay}"
            ));
        }
        if !positive(self.decay) {
            problems.push(format!(
                "optimiser.decay must be above 0, got {}",
                self.decay
            ));
        }
        if self.batch == 0 {
            problems.push("optimiser.batch must be at least 1".to_owned());
        }
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_settings_of_the_paper_and_of_mosi_are_settings() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config");
        let paper = TrainConfig::load(Some(&folder.join("paper.toml")), &[]).unwrap();
        assert_eq!(
            (paper.missing.modalities, paper.network.feature_limit),
            (0.0, 0.0)
        );
        TrainConfig::load(Some(&folder.join("mosi.toml")), &[]).unwrap();
    }

    #[test]
    fn the_file_of_defaults_is_the_default() {
        assert_eq!(
            TrainConfig::load(None, &[]).unwrap(),
            TrainConfig::default()
        );
    }

    #[test]
    fn single_keys_are_set() {
        let set =
            |key: &str, value: &str| TrainConfig::load(None, &[(key.to_owned(), value.to_owned())]);
        assert_eq!(set("run.seed", "3").unwrap().run.seed, 3);
        assert!(
            (set("optimiser.learning_rate", "1")
                .unwrap()
                .optimiser
                .learning_rate
                - 1.0)
                .abs()
                < 1e-9
        );
        assert_eq!(
            set("run.criterion", "missing").unwrap().run.criterion,
            Criterion::Missing
        );
        assert!(
            !set("network.imagination", "false")
                .unwrap()
                .network
                .imagination
        );
        let without = set("data.without", "[\"audio\", \"video\"]").unwrap();
        assert_eq!(without.data.without, [Modality::Audio, Modality::Video]);
        for (key, value) in [
            ("data.without", "[\"voice\"]"),
            ("seed", "3"),
            ("run.sead", "3"),
            ("run.seed", "x"),
            ("run.epochs", "0"),
        ] {
            assert!(set(key, value).is_err(), "{key} {value}");
        }
    }

    #[test]
    fn all_problems_are_named_at_once_with_their_lines() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mine.toml");
        let text = "[run]\nepochs = 0\nsead = 3\n[missing]\nframes = 2.0\n\
                    [network]\nmlp_dropout = 1.0\n";
        std::fs::write(&path, text).unwrap();
        let message = TrainConfig::load(Some(&path), &[]).unwrap_err().to_string();
        for problem in [
            "mine.toml:2: `run.epochs` must be between 1",
            "mine.toml:3: unknown key `run.sead`; did you mean `run.seed`?",
            "mine.toml:5: `missing.frames` must be between 0 and 1, got 2.0",
            "mine.toml:7: `network.mlp_dropout` must be between 0 and 0.99, got 1.0",
        ] {
            assert!(message.contains(problem), "{message}");
        }
    }

    #[test]
    fn weights_that_are_all_zero_teach_nothing() {
        let zero = |key: &str| (format!("loss.{key}"), "0".to_owned());
        let set = ["complete", "missing", "fused", "query", "cross", "contrast"].map(zero);
        let message = TrainConfig::load(None, &set).unwrap_err().to_string();
        assert!(message.contains("nothing to learn"), "{message}");
    }
}
