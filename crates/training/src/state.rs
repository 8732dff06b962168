//! The checkpoint of a run: everything needed to resume it, in one file that is written after
//! each epoch.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tch::{TchError, Tensor};

use super::adam::Adam;
use super::{Descent, TrainConfig, TrainError};
use crate::files::FileError;
use undertone_fusion::{Checkpoint, FusionError, Network, read_checkpoint, write_checkpoint};

const NETWORK: &str = "network.";
const ADAM: &str = "adam.";
const KEY: &str = "run";

/// Where a run stands after an epoch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RunState {
    /// Epochs done.
    pub(super) epoch: u32,
    /// Steps of the optimiser.
    pub(super) steps: u32,
    /// The best epoch so far, and its validation error.
    pub(super) best: Option<Best>,
    /// The config it runs with.
    pub(super) config: TrainConfig,
    /// The data set it runs on.
    pub(super) dataset: String,
    /// The network that it went on from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) descent: Option<Descent>,
}

/// The best epoch of a run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Best {
    /// From 1.
    pub epoch: u32,
    /// Its validation error, by the criterion.
    pub error: f64,
}

/// A checkpoint that does not continue a run.
#[derive(Debug, thiserror::Error)]
pub enum ResumeError {
    /// It cannot be read, or holds another network.
    #[error(transparent)]
    Fusion(#[from] FusionError),
    /// It does not hold the state of a run.
    #[error("{} is not the checkpoint of a run", path.display())]
    NotARun {
        /// Which file.
        path: PathBuf,
        /// Why its state is not understood; `None` without a state.
        source: Option<serde_json::Error>,
    },
    /// It was made with another config.
    #[error("{} was made with {differences}", path.display())]
    OtherConfig {
        /// Which file.
        path: PathBuf,
        /// The saved values of the keys that differ.
        differences: String,
    },
    /// It was made from another data set.
    #[error("{} was made from another data set", path.display())]
    OtherDataset {
        /// Which file.
        path: PathBuf,
    },
    /// It began from another network.
    #[error("{} did not go on from the network that is named", path.display())]
    OtherParent {
        /// Which file.
        path: PathBuf,
    },
    /// It lacks a moment of the optimiser.
    #[error("{} has no {name} of the optimiser", path.display())]
    Incomplete {
        /// Which file.
        path: PathBuf,
        /// Which moment.
        name: String,
    },
    /// libtorch refused an operation.
    #[error("libtorch refused an operation")]
    Torch(#[from] TchError),
}

impl RunState {
    /// The state before the first epoch.
    pub(super) fn new(config: TrainConfig, dataset: String, descent: Option<Descent>) -> Self {
        Self {
            epoch: 0,
            steps: 0,
            best: None,
            config,
            dataset,
            descent,
        }
    }

    /// Saves the state with the weights and moments it belongs to.
    pub(super) fn save(
        &self,
        path: &Path,
        network: &Network,
        adam: &Adam,
    ) -> Result<(), TrainError> {
        let json = serde_json::to_string(self).map_err(|source| FileError::Unwritable {
            path: path.to_owned(),
            source,
        })?;
        let mut tensors = prefixed(NETWORK, network.tensors());
        tensors.extend(prefixed(ADAM, adam.moments()));
        let checkpoint = Checkpoint {
            tensors,
            metadata: BTreeMap::from([(KEY.to_owned(), json)]),
        };
        Ok(write_checkpoint(path, &checkpoint)?)
    }

    /// Reads the state of a checkpoint, without weights and moments.
    pub(super) fn read(path: &Path) -> Result<Self, ResumeError> {
        Self::of(&read_checkpoint(path)?, path)
    }

    fn of(checkpoint: &Checkpoint, path: &Path) -> Result<Self, ResumeError> {
        let not_a_run = |source| ResumeError::NotARun {
            path: path.to_owned(),
            source,
        };
        let json = checkpoint.metadata.get(KEY).ok_or(not_a_run(None))?;
        serde_json::from_str(json).map_err(|source| not_a_run(Some(source)))
    }

    /// Loads what was saved into the network and optimiser of the same run. Only the number of
    /// epochs, the patience, the number of threads and the device may differ.
    pub(super) fn resume(
        &self,
        path: &Path,
        network: &Network,
        adam: &mut Adam,
    ) -> Result<Self, ResumeError> {
        let checkpoint = read_checkpoint(path)?;
        let mut saved = Self::of(&checkpoint, path)?;
        saved.config.run.epochs = self.config.run.epochs;
        saved.config.run.patience = self.config.run.patience;
        saved.config.run.threads = self.config.run.threads;
        saved.config.run.device = self.config.run.device;
        let differences = differences(&saved.config, &self.config);
        let path = path.to_owned();
        if !differences.is_empty() {
            return Err(ResumeError::OtherConfig { path, differences });
        }
        if saved.dataset != self.dataset {
            return Err(ResumeError::OtherDataset { path });
        }
        Checkpoint {
            tensors: stripped(NETWORK, &checkpoint.tensors),
            metadata: BTreeMap::new(),
        }
        .fill(network)?;
        let moments = stripped(ADAM, &checkpoint.tensors);
        for (name, mut tensor) in adam.moments() {
            let Some(moment) = moments.get(&name) else {
                return Err(ResumeError::Incomplete { path, name });
            };
            tch::no_grad(|| tensor.f_copy_(moment))?;
        }
        adam.set_steps(saved.steps);
        Ok(saved)
    }
}

/// The saved values of the keys that differ, as `section.key = value`.
fn differences(saved: &TrainConfig, wanted: &TrainConfig) -> String {
    let table = |config| toml::Table::try_from(config).unwrap_or_default();
    let wanted = table(wanted);
    let mut found = Vec::new();
    for (section, keys) in table(saved) {
        for (key, value) in keys.as_table().into_iter().flatten() {
            if wanted[&section].get(key) != Some(value) {
                found.push(format!("{section}.{key} = {value}"));
            }
        }
    }
    found.join(", ")
}

fn prefixed(prefix: &str, tensors: BTreeMap<String, Tensor>) -> BTreeMap<String, Tensor> {
    let name = |(name, tensor)| (format!("{prefix}{name}"), tensor);
    tensors.into_iter().map(name).collect()
}

fn stripped(prefix: &str, tensors: &BTreeMap<String, Tensor>) -> BTreeMap<String, Tensor> {
    let own = |(name, tensor): (&String, &Tensor)| {
        let name = name.strip_prefix(prefix)?;
        Some((name.to_owned(), tensor.shallow_clone()))
    };
    tensors.iter().filter_map(own).collect()
}
