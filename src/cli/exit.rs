//! How a run ended, as scripts see it.

use std::process::ExitCode;

use crate::assembly::NotReady;
use undertone_config::ConfigErrors;
use undertone_daemon::RootError;
use undertone_discovery::DiscoverErrors;
use undertone_formats::FormatError;
use undertone_training::{LabelError, TrainError};

/// Exit codes; documented in README.md, tested, never renumbered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Everything was done.
    Done = 0,
    /// Some recordings failed; each has a failure record.
    SomeFailed = 1,
    /// The command line or the configuration is wrong; nothing was done.
    Usage = 2,
    /// A model or this machine is not fit; nothing was done, or the run was cut short.
    Environment = 3,
    /// Stopped by a signal; what was begun is finished or will be redone.
    Interrupted = 130,
}

impl Exit {
    /// The code for an error that ended the program.
    #[must_use]
    pub fn of(error: &anyhow::Error) -> Self {
        if let Some(not_ready) = error.downcast_ref::<NotReady>() {
            return if not_ready.is_usage() {
                Self::Usage
            } else {
                Self::Environment
            };
        }
        let is_usage = error.is::<ConfigErrors>()
            || error.is::<DiscoverErrors>()
            || error.is::<LabelError>()
            || error.is::<FormatError>()
            || error.is::<RootError>()
            || error.downcast_ref().is_some_and(TrainError::is_usage);
        if is_usage {
            Self::Usage
        } else {
            Self::Environment
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

#[cfg(test)]
mod tests {
    use anyhow::Context;

    use super::*;
    use undertone_config::Config;

    #[test]
    fn wrong_settings_are_usage_also_below_other_words() {
        let overrides = [("no".to_owned(), "such".to_owned())];
        let error = Config::load(None, &overrides)
            .context("cannot begin")
            .unwrap_err();
        assert_eq!(Exit::of(&error), Exit::Usage);
        assert_eq!(
            Exit::of(&anyhow::anyhow!("the disk is gone")),
            Exit::Environment
        );
    }
}
