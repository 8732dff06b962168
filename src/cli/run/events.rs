//! `--json`: what happens in a run, for programs: an object a line on standard output.
//!
//! Fields and events may be added; none changes its meaning.

use std::path::Path;

use serde::{Serialize, Serializer};
use undertone_reports::{SummaryLine, escape};

use crate::cli::say;

/// Something that happened, or will.
#[derive(Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(super) enum RunEvent<'e> {
    /// The run begins; so many recordings were found.
    Begin {
        recordings: usize,
        #[serde(serialize_with = "escaped")]
        out: &'e Path,
    },
    /// `--dry-run`: what would be done with a recording.
    Planned {
        #[serde(serialize_with = "escaped")]
        path: &'e Path,
        action: Action,
        reason: &'e str,
    },
    /// A recording was opened; its length in seconds, if its container states it.
    Started {
        #[serde(serialize_with = "escaped")]
        path: &'e Path,
        duration_s: Option<f64>,
    },
    /// A recording is scored up to here.
    Progress {
        #[serde(serialize_with = "escaped")]
        path: &'e Path,
        reached_s: f64,
    },
    /// A recording has its report, whose last line this is.
    Done {
        #[serde(serialize_with = "escaped")]
        path: &'e Path,
        #[serde(serialize_with = "escaped")]
        report: &'e Path,
        summary: &'e SummaryLine,
    },
    /// A recording had its report before.
    Skipped {
        #[serde(serialize_with = "escaped")]
        path: &'e Path,
        #[serde(serialize_with = "escaped")]
        report: &'e Path,
        /// Another run has scored it meanwhile.
        by_another_run: bool,
    },
    /// A recording has no report.
    Failed {
        #[serde(serialize_with = "escaped")]
        path: &'e Path,
        stage: &'e str,
        cause: &'e str,
        /// The error and its causes, outermost first.
        error: &'e [String],
        hint: Option<&'e str>,
        /// It ended the worker twice, and is not tried again without --force.
        quarantined: bool,
    },
    /// The run was asked to stop, and waits for these recordings.
    Stopping {
        under_way: Vec<&'e str>,
        left_s: Option<f64>,
    },
    /// The run has ended.
    Summary {
        done: usize,
        skipped: usize,
        failed: usize,
        /// Of those with a report, recordings that break off.
        truncated: usize,
        media_s: f64,
        wall_s: f64,
    },
    /// The dry run has ended.
    Plan {
        score: usize,
        skip: usize,
        fail: usize,
    },
}

/// What would be done with a recording.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, strum::Display)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub(super) enum Action {
    /// It would be scored.
    Score,
    /// It has its report.
    Skip,
    /// It would count as failed without being tried.
    Fail,
}

impl RunEvent<'_> {
    /// Prints the event.
    pub(super) fn print(&self) -> std::io::Result<()> {
        let line = serde_json::to_string(self)?;
        say(&format!("{line}\n"))
    }
}

/// Paths as reports have them.
fn escaped<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    escape::serialize(path, serializer)
}
