//! What keeps a command from working with the fleet.

use std::path::PathBuf;

/// A command of the fleet cannot do its work.
#[derive(Debug, thiserror::Error)]
pub enum FleetError {
    /// The address of a queue is not one.
    #[error("--queue {address}: {problem}; expected nats://HOST[:PORT][/NAME]")]
    QueueAddress {
        /// As it was given, without a password.
        address: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The address of a store is not one.
    #[error("{address:?} is no place in a store: {problem}; expected s3://BUCKET[/PREFIX]")]
    StoreAddress {
        /// As it was given.
        address: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A folder that must be there is not.
    #[error(
        "{0:?} is no folder that can be read; a shared folder has to be there on every machine"
    )]
    NoFolder(PathBuf),
    /// A file that the settings name cannot be read.
    #[error("`{setting}` names {path:?}, which cannot be used: {reason}")]
    SettingFile {
        /// The setting.
        setting: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The queue's server cannot be reached, or lets nobody in.
    #[error("the queue at {server} cannot be used: {reason}; {hint}")]
    Connect {
        /// Its address, without a password.
        server: String,
        /// Why.
        reason: String,
        /// What the user can do.
        hint: &'static str,
    },
    /// The server refused something.
    #[error("the queue's server refused to {what}: {reason}")]
    Queue {
        /// What it was asked for.
        what: &'static str,
        /// Why.
        reason: String,
    },
    /// The store cannot be used.
    #[error("the store at {place} cannot be used: {reason}; {hint}")]
    Store {
        /// Where.
        place: String,
        /// Why.
        reason: String,
        /// What the user can do.
        hint: &'static str,
    },
    /// Something on this machine.
    #[error("{what}")]
    Io {
        /// What could not be done.
        what: String,
        /// Why.
        source: std::io::Error,
    },
    /// A setting that a fleet cannot have.
    #[error("{0}")]
    Unsuited(&'static str),
}

impl FleetError {
    /// True when the command line or the settings are wrong, which the user can correct.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        matches!(
            self,
            Self::QueueAddress { .. }
                | Self::StoreAddress { .. }
                | Self::SettingFile { .. }
                | Self::Unsuited(_)
        )
    }

    /// The server's refusal of `what`.
    pub(crate) fn queue(what: &'static str) -> impl Fn(&dyn std::error::Error) -> Self {
        move |error| Self::Queue {
            what,
            reason: undertone_types::error_chain(error).join(": "),
        }
    }
}
