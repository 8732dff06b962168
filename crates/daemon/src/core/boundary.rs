//! The core's inputs and effects: plain values, so that a test can simulate the disk, the clock
//! and the worker.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use blake3::Hash;
use undertone_reports::SummaryLine;
use undertone_types::{Cause, Failure};

use super::retry::History;
use crate::facts::FileFacts;
use crate::protocol::Event;

/// The time at which something happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// Time since the daemon started; never goes back.
    pub elapsed: Duration,
    /// The time of day; may be set forwards and back.
    pub wall: SystemTime,
}

/// Index of a watched folder.
pub type RootIndex = u16;

/// A file in a watched folder.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileRef {
    /// The watched folder that it is in.
    pub root: RootIndex,
    /// Where its report goes, below the output folder: unique over all folders.
    pub relative: Arc<Path>,
}

/// A file that a scanner found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// The watched folder that it is in.
    pub root: RootIndex,
    /// Where its report goes.
    pub relative: PathBuf,
    /// Size and modification time.
    pub facts: FileFacts,
    /// It has just been renamed to this path.
    pub renamed: bool,
}

/// What the output folder holds about a file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Records {
    /// Its complete report. A pointer counts only while the report that it names exists.
    pub report: Option<ReportRecord>,
    /// Its failure record.
    pub failure: Option<FailureRecord>,
}

/// What a report says about a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReportRecord {
    /// It points to the report of another file with the same content.
    pub is_pointer: bool,
    /// Hash of the content that was scored.
    pub content: Hash,
    /// The file still has the size and modification time it had then.
    pub is_unchanged: bool,
    /// It was made with the current bundle and settings.
    pub is_current: bool,
}

/// What a failure record says about a file.
#[derive(Clone, Debug, PartialEq)]
pub struct FailureRecord {
    /// Hash of the content that failed; none when it could not be read.
    pub content: Option<Hash>,
    /// The file still has the size and modification time it had then.
    pub is_unchanged: bool,
    /// Why the last attempt failed.
    pub cause: Cause,
    /// Former attempts.
    pub history: History,
    /// When it is to be tried again.
    pub next: NextAttempt,
}

/// When a failed recording is tried again, as its record says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextAttempt {
    /// At this time.
    At(SystemTime),
    /// When its content changes.
    Never,
    /// When the user asks for it (`undertone retry`).
    Quarantined,
}

/// A failed write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WriteError {
    /// The disk is full or read-only: it concerns all recordings, and may pass.
    pub disk_full: bool,
    /// Why, for people.
    pub reason: String,
}

/// What the shell reports to the core.
#[derive(Debug)]
pub enum Input {
    /// Time has passed.
    Tick,
    /// Files that a scanner found.
    Seen(Vec<Sighting>),
    /// A folder was scanned from end to end.
    Scanned(RootIndex),
    /// Answers [`Effect::Settle`]: the file is complete.
    Settled(FileRef, FileFacts),
    /// Answers [`Effect::Settle`] or [`Effect::Hash`]: the file does not exist any more.
    Gone(FileRef),
    /// Answers [`Effect::Check`].
    Checked(FileRef, Option<FileFacts>),
    /// Answers [`Effect::LookUp`].
    LookedUp {
        /// Which file.
        file: FileRef,
        /// Number of the look-up.
        ticket: u32,
        /// The answer.
        answer: LookUp,
    },
    /// Answers [`Effect::Hash`]: none when the file changed while it was read.
    Hashed(FileRef, Option<(FileFacts, Hash)>),
    /// Answers [`Effect::Hash`]: the file cannot be read.
    Unreadable(FileRef, Option<FileFacts>, Failure),
    /// Answers [`Write::BeginAttempts`]: all of them are on the disk, or none is.
    Began(Vec<u64>, Result<(), WriteError>),
    /// Answers [`Write::Failure`], [`Write::CopyFailure`] and
    /// [`Write::Duplicate`]; false when there was nothing to copy.
    Wrote(FileRef, Result<bool, WriteError>),
    /// Answers [`Write::Append`].
    Appended {
        /// Whose report.
        file: FileRef,
        /// As in the effect.
        ends_attempt: bool,
        /// Whether the combined file has it now.
        result: Result<(), WriteError>,
    },
    /// Answers [`Write::Probe`]: whether the disk can be written to.
    Probed(bool),
    /// The worker cannot be started.
    NotStarted(u64, String),
    /// The worker of this number sent an event.
    Worker(u64, Event),
    /// A worker has ended.
    WorkerEnded(u64, WorkerEnd),
    /// Memory that the worker holds, in bytes.
    Memory(u64),
    /// The worker cannot be stopped: it runs in this process.
    Unstoppable,
    /// Settings and models were read again.
    Reloaded(super::Settings),
    /// Finish the recordings in progress, and end.
    Stop,
}

