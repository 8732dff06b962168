//! What every command checks before it starts: settings, recordings, models.

use std::fmt;
use std::path::{Path, PathBuf};

use undertone_bundle::Bundle;
use undertone_config::{BundleSetting, Config, ConfigErrors};
use undertone_discovery::{DiscoverErrors, Discovered, Selection, discover};
use undertone_models::{DEMO, is_unpacked_demo};
use undertone_types::error_chain;

use super::bundle::{BundleError, OpenBundle, open_setting};

/// Settings and models, checked.
#[derive(Debug)]
pub struct Ready {
    /// The settings.
    pub config: Config,
    /// The models.
    pub bundle: Bundle,
}

impl Ready {
    /// Checks the models that the settings name, even when other settings are wrong.
    ///
    /// # Errors
    /// Every problem, at once.
    pub fn new(config: Result<Config, ConfigErrors>, open: OpenBundle) -> Result<Self, NotReady> {
        let bundle = named_by(&config).map(|setting| open_setting(setting, open));
        match (config, bundle) {
            (Ok(config), Some(Ok(bundle))) => {
                let config = found_at(config, &bundle);
                Ok(Self { config, bundle })
            }
            (config, bundle) => Err(NotReady {
                config: config.err(),
                inputs: None,
                bundle: bundle.and_then(Result::err).map(Box::new),
            }),
        }
    }
}

/// The bundle that the settings name, even when other settings are wrong.
fn named_by(config: &Result<Config, ConfigErrors>) -> Option<&BundleSetting> {
    match config {
        Ok(config) => Some(&config.bundle),
        Err(errors) => errors.bundle.as_ref(),
    }
}

/// The settings, with the folder of the bundle that was found: other processes get it so. The
/// demo bundle keeps its name: a cache may be cleared while a daemon runs for months.
fn found_at(config: Config, bundle: &Bundle) -> Config {
    let bundle = match is_unpacked_demo(&bundle.folder) {
        true => BundleSetting::by_name(Path::new(DEMO)),
        false => BundleSetting::at(&bundle.folder),
    };
    Config { bundle, ..config }
}

/// Everything a run needs, checked.
#[derive(Debug)]
pub struct Prepared {
    /// The settings.
    pub config: Config,
    /// The recordings, and what else is in the inputs.
    pub discovered: Discovered,
    /// The models.
    pub bundle: Bundle,
}

/// All problems that prevent a run, of all kinds at once.
#[derive(Debug, Default, thiserror::Error)]
pub struct NotReady {
    /// What is wrong with the settings.
    pub config: Option<ConfigErrors>,
    /// What is wrong with the inputs.
    pub inputs: Option<DiscoverErrors>,
    /// What is wrong with the models.
    pub bundle: Option<Box<BundleError>>,
}

impl fmt::Display for NotReady {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let config = self.config.as_ref().map(ToString::to_string);
        let inputs = self.inputs.as_ref().map(ToString::to_string);
        let bundle = self.bundle.as_deref();
        let bundle = bundle.map(|error| error_chain(error).join(": "));
        let said: Vec<String> = [config, inputs, bundle].into_iter().flatten().collect();
        f.write_str(&said.join("\n"))
    }
}

impl NotReady {
    /// True when the command line or the settings are wrong, which the user can correct.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        self.config.is_some() || self.inputs.is_some()
    }
}

impl Prepared {
    /// Finds the recordings and checks the models, without stopping at the first problem.
    ///
    /// # Errors
    /// Every problem, at once.
    pub fn new(
        config: Result<Config, ConfigErrors>,
        paths: &[PathBuf],
        open: OpenBundle,
    ) -> Result<Self, NotReady> {
        // When the settings cannot be read, at least the inputs are checked.
        let selection = config
            .as_ref()
            .ok()
            .and_then(|config| Selection::new(&config.files).ok());
        let found = discover(paths, &selection.unwrap_or_default());
        let bundle = named_by(&config).map(|setting| open_setting(setting, open));
        match (config, found, bundle) {
            (Ok(config), Ok(discovered), Some(Ok(bundle))) => Ok(Self {
                config: found_at(config, &bundle),
                discovered,
                bundle,
            }),
            (config, found, bundle) => Err(NotReady {
                config: config.err(),
                inputs: found.err(),
                bundle: bundle.and_then(Result::err).map(Box::new),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_kinds_of_problems_are_named_at_once() {
        let set = [("bundle", "/no/bundle"), ("text.mood", "auto")];
        let config = Config::load(None, &set.map(|(key, value)| (key.into(), value.into())));
        let paths = [PathBuf::from("/no/video.mp4")];
        let not_ready = Prepared::new(config, &paths, Bundle::open).unwrap_err();
        let said = not_ready.to_string();
        for part in ["text.mood", "/no/video.mp4", "/no/bundle"] {
            assert!(said.contains(part), "{part} is not in {said}");
        }
        assert!(not_ready.is_usage());
    }

    #[test]
    fn what_is_wrong_elsewhere_says_nothing_of_the_bundle() {
        let paths = [PathBuf::from("/no/video.mp4")];
        let wrong = [("text.mood".to_owned(), "auto".to_owned())];
        for set in [&[][..], &wrong] {
            let not_ready = Prepared::new(Config::load(None, set), &paths, Bundle::open);
            let said = not_ready.unwrap_err().to_string();
            assert!(said.contains("/no/video.mp4"), "{said}");
            assert!(!said.contains("bundle"), "{said}");
        }
    }

    #[test]
    fn a_missing_model_is_the_environment() {
        let config = Config::load(None, &[("bundle".to_owned(), "/no/bundle".to_owned())]);
        let folder = tempfile::tempdir().unwrap();
        let clip = folder.path().join("a.mp4");
        std::fs::write(&clip, "x").unwrap();
        let paths = [clip];
        let not_ready = Prepared::new(config, &paths, Bundle::open).unwrap_err();
        assert!(!not_ready.is_usage(), "{not_ready}");
    }
}
