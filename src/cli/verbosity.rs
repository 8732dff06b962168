//! `-q` and `-v`: how much is said.

use clap::Args;
use undertone_config::{Log, LogLevel};

use super::progress::Verbosity;

/// How much is said, on the command line.
#[derive(Clone, Copy, Debug, Default, Args)]
pub struct VerbosityArgs {
    /// Say only what went wrong; the exit code says the rest
    #[arg(short, long, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Say more: a line for every recording, and the log at level debug
    #[arg(short, long)]
    pub verbose: bool,
}

impl VerbosityArgs {
    pub(super) fn verbosity(self) -> Verbosity {
        match self {
            Self { quiet: true, .. } => Verbosity::Quiet,
            Self { verbose: true, .. } => Verbosity::Verbose,
            _ => Verbosity::Normal,
        }
    }

    /// The settings of the log, as far as these options change them.
    pub(super) fn apply(self, log: &mut Log) {
        match self.verbosity() {
            Verbosity::Quiet => log.level = LogLevel::Error,
            Verbosity::Verbose => log.level = LogLevel::Debug,
            Verbosity::Normal => {}
        }
    }
}
