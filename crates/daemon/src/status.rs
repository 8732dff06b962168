//! The status of a daemon, as `undertone status` shows it.

use serde::{Deserialize, Serialize};

/// The status of a daemon.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// When it started (RFC 3339, UTC).
    pub started_at: String,
    /// When this was written (RFC 3339, UTC).
    pub updated_at: String,
    /// Why nothing is scored at the moment, if so.
    pub paused: Option<String>,
    /// What is wrong, if anything.
    pub problem: Option<String>,
    /// Recordings by state.
    pub counts: Counts,
    /// Recordings being scored.
    pub under_way: Vec<InProgress>,
    /// Stages that are busy.
    pub busy: Vec<String>,
    /// Seconds of recordings scored since the start.
    pub scored_s: f64,
    /// Speed relative to real time, while there was something to score.
    pub speed: f64,
    /// How often a worker had to be replaced since the start.
    pub replaced_workers: u64,
}

/// Recordings by state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Not complete yet, or being read.
    pub settling: usize,
    /// Waiting to be scored.
    pub queued: usize,
    /// Being scored.
    pub running: usize,
    /// With a report that other settings or models made: waiting to be scored again, or kept
    /// (`watch.outdated`).
    #[serde(default)]
    pub outdated: usize,
    /// With a report.
    pub done: usize,
    /// With a report that points to another report.
    pub duplicates: usize,
    /// Failed; tried again later.
    pub retrying: usize,
    /// Failed for good.
    pub failed: usize,
    /// Not tried again, because they ended the worker twice.
    pub quarantined: usize,
}

impl Counts {
    /// Name and number of each state, in the order in which a recording passes through them.
    #[must_use]
    pub fn named(&self) -> [(&'static str, usize); 9] {
        [
            ("settling", self.settling),
            ("queued", self.queued),
            ("running", self.running),
            ("outdated", self.outdated),
            ("done", self.done),
            ("duplicates", self.duplicates),
            ("retrying", self.retrying),
            ("failed", self.failed),
            ("quarantined", self.quarantined),
        ]
    }
}

/// A recording that is being scored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InProgress {
    /// Its path below the folder that is watched.
    pub recording: String,
    /// Seconds since it was given to the worker.
    pub for_s: f64,
    /// How far it is scored, in seconds.
    pub reached_s: f64,
    /// Its length in seconds, if it is known.
    pub duration_s: Option<f64>,
}
