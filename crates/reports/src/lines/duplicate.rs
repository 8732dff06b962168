//! The only line of a duplicate's report.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::recording::{BundleLine, ConfigLine, SourceLine};
use crate::escape;

/// The same content was scored before, under another name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DuplicateLine {
    /// Version of the format of all lines.
    pub schema: u32,
    /// Version of the program that wrote this.
    pub program: String,
    /// The file.
    pub source: SourceLine,
    /// The models.
    pub bundle: BundleLine,
    /// The settings that change scores.
    pub config: ConfigLine,
    /// The file that was scored instead.
    pub of: OriginalLine,
}

/// A recording that was scored, and its report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OriginalLine {
    /// Where it was; characters that are not Unicode are replaced.
    pub path: String,
    /// Its report, below the folder of reports; bytes that are not UTF-8, and `%`, as `%XX`.
    #[serde(with = "escape")]
    #[schemars(with = "String")]
    pub report: PathBuf,
}
