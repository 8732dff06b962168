//! The one line of a failure record.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::recording::{BundleLine, SourceLine};
use undertone_types::Cause;

/// Why a recording has no report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FailureLine {
    /// Version of the form of all lines.
    pub schema: u32,
    /// Version of the program that wrote this.
    pub program: String,
    /// The file.
    pub source: SourceLine,
    /// The models.
    pub bundle: BundleLine,
    /// The stage that failed.
    pub stage: String,
    /// What kind of thing went wrong.
    pub cause: Cause,
    /// The error and its causes, outermost first.
    pub error: Vec<String>,
    /// What can be done.
    pub hint: Option<String>,
    /// How often this content was tried.
    pub attempts: u32,
    /// Causes of the attempts that may be its own fault, in order: those that ended the
    /// process that worked on it, stalled, or in which a model failed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub strikes: Vec<Cause>,
    /// True when it ended the process that worked on it, or took more than it may, so
    /// often that it is left alone from now on.
    #[serde(default)]
    pub quarantined: bool,
    /// When it failed last (RFC 3339, UTC).
    pub failed_at: String,
    /// When it will be tried again (RFC 3339, UTC); absent when it will not.
    pub next_try: Option<String>,
}
