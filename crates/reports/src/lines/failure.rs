//! The only line of a failure record.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::recording::{BundleLine, SourceLine};
use undertone_types::Cause;

/// Why a recording has no report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FailureLine {
    /// Version of the format of all lines.
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
    /// What the user can do.
    pub hint: Option<String>,
    /// How often this content was tried.
    pub attempts: u32,
    /// Causes of the attempts that may have failed because of the recording itself, in order:
    /// those that crashed the worker, stalled, or in which a model failed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub strikes: Vec<Cause>,
    /// True when it crashed the worker or exceeded a limit repeatedly, and is not tried again.
    #[serde(default)]
    pub quarantined: bool,
    /// When it failed last (RFC 3339, UTC).
    pub failed_at: String,
    /// When it is tried again (RFC 3339, UTC); absent when it is not.
    pub next_try: Option<String>,
}
