//! What every command needs before it begins: settings, recordings, models, all checked.

use std::fmt;
use std::path::{Path, PathBuf};

use clap::Args;

use super::exit::Exit;
use super::progress::Terminal;
use crate::bundle::{Bundle, BundleErrors};
use crate::config::{Config, ConfigErrors};
use crate::discovery::{DiscoverErrors, Found, Patterns, discover};
use crate::telemetry::{LogError, start_logging};

/// Where settings come from.
#[derive(Clone, Debug, Default, Args)]
pub struct SettingsArgs {
    /// A file with settings that differ from the defaults
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// One setting, for example text.mode=simulated; goes before the file
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
    /// The resolved settings.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub fn load(&self) -> Result<Config, ConfigErrors> {
        Config::load(self.config.as_deref(), &self.set)
    }
}

/// Settings and models, checked.
#[derive(Debug)]
pub struct Ready {
    /// The settings.
    pub config: Config,
    /// The models.
    pub bundle: Bundle,
}

impl Ready {
    /// Loads the settings and checks the models, without stopping at the first thing that
    /// is wrong.
    ///
    /// # Errors
    /// Everything that is wrong, at once.
    pub fn new(settings: &SettingsArgs, open: OpenBundle) -> Result<Self, NotReady> {
        let config = settings.load();
        let bundle = bundle_of(&config).map(|folder| open(&folder));
        match (config, bundle) {
            (Ok(config), Some(Ok(bundle))) => Ok(Self { config, bundle }),
            (config, bundle) => Err(NotReady {
                config: config.err(),
                inputs: None,
                bundle: bundle.and_then(Result::err),
            }),
        }
    }
}

/// The folder of the bundle, also of settings that are not right otherwise.
fn bundle_of(config: &Result<Config, ConfigErrors>) -> Option<PathBuf> {
    match config {
        Ok(config) => Some(config.bundle.clone()),
        Err(errors) => errors.bundle.clone(),
    }
}

/// Everything a run needs, checked.
#[derive(Debug)]
pub struct Prepared {
    /// The settings.
    pub config: Config,
    /// The recordings, in order.
    pub found: Vec<Found>,
    /// The models.
    pub bundle: Bundle,
}

/// Everything that is wrong before a run can begin, of all kinds at once.
#[derive(Debug, Default, thiserror::Error)]
pub struct NotReady {
    /// What is wrong with the settings.
    pub config: Option<ConfigErrors>,
    /// What is wrong with the inputs.
    pub inputs: Option<DiscoverErrors>,
    /// What is wrong with the models.
    pub bundle: Option<BundleErrors>,
}

impl fmt::Display for NotReady {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let config = self.config.as_ref().map(ToString::to_string);
        let inputs = self.inputs.as_ref().map(ToString::to_string);
        let bundle = self.bundle.as_ref().map(ToString::to_string);
        let said: Vec<String> = [config, inputs, bundle].into_iter().flatten().collect();
        f.write_str(&said.join("\n"))
    }
}

impl NotReady {
    /// What the user can mend at once goes first.
    pub(super) fn exit(&self) -> Exit {
        match (&self.config, &self.inputs) {
            (None, None) => Exit::Environment,
            _ => Exit::Usage,
        }
    }
}

/// How a command opens its bundle.
pub type OpenBundle = fn(&Path) -> Result<Bundle, BundleErrors>;

impl Prepared {
    /// Loads the settings, finds the recordings and checks the models, without stopping
    /// at the first thing that is wrong.
    ///
    /// # Errors
    /// Everything that is wrong, at once.
    pub fn new(
        settings: &SettingsArgs,
        paths: &[PathBuf],
        open: OpenBundle,
    ) -> Result<Self, NotReady> {
        let config = settings.load();
        // With settings that cannot be read, at least the inputs are looked at.
        let patterns = config
            .as_ref()
            .ok()
            .and_then(|config| Patterns::new(&config.files).ok());
        let found = discover(paths, &patterns.unwrap_or_default());
        let bundle = bundle_of(&config).map(|folder| open(&folder));
        match (config, found, bundle) {
            (Ok(config), Ok(found), Some(Ok(bundle))) => Ok(Self {
                config,
                found,
                bundle,
            }),
            (config, found, bundle) => Err(NotReady {
                config: config.err(),
                inputs: found.err(),
                bundle: bundle.and_then(Result::err),
            }),
        }
    }

    /// Starts logging as the settings say, above the progress bars of `terminal`.
    ///
    /// # Errors
    /// When the log filter is not valid.
    pub fn start_logging(&self, terminal: &Terminal) -> Result<(), LogError> {
        start_logging(&self.config.log, terminal.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_kinds_of_problems_are_named_at_once() {
        let settings = SettingsArgs {
            config: None,
            set: vec![
                ("bundle".to_owned(), "/no/bundle".to_owned()),
                ("text.mood".to_owned(), "auto".to_owned()),
            ],
        };
        let paths = [PathBuf::from("/no/video.mp4")];
        let not_ready = Prepared::new(&settings, &paths, Bundle::open).unwrap_err();
        let said = not_ready.to_string();
        for part in ["text.mood", "/no/video.mp4", "/no/bundle"] {
            assert!(said.contains(part), "{part} is not in {said}");
        }
        assert_eq!(not_ready.exit(), Exit::Usage);
    }

    #[test]
    fn a_missing_model_is_the_environment() {
        let settings = SettingsArgs {
            config: None,
            set: vec![("bundle".to_owned(), "/no/bundle".to_owned())],
        };
        let folder = tempfile::tempdir().unwrap();
        let clip = folder.path().join("a.mp4");
        std::fs::write(&clip, "x").unwrap();
        let paths = [clip];
        let not_ready = Prepared::new(&settings, &paths, Bundle::open).unwrap_err();
        assert_eq!(not_ready.exit(), Exit::Environment, "{not_ready}");
    }
}
