//! Several data sets as one, each with what it has.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::{BundleId, Dataset, DatasetError, Entry, Lengths};
use crate::WordsLost;
use undertone_fusion::Modality;

/// How many ids a message names.
const NAMED: usize = 5;
/// Between two that made the same kind of feature.
const AND: &str = ", ";

/// What a data set may have.
struct Feature {
    /// Its names in a description.
    names: &'static [&'static str],
    modality: Modality,
    length: fn(&Lengths) -> usize,
}

const FEATURES: [Feature; 4] = [
    Feature {
        names: &["audio"],
        modality: Modality::Audio,
        length: |lengths| lengths.audio,
    },
    Feature {
        names: &["text"],
        modality: Modality::Text,
        length: |lengths| lengths.text,
    },
    Feature {
        names: &["simulated text", "simulated"],
        modality: Modality::Text,
        length: |lengths| lengths.simulated,
    },
    Feature {
        names: &["video"],
        modality: Modality::Video,
        length: |lengths| lengths.video,
    },
];

impl Dataset {
    /// Opens several finished data sets as one. What two of them have must have been made alike;
    /// what only one has may be anything.
    ///
    /// # Errors
    /// When one cannot be opened, two have features that differ in width or origin, or the same id.
    pub fn open_all(folders: &[PathBuf]) -> Result<Self, DatasetError> {
        let mut all: Option<Self> = None;
        for (at, folder) in folders.iter().enumerate() {
            let next = Self::open(folder)?;
            all = Some(match all {
                None => next,
                Some(all) => all.and(next, &folders[..at], folder)?,
            });
        }
        all.ok_or(DatasetError::None)
    }

    /// The union with a data set, of which `folder` is the folder; those of `self` are `folders`.
    fn and(
        mut self,
        mut next: Self,
        folders: &[PathBuf],
        folder: &Path,
    ) -> Result<Self, DatasetError> {
        self.check_ids(&next, folders, folder)?;
        for feature in &FEATURES {
            if let Some(difference) = self.difference(&next, feature) {
                return Err(DatasetError::Unlike {
                    paths: [named(folders), folder.display().to_string()],
                    what: feature.names[0],
                    difference,
                });
            }
        }
        self.take_origin(&next);
        let shards = self.shards.len() as u32;
        for entry in &mut next.entries {
            entry.shard += shards;
        }
        self.entries.append(&mut next.entries);
        self.shards.append(&mut next.shards);
        let mut hasher = blake3::Hasher::new();
        for part in [&self.fingerprint, &next.fingerprint] {
            hasher.update(part.as_bytes());
        }
        self.fingerprint = hasher.finalize().to_hex().to_string();
        Ok(self)
    }

    fn check_ids(
        &self,
        next: &Self,
        folders: &[PathBuf],
        folder: &Path,
    ) -> Result<(), DatasetError> {
        let own: HashSet<&str> = self.entries.iter().map(|entry| entry.id.as_str()).collect();
        let ids = next.entries.iter().map(|entry| &entry.id);
        let ids: Vec<String> = ids
            .filter(|id| own.contains(id.as_str()))
            .cloned()
            .collect();
        match ids.len() {
            0 => Ok(()),
            count => Err(DatasetError::SharedIds {
                paths: [named(folders), folder.display().to_string()],
                count,
                ids: ids.into_iter().take(NAMED).collect(),
            }),
        }
    }

    fn has(&self, feature: &Feature) -> bool {
        let length = |entry: &Entry| (feature.length)(&entry.lengths);
        self.entries.iter().any(|entry| length(entry) > 0)
    }

    /// How a feature differs that both have.
    fn difference(&self, next: &Self, feature: &Feature) -> Option<String> {
        if !(self.has(feature) && next.has(feature)) {
            return None;
        }
        let widths = [self, next].map(|one| *one.info.widths.get(feature.modality));
        if widths[0] != widths[1] {
            return Some(format!("{} and {} values wide", widths[0], widths[1]));
        }
        let [own, other] = [self, next].map(|one| one.makers(feature));
        if own.is_empty() || other.is_empty() {
            // Not said: then all that made the two must be the same.
            let [own, other] = [&self.info.bundle, &next.info.bundle];
            return (own != other).then(|| format!("made by {own:?} and by {other:?}"));
        }
        // Words that were lost are read like real text, which is compared under its own name.
        let mut makers = own.iter().filter(|maker| !WordsLost::made(maker));
        let mut others = other.iter().filter(|maker| !WordsLost::made(maker));
        match (makers.next(), others.next()) {
            (Some(own), Some(other)) if own != other => {
                Some(format!("made by {own} and by {other}"))
            }
            _ => None,
        }
    }

    /// What made a feature, by its description.
    fn makers(&self, feature: &Feature) -> Vec<&str> {
        let named = |name: &&str| self.info.extractors.get(*name);
        let makers = feature.names.iter().filter_map(named);
        makers.flat_map(|makers| makers.split(AND)).collect()
    }

    /// Widths and extractors of what only the other has, and the bundles of both.
    fn take_origin(&mut self, next: &Self) {
        for modality in Modality::ALL {
            let mut features = FEATURES
                .iter()
                .filter(|feature| feature.modality == modality);
            if !features.any(|feature| self.has(feature)) {
                *self.info.widths.get_mut(modality) = *next.info.widths.get(modality);
            }
        }
        for (name, other) in &next.info.extractors {
            let feature = FEATURES
                .iter()
                .find(|one| one.names.contains(&name.as_str()));
            let own_counts = feature.is_none_or(|feature| self.has(feature));
            let own = self.info.extractors.get(name).filter(|_| own_counts);
            let both = match own {
                None => other.clone(),
                Some(own) if own.split(AND).any(|one| one == other) => own.clone(),
                Some(own) if feature.is_some_and(|feature| next.has(feature)) => {
                    format!("{own}{AND}{other}")
                }
                Some(own) => own.clone(),
            };
            self.info.extractors.insert(name.clone(), both);
        }
        let (own, other) = (&mut self.info.bundle, &next.info.bundle);
        if own != other {
            let both = format!("{}{}", own.fingerprint, other.fingerprint);
            *own = BundleId {
                name: match own.name == other.name {
                    true => other.name.clone(),
                    false => format!("{}{AND}{}", own.name, other.name),
                },
                fingerprint: blake3::hash(both.as_bytes()).to_hex().to_string(),
            };
        }
    }
}

fn named(folders: &[PathBuf]) -> String {
    let names: Vec<String> = folders
        .iter()
        .map(|folder| folder.display().to_string())
        .collect();
    names.join(" and ")
}
