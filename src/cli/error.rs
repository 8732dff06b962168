//! An error that ends the program, with the exit code that goes with it.

use std::error::Error;
use std::fmt::{self, Display};
use std::io;

use undertone_bundle::{BundleErrors, DraftError};
use undertone_config::ConfigErrors;
use undertone_daemon::{BatchError, NoProgram, RootError, StateError, WatchError};
use undertone_discovery::DiscoverErrors;
use undertone_exports::{ExportError, FileError as ExportFileError};
use undertone_formats::{FormatError, LabelError};
use undertone_fusion::FusionError;
use undertone_live::LiveError;
use undertone_models::{CatalogueError, PullError, RemoveError};
use undertone_pages::{GatherError, PageError};
use undertone_reports::{ReadError, ReportError};
use undertone_telemetry::LogError;
use undertone_training::{
    ConfigError, DatasetError, EvalError, FileError, ImportError, OtherLabels, PackError,
    RidgeError, StudyError, TrainError, UnknownProtocol, UnknownTerm, WeightsError,
};
use undertone_types::error_chain;

use super::exit::Exit;
use crate::assembly::{BundleError, EngineError, NotReady};
use crate::labelled::LabelledError;
use crate::topology::StageError;

/// An error that ends the program. It can only be made of errors whose exit code is known
/// (see `ExitCodeOf`), or with an exit code of its own.
#[derive(Debug)]
pub struct CliError {
    exit: Exit,
    /// Outermost first.
    chain: Vec<String>,
}

impl CliError {
    /// The user can repair it on the command line or in a file that it names.
    pub(super) fn usage(message: impl Display) -> Self {
        Self {
            exit: Exit::Usage,
            chain: vec![message.to_string()],
        }
    }

    /// This machine, its installation or its disk is at fault.
    pub(super) fn environment(message: impl Display) -> Self {
        Self {
            exit: Exit::Environment,
            chain: vec![message.to_string()],
        }
    }

    /// The exit code.
    #[must_use]
    pub fn exit(&self) -> Exit {
        self.exit
    }
}

impl Display for CliError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.chain.join(": "))
    }
}

/// Says what an error was about to do when it happened.
pub(super) trait Context<T> {
    /// Puts a message in front of the error; the exit code stays.
    fn context(self, message: impl Display) -> Result<T, CliError>;
}

impl<T, E: Into<CliError>> Context<T> for Result<T, E> {
    fn context(self, message: impl Display) -> Result<T, CliError> {
        self.map_err(|error| {
            let mut error = error.into();
            error.chain.insert(0, message.to_string());
            error
        })
    }
}

/// The exit code of an error type. An error without it does not compile as the end of a
/// subcommand, so none is forgotten.
trait ExitCodeOf: Error + Sized {
    fn exit_code(&self) -> Exit;
}

impl<E: ExitCodeOf> From<E> for CliError {
    fn from(error: E) -> Self {
        Self {
            exit: error.exit_code(),
            chain: error_chain(&error),
        }
    }
}

macro_rules! exit_codes {
    ($($exit:ident: $($error:ty),+;)+) => {
        $($(impl ExitCodeOf for $error {
            fn exit_code(&self) -> Exit {
                Exit::$exit
            }
        })+)+
    };
}

exit_codes! {
    Usage: ConfigError, ConfigErrors, DiscoverErrors, DraftError, LogError, NoProgram, OtherLabels, RootError, UnknownProtocol, UnknownTerm;
    Environment: BundleError, BundleErrors, CatalogueError, EngineError, ExportError, ExportFileError, StageError, FileError, FusionError, ReadError, ReportError, RidgeError,
        BatchError, LiveError, PageError, WatchError,
        io::Error, rustix::io::Errno, serde_json::Error, toml::ser::Error, toml_edit::TomlError;
}

/// Errors that may be either; each says which it is.
macro_rules! exit_codes_by_value {
    ($($error:ty),+) => {
        $(impl ExitCodeOf for $error {
            fn exit_code(&self) -> Exit {
                if self.is_usage() {
                    Exit::Usage
                } else {
                    Exit::Environment
                }
            }
        })+
    };
}

exit_codes_by_value! {
    DatasetError, EvalError, FormatError, GatherError, ImportError, LabelError, LabelledError,
    NotReady, PackError, PullError, RemoveError, StateError, StudyError, TrainError, WeightsError
}

#[cfg(feature = "fleet")]
exit_codes_by_value! { undertone_fleet::FleetError }

#[cfg(test)]
mod tests {
    use super::*;
    use undertone_config::Config;

    #[test]
    fn context_keeps_the_exit_code_and_all_messages() {
        let overrides = [("no".to_owned(), "such".to_owned())];
        let error = Config::load(None, &overrides)
            .context("cannot begin")
            .unwrap_err();
        assert_eq!(error.exit(), Exit::Usage);
        assert!(error.to_string().starts_with("cannot begin: "), "{error}");

        let gone = io::Error::other("the disk is gone");
        let error: CliError = gone.into();
        assert_eq!(error.exit(), Exit::Environment);
        assert_eq!(error.to_string(), "the disk is gone");
    }
}
