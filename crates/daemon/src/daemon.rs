//! The shell around the core: performs its effects on threads of their own, and feeds their
//! results back to it.
//!
//! One thread owns the core. It sleeps until an input arrives or a deadline has come.

mod calls;
mod effects;
mod report;
mod start;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

use crossbeam_channel::{Receiver, Sender, never, select};
use undertone_config::Config;
use undertone_discovery::PatternError;
use undertone_reports::{ReportError, RunMark};

use crate::core::{Core, Ending, Input, Now};
use crate::hashing::Hashing;
use crate::hooks::Hooks;
use crate::http::HttpError;
use crate::lookups::Question;
use crate::metrics::Metrics;
use crate::protocol::Event;
use crate::records;
use crate::roots::Root;
use crate::scanner::Scanner;
use crate::worker_handle::{WorkerHandle, Workshop};
pub use calls::Call;
use report::Reporting;

/// Look-ups and appended reports that may be in progress before scanners have to wait: after
/// a start there are as many as files.
const BACKLOG: usize = 8192;
/// How often the memory of a busy worker is measured.
const MEMORY: Duration = Duration::from_millis(200);

/// Reads settings and models again; fails with a reason for people.
pub type Reload = Box<dyn Fn() -> Result<(Config, Arc<RunMark>), String> + Send>;

/// What to watch, and how.
pub struct Watching {
    /// The folders.
    pub roots: Vec<Root>,
    /// Folder of the reports; it exists.
    pub out: PathBuf,
    /// The settings.
    pub config: Config,
    /// Bundle and settings, for the reports.
    pub mark: Arc<RunMark>,
    /// Starts workers.
    pub workshop: Workshop,
    /// Reads settings and models again.
    pub reload: Reload,
    /// What signals ask for.
    pub calls: Receiver<Call>,
}

/// The daemon cannot start.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    /// A pattern in the settings is invalid.
    #[error(transparent)]
    Pattern(#[from] PatternError),
    /// The metrics cannot be served.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// The record of attempts or the combined file cannot be opened.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// A thread cannot be started.
    #[error("cannot start a thread")]
    Thread(#[from] io::Error),
    /// Too many folders.
    #[error("there are more than 65535 folders to watch; watch the folder above them")]
    TooManyFolders,
    /// A thread has panicked.
    #[error("the thread that {0} has ended: a defect of the program; start the daemon again")]
    Defect(&'static str),
}

/// Watches folders and keeps their reports up to date.
pub struct Daemon {
    out: PathBuf,
    config: Config,
    mark: Arc<RunMark>,
    reload: Reload,
    calls: Receiver<Call>,
    core: Core,
    started: Instant,
    scanners: Vec<Scanner>,
    hashing: Vec<Hashing>,
    look_up: Sender<Question>,
    records: Sender<records::Request>,
    writer: JoinHandle<()>,
    /// Look-ups and appended reports in progress.
    backlog: usize,
    workshop: Workshop,
    worker: Option<WorkerHandle>,
    next_memory: Instant,
    hooks: Hooks,
    metrics: Arc<Metrics>,
    reporting: Reporting,
    to_core: Sender<Input>,
    inputs: Receiver<Input>,
    sightings: Receiver<Input>,
    ending: Option<Ending>,
}

impl Daemon {
    /// Runs until it is asked to stop.
    ///
    /// # Errors
    /// When a thread has panicked.
    pub fn run(mut self) -> Result<Ending, WatchError> {
        self.handle(Input::Tick);
        loop {
            let nothing = never();
            let sightings = match self.backlog < BACKLOG {
                true => &self.sightings,
                false => &nothing,
            };
            let input = select! {
                recv(self.inputs) -> input => input.ok(),
                recv(sightings) -> input => input.ok(),
                recv(self.calls) -> call => {
                    if let Ok(call) = call {
                        self.called(call);
                    }
                    None
                },
                default(self.patience()) => None,
            };
            if let Some(Input::LookedUp { .. } | Input::Appended { .. }) = input {
                self.backlog -= 1;
            }
            if let Some(Input::Worker(_, Event::Heartbeat(heartbeat))) = &input {
                self.metrics.heartbeat(heartbeat);
            }
            self.handle(input.unwrap_or(Input::Tick));
            self.look_at_memory();
            self.report();
            if let Some(ending) = self.ending {
                return Ok(self.end(ending));
            }
            if let Some(thread) = self.ended_thread() {
                return Err(WatchError::Defect(thread));
            }
        }
    }

    /// What the thread does that has ended though it should not, if one has.
    fn ended_thread(&self) -> Option<&'static str> {
        if self.scanners.iter().any(Scanner::has_ended) {
            return Some("scans a folder");
        }
        self.writer.is_finished().then_some("writes records")
    }

    /// How long until something is due.
    fn patience(&mut self) -> Duration {
        let elapsed = self.started.elapsed();
        let due = self.core.next_deadline();
        let due = due.map_or(Duration::MAX, |due| due.saturating_sub(elapsed));
        let now = Instant::now();
        let memory = match self.core.worker().tasks.is_empty() {
            true => Duration::MAX,
            false => self.next_memory.saturating_duration_since(now),
        };
        due.min(memory)
            .min(self.reporting.next().saturating_duration_since(now))
    }

    fn handle(&mut self, input: Input) {
        for effect in self.core.handle(now(self.started), input) {
            self.perform(effect);
        }
    }

    fn look_at_memory(&mut self) {
        let now = Instant::now();
        if now < self.next_memory {
            return;
        }
        self.next_memory = now + MEMORY;
        if let Some(bytes) = self.worker.as_ref().and_then(WorkerHandle::memory_bytes) {
            self.handle(Input::Memory(bytes));
        }
    }
}

fn now(started: Instant) -> Now {
    Now {
        elapsed: started.elapsed(),
        wall: SystemTime::now(),
    }
}