/// What a look-up found.
#[derive(Clone, Debug, PartialEq)]
pub enum LookUp {
    /// Its report still exists; it was not read.
    StillThere,
    /// The contents of report and failure record.
    Read(Records),
}

/// How a worker ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkerEnd {
    /// By itself, with exit code 0.
    pub success: bool,
    /// The signal that ended it, if one did.
    pub signal: Option<i32>,
    /// Why, for people.
    pub how: String,
    /// The last lines that it wrote to standard error.
    pub last_lines: Vec<String>,
}

/// What the core wants done.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Wait until the file is complete.
    Settle {
        /// Which.
        file: FileRef,
        /// It has just been renamed to this path.
        renamed: bool,
    },
    /// Read size and modification time.
    Check(FileRef),
    /// Read report and failure record.
    LookUp {
        /// Which.
        file: FileRef,
        /// Its size and modification time now.
        facts: FileFacts,
        /// Number of the look-up.
        ticket: u32,
        /// It had a report: whether that still exists is all that is asked.
        had_report: bool,
    },
    /// Read and hash the file.
    Hash(FileRef),
    /// Write something; writes keep their order.
    Write(Write),
    /// Start a worker with the current settings.
    StartWorker(u64),
    /// Give the worker a recording.
    Give {
        /// Number of the task.
        task: u64,
        /// Which recording.
        file: Identity,
    },
    /// Ask the worker to finish the recordings that it has, and to end.
    FinishWorker,
    /// Kill the worker.
    KillWorker,
    /// Call the hook for the new report of this file.
    CallHook(FileRef),
    /// Write to the log and count in the metrics.
    Announce(super::Announcement),
    /// End the daemon: nothing is left to do.
    End(super::Ending),
}

/// A write to the output folder.
#[derive(Clone, Debug, PartialEq)]
pub enum Write {
    /// Record, synced, that these attempts begin.
    BeginAttempts(Vec<(u64, FileRef)>),
    /// Record that an attempt has ended.
    EndAttempt(FileRef),
    /// Write a failure record.
    Failure(Box<FailureToWrite>),
    /// Give a file the failure record of another with the same content.
    CopyFailure {
        /// The file that gets it.
        file: Identity,
        /// The file that has it.
        from: FileRef,
    },
    /// Write a report that points to the report of another file with the same content.
    Duplicate {
        /// The file that gets it.
        file: Identity,
        /// The file whose report it points to.
        of: FileRef,
    },
    /// Append the report of a file to the combined file, unless that has it already or there is
    /// no report.
    Append {
        /// Whose.
        file: FileRef,
        /// Then record that its attempt has ended.
        ends_attempt: bool,
    },
    /// Try whether the disk can be written to.
    Probe,
}

/// A file whose content is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Which.
    pub file: FileRef,
    /// Its size and modification time when it was read.
    pub facts: FileFacts,
    /// Hash of its content; none when it cannot be read.
    pub content: Option<Hash>,
}

/// A failure record to be written.
#[derive(Clone, Debug, PartialEq)]
pub struct FailureToWrite {
    /// Which file failed.
    pub identity: Identity,
    /// Why.
    pub failure: Failure,
    /// All attempts, with this one.
    pub history: History,
    /// When it is tried again.
    pub next: NextAttempt,
}

/// A report that a worker has written.
#[derive(Clone, Debug, PartialEq)]
pub struct Scored {
    /// The file.
    pub file: FileRef,
    /// Length of the recording in seconds.
    pub duration_s: f64,
    /// Time from opening it to its report, in seconds.
    pub took_s: f64,
    /// Its last line.
    pub summary: SummaryLine,
}
