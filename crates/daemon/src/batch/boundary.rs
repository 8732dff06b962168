//! The inputs and effects of a batch: plain values.

use undertone_reports::SummaryLine;
use undertone_types::Failure;

use crate::core::catalogue::FileId;
use crate::core::{History, WorkerEnd};
use crate::protocol::Event;

/// What the shell reports to the batch.
#[derive(Debug)]
pub enum Input {
    /// Time has passed.
    Tick,
    /// A recording is to be scored.
    Found(FileId),
    /// No more recordings will be found.
    NoMore,
    /// The worker cannot be started.
    NotStarted(String),
    /// The worker of this number sent an event.
    Worker(u64, Event),
    /// A worker has ended.
    WorkerEnded(u64, WorkerEnd),
    /// Memory that the worker holds, in bytes.
    Memory(u64),
    /// The worker cannot be killed: it runs in this process.
    Unstoppable,
    /// Finish the recordings in progress, and end.
    Stop,
}

/// What the batch wants done.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Start a worker.
    StartWorker(u64),
    /// Give it a recording.
    Give(FileId),
    /// Ask it to end when it has finished all recordings that it has.
    FinishWorker,
    /// Ask it to end when it has finished the recordings that it has opened.
    FinishOpen,
    /// Kill it.
    KillWorker,
    /// Say that a limit was exceeded, and why.
    OverLimit(String),
    /// Say that the worker ended.
    WorkerLost {
        /// Recordings that it had.
        under_way: usize,
        /// Why, for people.
        reason: String,
    },
    /// A recording was opened; its length in seconds, if its container states it.
    Opened(FileId, Option<f64>),
    /// A recording is scored up to here, in seconds.
    Reached(FileId, f64),
    /// A recording has a report.
    Reported {
        /// Which.
        file: FileId,
        /// Its length in seconds.
        duration_s: f64,
        /// The report's last line.
        summary: Box<SummaryLine>,
    },
    /// A recording has failed for good.
    Failed {
        /// Which.
        file: FileId,
        /// Why.
        failure: Failure,
        /// All attempts of this run.
        history: History,
        /// It ended the worker too often.
        quarantined: bool,
    },
    /// Nothing is left to do.
    End(Ending),
}

/// How a batch ended.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ending {
    /// Recordings that were found, and neither reported nor failed.
    pub left: Vec<FileId>,
    /// Why it could not go on, if it could not.
    pub fault: Option<String>,
}
