//! What the log and the metrics show.

use undertone_types::Failure;

use super::boundary::{FileRef, Scored};
use super::retry::Next;

/// An event worth a line in the log.
#[derive(Clone, Debug, PartialEq)]
pub enum Announcement {
    /// A recording has a report.
    Scored(Box<Scored>),
    /// A recording has the content of another, and a report that points to the other's.
    Duplicate {
        /// Which.
        file: FileRef,
        /// The file with the same content.
        of: FileRef,
    },
    /// An attempt failed.
    Failed {
        /// Which recording.
        file: FileRef,
        /// Why.
        failure: Box<Failure>,
        /// All attempts so far.
        attempts: u32,
        /// When it is tried again.
        next: Next,
    },
    /// A recording got the failure record of another with the same content.
    FailedLike {
        /// Which.
        file: FileRef,
        /// The file with the same content.
        of: FileRef,
    },
    /// A file was removed before it was scored.
    Vanished(FileRef),
    /// Neither a report nor a failure record can be written for it.
    CannotBeRecorded {
        /// Which.
        file: FileRef,
        /// Why, for people.
        reason: String,
    },
    /// Nothing is given to the worker until the disk can be written to.
    Paused(String),
    /// The disk can be written to again.
    Resumed,
    /// A worker ended unexpectedly.
    WorkerLost {
        /// Recordings that it had.
        under_way: usize,
        /// Why, for people.
        reason: String,
    },
    /// A worker cannot be started.
    CannotStartWorker(String),
    /// A worker is killed because a limit was exceeded.
    OverLimit(String),
    /// A limit was exceeded, but the worker runs in this process and cannot be killed.
    CannotStopWorker(String),
    /// Models are loaded for the first time.
    Ready,
    /// The daemon waits for the recordings in progress.
    Finishing {
        /// Stages that are busy.
        busy: String,
        /// Recordings that the worker has.
        under_way: usize,
    },
    /// The time to finish is over (`shutdown.grace_s`).
    OutOfTime {
        /// Stages that are busy.
        busy: String,
        /// Recordings that are left for the next start.
        under_way: usize,
    },
}
