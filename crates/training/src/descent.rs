//! A trained network that a training goes on from: to teach it what it was not taught, or more of
//! the same.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::provenance::PROVENANCE;
use super::resume::named;
use super::state::{ResumeError, RunState};
use super::{Dataset, Provenance, Simulated, TrainConfig, TrainError, extractors};
use crate::files::{FileError, read_json};
use undertone_bundle::{Bundle, MANIFEST_NAME, Part, sha256_of};
use undertone_fusion::{
    Checkpoint, FusionConfig, Margins, Modality, Network, NetworkConfig, Widths, read_checkpoint,
};
use undertone_types::Split;

/// The network that a training goes on from, without its weights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Descent {
    /// SHA-256 of its weights.
    pub sha256: String,
    /// Its config.
    pub config: FusionConfig,
    /// What made the features that it was trained on, where that is known.
    pub extractors: BTreeMap<String, String>,
    /// Whether it learned from text that no language model simulated.
    pub stand_in: bool,
}

/// The network that a training goes on from.
#[derive(Debug)]
pub struct Parent {
    descent: Descent,
    weights: Checkpoint,
}

impl Parent {
    /// Reads the network in a folder: one that a training wrote, or that of a bundle.
    ///
    /// # Errors
    /// When there is none, or its files cannot be read.
    pub fn open(folder: &Path) -> Result<Self, TrainError> {
        let (weights, config, made_by) = match folder.join(MANIFEST_NAME).exists() {
            true => of_bundle(folder)?,
            false => (
                folder.join("fusion.safetensors"),
                folder.join("fusion.json"),
                None,
            ),
        };
        if !(weights.exists() && config.exists()) {
            return Err(no_network(folder));
        }
        let provenance = folder.join(PROVENANCE);
        let provenance: Option<Provenance> = match provenance.exists() {
            true => Some(read_json(&provenance)?),
            false => None,
        };
        let (sha256, _) = sha256_of(&weights).map_err(FileError::read(&weights))?;
        let stand_in = provenance.as_ref().is_some_and(Provenance::is_stand_in);
        let noted = provenance.map(|provenance| provenance.extractors);
        Ok(Self {
            descent: Descent {
                sha256,
                config: FusionConfig::read(&config)?,
                extractors: noted.or(made_by).unwrap_or_default(),
                stand_in,
            },
            weights: read_checkpoint(&weights)?,
        })
    }

    /// What is known of it.
    #[must_use]
    pub fn descent(&self) -> &Descent {
        &self.descent
    }

    /// The settings of a training that goes on from it: the defaults, changed by a file and by
    /// single keys, with its sizes. Of the network only dropout may be given anew, and imagination left
    /// out.
    ///
    /// # Errors
    /// When a setting is invalid, or names another size than it has.
    pub fn settings(
        &self,
        file: Option<&Path>,
        overrides: &[(String, String)],
    ) -> Result<TrainConfig, TrainError> {
        let given = TrainConfig::load(file, overrides)?;
        let mut network = self.descent.config.network.clone();
        let table = |network: &NetworkConfig| toml::Table::try_from(network).unwrap_or_default();
        let (own, others) = (table(&network), table(&given.network));
        let mut differences = Vec::new();
        for (section, key) in named(file, overrides) {
            match key.as_str() {
                _ if section != "network" => {}
                "frame_dropout" => network.frame_dropout = given.network.frame_dropout,
                "mlp_dropout" => network.mlp_dropout = given.network.mlp_dropout,
                "imagination" if network.imagination => {
                    network.imagination = given.network.imagination;
                }
                key if own[key] != others[key] => {
                    let (own, other) = (&own[key], &others[key]);
                    differences.push(format!("network.{key} is {own}, not {other}"));
                }
                _ => {}
            }
        }
        match differences.is_empty() {
            true => Ok(TrainConfig { network, ..given }),
            false => Err(TrainError::OtherNetwork {
                differences: differences.join("; "),
            }),
        }
    }

