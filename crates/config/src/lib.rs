//! Settings: checked key by key, merged, and resolved to plain data.
//!
//! Every kind of settings file has a [`Schema`]: its keys with their types and ranges, and the
//! commented file that *is* its defaults. [`Schema::load`] merges defaults, the user's file and
//! `--set` overrides, and names every problem at once, with file and line. The program's own
//! settings are a [`Config`] (`config/default.toml`); training has its schema in its own crate.
//! No other crate reads a settings file.

mod bundle_setting;
mod document;
mod keys;
mod layers;
mod problem;
mod schema;
mod settings;

pub use bundle_setting::BundleSetting;
pub use layers::Change;
pub use problem::{ConfigErrors, Place, Problem, ProblemKind};
pub use schema::{Relation, Rule, Schema};
pub use settings::{
    Config, Decode, Duplicates, Events, Files, Fleet, Fuse, Hooks, Isolation, Limits, Log,
    LogFormat, LogLevel, Metrics, Outdated, Pages, Report, Retry, Shutdown, Stages, Text, TextMode,
    Threads, Utterances, Watch, Worker, Workers,
};

/// The defaults, as the file that documents them.
pub const DEFAULTS: &str = include_str!("../../../config/default.toml");
