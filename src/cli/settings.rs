//! Where settings come from: a file, and single settings on the command line.

use std::path::PathBuf;

use clap::Args;
use undertone_config::{Change, Config, ConfigErrors};

/// A settings file and single settings.
#[derive(Clone, Debug, Default, Args)]
pub struct SettingsArgs {
    /// A file with settings that differ from the defaults
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// One setting, for example text.mode=simulated; overrides the file
    #[arg(long, value_name = "KEY=VALUE", value_parser = key_value)]
    pub set: Vec<(String, String)>,
}

pub(super) fn key_value(said: &str) -> Result<(String, String), String> {
    match said.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => {
            Ok((key.trim().to_owned(), value.trim().to_owned()))
        }
        _ => Err("expected key=value".to_owned()),
    }
}

impl SettingsArgs {
    /// Adds a setting that overrides all others.
    pub(super) fn add(&mut self, key: &str, value: &str) {
        self.set.push((key.to_owned(), value.to_owned()));
    }

    /// The resolved settings.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub fn load(&self) -> Result<Config, ConfigErrors> {
        Config::load(self.config.as_deref(), &self.set)
    }

    /// What they change of the defaults.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub fn changes(&self) -> Result<Vec<Change>, ConfigErrors> {
        Config::changes(self.config.as_deref(), &self.set)
    }
}
