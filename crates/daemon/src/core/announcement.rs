//! What people hear of, in logs and metrics.

use undertone_types::{Cause, Failure};

use super::boundary::{FileRef, Scored};
use super::retry::Next;

/// Something worth a line in the log.
#[derive(Clone, Debug, PartialEq)]
pub enum Announcement {
    /// A recording has a report.
    Scored(Box<Scored>),
    /// A recording has the content of another, and a report that says so.
    Duplicate {
        /// Which.
        file: FileRef,
        /// Whose content it has.
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
        /// What becomes of it.
        next: Next,
    },
    /// A recording got the failure record of another with the same content.
    FailedLike {
        /// Which.
        file: FileRef,
        /// Whose content it has.
        of: FileRef,
    },
    /// A file was removed before anything became of it.
    Vanished(FileRef),
    /// Neither a report nor a failure record can be written for it.
    CannotBeRecorded {
        /// Which.
        file: FileRef,
        /// In words.
        reason: String,
    },
    /// Nothing is given to the worker until the disk takes something.
    Paused(String),
    /// The disk takes something again.
    Resumed,
    /// A worker ended that should not have.
    WorkerLost {
        /// Recordings that it had.
        under_way: usize,
        /// In words.
        reason: String,
    },
    /// A worker cannot be started.
    CannotStartWorker(String),
    /// A worker is ended because something went over a limit.
    OverLimit(String),
    /// Something went over a limit, but the worker runs in this process.
    CannotStopWorker(String),
    /// Models are loaded for the first time.
    Ready,
    /// The daemon waits for the end of what is under way.
    Finishing {
        /// Stages that are busy.
        busy: String,
        /// Recordings that the worker has.
        under_way: usize,
    },
    /// The time to finish is over.
    OutOfTime {
        /// Stages that are busy.
        busy: String,
        /// Recordings that are left for the next start.
        under_way: usize,
    },
}

/// What to do about a worker that was lost for this `cause`.
pub(super) fn hint(cause: Cause) -> &'static str {
    match cause {
        Cause::Memory => "raise limits.memory_mb if the machine has more, then `undertone retry`",
        Cause::Time => {
            "raise limits.time_factor or limits.stall_s on slow machines, then `undertone retry`"
        }
        _ => {
            "repair the recording with `ffmpeg -i IN -c copy OUT`, or report this with the \
             recording; `undertone retry` tries it again"
        }
    }
}
