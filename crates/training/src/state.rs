//! What a run needs to go on: one file, written after each epoch, whole or not at all.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use tch::Tensor;

use super::adam::Adam;
use super::{TrainConfig, TrainError};
use undertone_fusion::{Checkpoint, Network, read_checkpoint, write_checkpoint};

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
}

/// The best epoch of a run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Best {
    /// From 1.
    pub epoch: u32,
    /// What the criterion gave.
    pub error: f64,
}

impl RunState {
    /// A run that has not begun.
    pub(super) fn new(config: TrainConfig, dataset: String) -> Self {
        Self {
            epoch: 0,
            steps: 0,
            best: None,
            config,
            dataset,
        }
    }

    /// Saves the state with the weights and moments it belongs to.
    pub(super) fn save(
        &self,
        path: &Path,
        network: &Network,
        adam: &Adam,
    ) -> Result<(), TrainError> {
        let json = serde_json::to_string(self).map_err(|error| json_error(path, error))?;
        let mut tensors = prefixed(NETWORK, network.tensors());
        tensors.extend(prefixed(ADAM, adam.moments()));
        let checkpoint = Checkpoint {
            tensors,
            metadata: BTreeMap::from([(KEY.to_owned(), json)]),
        };
        Ok(write_checkpoint(path, &checkpoint)?)
    }

    /// Loads what was saved into the network and optimiser of the same run. Only the number of
    /// epochs, the patience, the number of threads and the device may differ.
    pub(super) fn resume(
        &self,
        path: &Path,
        network: &Network,
        adam: &mut Adam,
    ) -> Result<Self, TrainError> {
        let checkpoint = read_checkpoint(path)?;
        let json = checkpoint.metadata.get(KEY).ok_or_else(|| {
            TrainError::Resume(format!("{} is no checkpoint of a run", path.display()))
        })?;
        let mut saved: Self =
            serde_json::from_str(json).map_err(|error| json_error(path, error))?;
        saved.config.run.epochs = self.config.run.epochs;
        saved.config.run.patience = self.config.run.patience;
        saved.config.run.threads = self.config.run.threads;
        saved.config.run.device = self.config.run.device;
        let differences = differences(&saved.config, &self.config);
        if !differences.is_empty() {
            let reason = format!("{} was made with {differences}", path.display());
            return Err(TrainError::Resume(reason));
        }
        if saved.dataset != self.dataset {
            let reason = format!("{} was made from another data set", path.display());
            return Err(TrainError::Resume(reason));
        }
        Checkpoint {
            tensors: stripped(NETWORK, &checkpoint.tensors),
            metadata: BTreeMap::new(),
        }
        .fill(network)?;
        fill(adam.moments(), &stripped(ADAM, &checkpoint.tensors))?;
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

fn fill(own: BTreeMap<String, Tensor>, saved: &BTreeMap<String, Tensor>) -> Result<(), TrainError> {
    for (name, mut tensor) in own {
        let from = saved
            .get(&name)
            .ok_or_else(|| TrainError::Resume(format!("the optimiser's {name} is missing")))?;
        tch::no_grad(|| tensor.f_copy_(from))?;
    }
    Ok(())
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

fn json_error(path: &Path, source: serde_json::Error) -> TrainError {
    TrainError::Json {
        path: path.to_owned(),
        line: source.line(),
        source,
    }
}
