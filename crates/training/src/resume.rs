//! The settings of a run that is resumed.

use std::path::Path;

use super::run::CHECKPOINT;
use super::state::{ResumeError, RunState};
use super::{TrainConfig, TrainError};

impl TrainConfig {
    /// The settings of the run in `out`, which its checkpoint holds, changed by what is given now
    /// in a file and by `key=value` overrides; `None` where no checkpoint is. Whether the run may
    /// be resumed with what is changed is decided when it is.
    ///
    /// # Errors
    /// When the checkpoint cannot be read, or what is given is invalid.
    pub fn resumed(
        out: &Path,
        file: Option<&Path>,
        overrides: &[(String, String)],
    ) -> Result<Option<Self>, TrainError> {
        let given = Self::load(file, overrides)?;
        let path = out.join(CHECKPOINT);
        if !path.exists() {
            return Ok(None);
        }
        let saved = RunState::read(&path)?.config;
        let not_a_run = || ResumeError::NotARun {
            path: path.clone(),
            source: None,
        };
        let table = |config: &Self| toml::Table::try_from(config).map_err(|_| not_a_run());
        let (mut merged, given) = (table(&saved)?, table(&given)?);
        for (section, key) in named(file, overrides) {
            let value = given.get(&section).and_then(|keys| keys.get(&key));
            let keys = merged.get_mut(&section).and_then(toml::Value::as_table_mut);
            if let (Some(value), Some(keys)) = (value, keys) {
                keys.insert(key, value.clone());
            }
        }
        let merged: Self = merged.try_into().map_err(|_| not_a_run())?;
        merged.check()?;
        Ok(Some(merged))
    }
}

/// The keys that a file and overrides name; both are valid.
pub(super) fn named(file: Option<&Path>, overrides: &[(String, String)]) -> Vec<(String, String)> {
    let pair = |(section, key): (&str, &str)| (section.to_owned(), key.to_owned());
    let mut named: Vec<_> = overrides
        .iter()
        .filter_map(|(key, _)| key.split_once('.').map(pair))
        .collect();
    let text = file.and_then(|file| std::fs::read_to_string(file).ok());
    let document: toml::Table = text.unwrap_or_default().parse().unwrap_or_default();
    for (section, keys) in &document {
        let keys = keys.as_table().into_iter().flatten();
        named.extend(keys.map(|(key, _)| pair((section, key))));
    }
    named
}
