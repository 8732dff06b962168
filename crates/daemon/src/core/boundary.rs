//! What goes into the core and what comes out: plain values, so that a test can play the
//! disk, the clock and the worker.

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

/// Position of a watched folder among all that are watched.
pub type RootIndex = u16;

/// Which file is meant.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileRef {
    /// The watched folder that it is in.
    pub root: RootIndex,
    /// Where its report goes, below the output folder: unique over all folders.
    pub relative: Arc<Path>,
}

/// A file that a scanner saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// The watched folder that it is in.
    pub root: RootIndex,
    /// Where its report goes.
    pub relative: PathBuf,
    /// Size and modification time.
    pub facts: FileFacts,
    /// It was just renamed into its place.
    pub renamed: bool,
}

/// What the output folder says of a file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Records {
    /// Its complete report. A pointer counts only while the report it names is there.
    pub report: Option<ReportRecord>,
    /// Its failure record.
    pub failure: Option<FailureRecord>,
}

/// What a report says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReportRecord {
    /// It points to the report of another file with the same content.
    pub is_pointer: bool,
    /// Content that was scored.
    pub content: Hash,
    /// The file still has the size and modification time it had then.
    pub is_unchanged: bool,
    /// It was made with the bundle and the settings of now.
    pub is_current: bool,
}

/// What a failure record says.
#[derive(Clone, Debug, PartialEq)]
pub struct FailureRecord {
    /// Content that failed; none when it could not be read.
    pub content: Option<Hash>,
    /// The file still has the size and modification time it had then.
    pub is_unchanged: bool,
    /// Why it failed the last time.
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
    /// When somebody asks for it.
    Quarantined,
}

/// Something that could not be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WriteError {
    /// No room, or read-only: it concerns all recordings, and may pass.
    pub disk_full: bool,
    /// In words.
    pub reason: String,
}

/// What the shell tells the core.
#[derive(Debug)]
pub enum Input {
    /// Time has passed.
    Tick,
    /// Files that are there.
    Seen(Vec<Sighting>),
    /// A folder was scanned from end to end.
    Scanned(RootIndex),
    /// Answers [`Effect::Settle`]: the file is complete.
    Settled(FileRef, FileFacts),
    /// Answers [`Effect::Settle`] or [`Effect::Hash`]: the file is not there any more.
    Gone(FileRef),
    /// Answers [`Effect::Check`].
    Checked(FileRef, Option<FileFacts>),
    /// Answers [`Effect::LookUp`].
    LookedUp {
        /// Which file.
        file: FileRef,
        /// The number of the question.
        ticket: u32,
        /// The answer.
        answer: LookUp,
    },
    /// Answers [`Effect::Hash`]: none when the file changed while it was read.
    Hashed(FileRef, Option<(FileFacts, Hash)>),
    /// Answers [`Effect::Hash`]: the file cannot be read.
    Unreadable(FileRef, Option<FileFacts>, Failure),
    /// Answers [`Write::BeginAttempts`]: they are on the disk, or none is.
    Began(Vec<u64>, Result<(), WriteError>),
    /// Answers [`Write::Failure`], [`Write::CopyFailure`] and
    /// [`Write::Duplicate`]; false when there was nothing to copy.
    Wrote(FileRef, Result<bool, WriteError>),
    /// Answers [`Write::Append`].
    Appended {
        /// Whose report.
        file: FileRef,
        /// As it was asked.
        ends_attempt: bool,
        /// Whether it is in there now.
        result: Result<(), WriteError>,
    },
    /// Answers [`Write::Probe`]: whether the disk takes something.
    Probed(bool),
    /// The worker cannot be started.
    NotStarted(u64, String),
    /// A worker, by its number, said something.
    Worker(u64, Event),
    /// A worker has ended.
    WorkerEnded(u64, WorkerEnd),
    /// Memory that the worker holds, in bytes.
    Memory(u64),
    /// The worker cannot be stopped: it runs in this process.
    Unstoppable,
    /// Settings and models were read again.
    Reloaded(super::Settings),
    /// Finish what is under way, and end.
    Stop,
}

/// What a look-up found.
#[derive(Clone, Debug, PartialEq)]
pub enum LookUp {
    /// Its report is still there; not read.
    StillThere,
    /// What report and failure record say.
    Read(Records),
}

/// How a worker ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkerEnd {
    /// By itself, with exit code 0.
    pub success: bool,
    /// In words.
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
        /// It was just renamed into its place.
        renamed: bool,
    },
    /// Look at size and modification time.
    Check(FileRef),
    /// Read report and failure record.
    LookUp {
        /// Which.
        file: FileRef,
        /// As it is now.
        facts: FileFacts,
        /// Number of the question.
        ticket: u32,
        /// It had a report: that this is still there is answer enough.
        had_report: bool,
    },
    /// Read and hash the file.
    Hash(FileRef),
    /// Write something, in the order in which this is asked.
    Write(Write),
    /// Start a worker with the settings of now.
    StartWorker(u64),
    /// Give the worker a recording.
    Give {
        /// Number of the task.
        task: u64,
        /// What.
        file: Identity,
    },
    /// Ask the worker to finish what it has, and to end.
    FinishWorker,
    /// End the worker at once.
    KillWorker,
    /// Call the hook for the new report of this file.
    CallHook(FileRef),
    /// Something that people and metrics hear of.
    Announce(super::Announcement),
    /// The daemon has nothing left to do.
    End(super::Ending),
}

/// What is written to the output folder.
#[derive(Clone, Debug, PartialEq)]
pub enum Write {
    /// Record, synced, that these are about to be given to a worker.
    BeginAttempts(Vec<(u64, FileRef)>),
    /// Record that an attempt has ended.
    EndAttempt(FileRef),
    /// Write a failure record.
    Failure(Box<FailureToWrite>),
    /// Give a file the failure record of another with the same content.
    CopyFailure {
        /// Who gets it.
        file: Identity,
        /// Whose it is.
        from: FileRef,
    },
    /// Write a report that points to the report of another file with the same content.
    Duplicate {
        /// Who gets it.
        file: Identity,
        /// Where it points.
        of: FileRef,
    },
    /// Append the report of a file to the combined file, unless it is in there or there is
    /// no report.
    Append {
        /// Whose.
        file: FileRef,
        /// Then record that its attempt has ended.
        ends_attempt: bool,
    },
    /// Try whether the disk takes something.
    Probe,
}

/// A file whose content is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Which.
    pub file: FileRef,
    /// As it was when it was read.
    pub facts: FileFacts,
    /// Its content; none when it cannot be read.
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
    /// Of which file.
    pub file: FileRef,
    /// Length of the recording in seconds.
    pub duration_s: f64,
    /// Its last line.
    pub summary: SummaryLine,
}