    /// Gives a network its weights and the statistics of its features.
    pub(super) fn fill(&self, network: &Network) -> Result<(), TrainError> {
        if network.config().network.imagination {
            self.weights.fill(network)?;
        } else {
            self.weights.without_imagination().fill(network)?;
        }
        Ok(())
    }
}

impl Descent {
    /// The network that a run goes on from: the one that is named, or, where the run has a checkpoint,
    /// the one that it began from.
    ///
    /// # Errors
    /// When the checkpoint cannot be read, or another network is named than it began from.
    pub(super) fn of_run(
        parent: Option<&Parent>,
        checkpoint: &Path,
    ) -> Result<Option<Self>, TrainError> {
        let named = parent.map(|parent| parent.descent.clone());
        if !checkpoint.exists() {
            return Ok(named);
        }
        let begun = RunState::read(checkpoint)?.descent;
        if named.is_some() && named != begun {
            let path = checkpoint.to_owned();
            return Err(ResumeError::OtherParent { path }.into());
        }
        Ok(begun)
    }

    /// The config of a network that goes on from it with a data set whose training split lacks the
    /// modalities of `absent`; `misses_text` where the run trains the text-missing flow.
    ///
    /// # Errors
    /// When the data set's features are not those that it was trained on.
    pub(super) fn goes_on(
        &self,
        config: &TrainConfig,
        dataset: &Dataset,
        absent: &[Modality],
        misses_text: bool,
    ) -> Result<FusionConfig, TrainError> {
        let differences = self.differences(config, dataset);
        if !differences.is_empty() {
            return Err(TrainError::OtherNetwork {
                differences: differences.join("; "),
            });
        }
        let mut untrained = self.config.untrained.clone();
        untrained.retain(|modality| absent.contains(modality));
        Ok(FusionConfig {
            untrained,
            text_missing_untrained: self.config.text_missing_untrained && !misses_text,
            network: config.network.clone(),
            // They were measured on what it was before.
            margins: Margins::default(),
            ..self.config.clone()
        })
    }

    fn differences(&self, config: &TrainConfig, dataset: &Dataset) -> Vec<String> {
        let info = dataset.info();
        let missing = dataset.coverage(Some(Split::Train), &[]).absent();
        let mut differences = Vec::new();
        for modality in Modality::ALL.into_iter().filter(|m| !missing.contains(m)) {
            let width = |widths: &Widths| *widths.get(modality);
            let (own, theirs) = (width(&self.config.widths), width(&info.widths));
            if own != theirs {
                differences.push(format!(
                    "its {modality} is {own} wide, that of the data {theirs}"
                ));
            }
            let name = modality.to_string();
            let makers = [&self.extractors, &info.extractors].map(|made| made.get(&name));
            let is_trained = !self.config.untrained.contains(&modality);
            if let (true, [Some(own), Some(theirs)]) = (is_trained, makers)
                && own != theirs
            {
                differences.push(format!(
                    "its {modality} was made by {own}, the data's by {theirs}"
                ));
            }
        }
        if self.stand_in && config.data.simulated == Simulated::Given {
            differences.push(
                "its simulated text came from a ridge map; train anew, or with data.simulated = \
                 \"ridge\""
                    .to_owned(),
            );
        }
        differences
    }

    /// The modalities of which it learns the statistics from the data: those that it was not
    /// taught.
    pub(super) fn to_be_fitted(&self) -> &[Modality] {
        &self.config.untrained
    }
}

/// Weights, config and extractors of a bundle's network.
type Parts = (PathBuf, PathBuf, Option<BTreeMap<String, String>>);

fn of_bundle(folder: &Path) -> Result<Parts, TrainError> {
    let bundle = Bundle::unchecked(folder)?;
    let parts = (bundle.path(Part::Fusion), bundle.path(Part::FusionConfig));
    let (Some(weights), Some(config)) = parts else {
        return Err(no_network(folder));
    };
    Ok((weights, config, Some(extractors(&bundle.manifest))))
}

fn no_network(folder: &Path) -> TrainError {
    TrainError::NoNetwork {
        path: folder.to_owned(),
    }
}
