//! Exit codes, for scripts.

use std::process::ExitCode;

/// Exit codes; documented in README.md, tested, never renumbered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Everything was done.
    Done = 0,
    /// Some recordings failed, each with a failure record, or break off, as their report says; or a
    /// folder or link in an input could not be read.
    SomeFailed = 1,
    /// The command line or the configuration is wrong; nothing was done.
    Usage = 2,
    /// A model or this machine is at fault; nothing was done, or the run was stopped early.
    Environment = 3,
    /// Stopped by a signal; recordings in progress were finished, or are scored by the next run.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
