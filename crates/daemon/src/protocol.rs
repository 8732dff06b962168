//! The protocol between daemon and worker: one JSON object per line.

use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use undertone_config::Config;
use undertone_reports::{SummaryLine, escape};
use undertone_types::{Failure, Recording, RecordingId, Remote, Stage};

/// What the daemon sends to a worker.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// What to work with; the first order.
    Begin(Box<Setup>),
    /// Score a recording.
    Score(Job),
    /// Finish the recordings that were given, and end.
    Finish,
    /// Finish those that are open, open no others, and end.
    FinishOpen,
}

/// What a worker works with.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Setup {
    /// The settings.
    pub config: Config,
    /// Folder of the reports.
    #[serde(with = "escape")]
    pub out: PathBuf,
}

/// A recording to be scored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Job {
    id: u64,
    #[serde(with = "escape")]
    path: PathBuf,
    #[serde(with = "escape")]
    relative: PathBuf,
    size_bytes: u64,
    modified: Option<Timestamp>,
    blake3: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    remote: Option<Remote>,
}

impl From<&Recording> for Job {
    fn from(recording: &Recording) -> Self {
        let modified = recording.modified;
        Self {
            id: recording.id.0,
            path: recording.path.clone(),
            relative: recording.relative.clone(),
            size_bytes: recording.size_bytes,
            modified: modified.and_then(|time| Timestamp::try_from(time).ok()),
            blake3: recording.blake3.clone(),
            remote: recording.remote.clone(),
        }
    }
}

impl From<Job> for Recording {
    fn from(job: Job) -> Self {
        Self {
            id: RecordingId(job.id),
            path: job.path,
            relative: job.relative,
            size_bytes: job.size_bytes,
            modified: job.modified.and_then(|time| time.try_into().ok()),
            blake3: job.blake3,
            remote: job.remote,
        }
    }
}

/// What a worker sends to the daemon.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// The models are loaded.
    Ready,
    /// A recording was opened; its length as its container states it, in seconds.
    Opened {
        /// Which.
        id: u64,
        /// Its length, if stated.
        duration_s: Option<f64>,
    },
    /// A recording was scored up to here, in seconds.
    Scored {
        /// Which.
        id: u64,
        /// End of the utterance.
        end_s: f64,
    },
    /// A report is in its place.
    Reported {
        /// Of which recording.
        id: u64,
        /// Length of the recording, in seconds.
        duration_s: f64,
        /// The report's last line.
        summary: Box<SummaryLine>,
    },
    /// A recording failed; there is no record of it yet.
    Failed {
        /// Which.
        id: u64,
        /// Why.
        failure: Failure,
    },
    /// The chain itself failed, not a recording; the worker ends.
    Fault {
        /// What happened, with causes.
        reason: String,
        /// The disk is full or read-only.
        disk_full: bool,
    },
    /// The state of the chain, twice a second, so that a chain that makes no progress is noticed.
    Heartbeat(Heartbeat),
}

/// The state of a worker's chain.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Heartbeat {
    /// Its stages, in order.
    pub stages: Vec<StageHeartbeat>,
    /// Changes whenever a stage makes progress.
    pub movement: u64,
}

/// The state of a stage; times and counts since the worker started.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StageHeartbeat {
    /// Which.
    pub stage: Stage,
    /// Time spent working, in seconds.
    pub busy_s: f64,
    /// Time spent waiting for input, in seconds.
    pub blocked_in_s: f64,
    /// Time spent waiting for the next stage, in seconds.
    pub blocked_out_s: f64,
    /// Messages waiting for it.
    pub waiting: u64,
    /// Whether it is busy.
    pub at_work: bool,
}

impl Heartbeat {
    /// The stages that are busy, by name.
    #[must_use]
    pub fn busy(&self) -> Vec<Stage> {
        let stages = self.stages.iter().filter(|stage| stage.at_work);
        stages.map(|stage| stage.stage).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    #[test]
    fn a_job_is_read_as_it_was_written_whatever_its_name_and_time() {
        let recording = Recording {
            id: RecordingId(7),
            path: OsStr::from_bytes(b"/in/caf\xe9\n.mp4").into(),
            relative: OsStr::from_bytes(b"caf\xe9\n.mp4").into(),
            size_bytes: 5,
            modified: Some(UNIX_EPOCH - Duration::from_nanos(1_500_000_001)),
            blake3: "ab".into(),
            remote: None,
        };
        let said = serde_json::to_string(&Order::Score(Job::from(&recording))).unwrap();
        assert!(!said.contains('\n'));
        let Order::Score(read) = serde_json::from_str(&said).unwrap() else {
            panic!("{said}");
        };
        assert_eq!(Recording::from(read), recording);
    }
}
