//! Where a trained network comes from: a file beside its weights that travels with them.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{Best, BundleId, Dataset, Descent, Metrics, Simulated, TrainConfig, Validation};
use crate::files::{FileError, read_json, write_json};
use undertone_types::Split;

/// The file beside a network's weights.
pub const PROVENANCE: &str = "provenance.json";

/// What made a network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provenance {
    /// The program's version.
    pub undertone: String,
    /// The config, whole.
    pub config: TrainConfig,
    /// What identifies the data set, its splits included.
    pub dataset: String,
    /// Which extractor made which features, with its version.
    pub extractors: BTreeMap<String, String>,
    /// The bundle whose extractors they were.
    pub bundle: BundleId,
    /// SHA-256 of the weights of the network that the training went on from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Utterances in each split.
    pub utterances: BTreeMap<Split, usize>,
    /// The epoch that was kept.
    pub best: Best,
    /// The complete flow on the validation split then.
    pub complete: Metrics,
    /// The text-missing flow on the validation split then, where it was given anything.
    pub simulated: Option<Metrics>,
}

impl Provenance {
    /// The provenance of a network that was just trained.
    pub(super) fn of(
        config: &TrainConfig,
        dataset: &Dataset,
        best: Best,
        validation: &Validation,
        descent: Option<&Descent>,
    ) -> Self {
        let info = dataset.info();
        // What the network was taught before is by the extractors of then.
        let mut extractors = descent.map_or_else(BTreeMap::new, |one| one.extractors.clone());
        extractors.extend(info.extractors.clone());
        let count = |split| (split, dataset.split(split).len());
        Self {
            undertone: env!("CARGO_PKG_VERSION").to_owned(),
            config: config.clone(),
            dataset: dataset.fingerprint().to_owned(),
            extractors,
            bundle: info.bundle.clone(),
            from: descent.map(|descent| descent.sha256.clone()),
            utterances: Split::ALL.map(count).into(),
            best,
            complete: validation.complete.rounded(),
            simulated: validation.simulated.map(Metrics::rounded),
        }
    }

    /// Whether the network learned from text that no language model simulated.
    #[must_use]
    pub fn is_stand_in(&self) -> bool {
        self.config.data.simulated == Simulated::Ridge
    }

    /// Reads the provenance in a trained network's folder.
    ///
    /// # Errors
    /// When the file cannot be read or understood.
    pub fn read(network: &Path) -> Result<Self, FileError> {
        read_json(&network.join(PROVENANCE))
    }

    /// Writes it into a trained network's folder.
    pub(super) fn write(&self, network: &Path) -> Result<(), FileError> {
        write_json(&network.join(PROVENANCE), self)
    }
}
