//! Settings: what was said (raw) and what is meant (resolved).
//!
//! A document (`document`) is checked key by key against the table of known keys
//! (`keys`); what survives of the defaults, the user's file and the overrides is
//! merged and becomes a [`Config`]. Every problem is collected, with its line, before
//! anything is said. `config/default.toml` is the defaults and their documentation.
//! No other room reads a configuration file.

mod document;
mod keys;
mod layers;
mod problem;
mod settings;

pub use problem::{ConfigErrors, Place, Problem, ProblemKind};
pub use settings::{
    Config, Decode, Duplicates, Events, Files, Fuse, Hooks, Isolation, Limits, Log, LogFormat,
    LogLevel, Metrics, Outdated, Retry, Shutdown, Stages, Text, TextMode, Threads, Utterances,
    Watch, Workers,
};

/// The defaults, as the file that documents them.
pub const DEFAULTS: &str = include_str!("../../../config/default.toml");
