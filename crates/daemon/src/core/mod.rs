//! The daemon's decisions, as a state machine: [`Core::handle`] takes an [`Input`] and returns
//! the [`Effect`]s to perform.
//!
//! No clock, no disk, no thread, no process: the time is passed with every input, and whatever
//! is to be read, written, started or stopped is an effect, whose result returns as an input.
//! So the tests simulate months in milliseconds.
//!
//! ```text
//! New ─► Settling ─► Hashing ─► Consulting ─► Queued ─► Beginning ─► Running ─► Done
//!  │                                │           ▲                       │
//!  └─► Done, Failed, …              └─► Waiting ┘  Failed ◄─ Recording ◄┘
//! ```
//!
//! Only a scan takes time in proportion to the number of files.

mod announcement;
mod boundary;
pub mod catalogue;
mod deadlines;
mod duplicates;
pub mod evidence;
mod failing;
mod files;
pub mod queue;
mod reported;
mod retry;
mod scoring;
mod upkeep;
pub mod worker;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use undertone_config::{Config, Duplicates, Isolation, Limits, Outdated, Retry};

pub use announcement::Announcement;
pub use boundary::{
    Effect, FailureRecord, FailureToWrite, FileRef, Identity, Input, LookUp, NextAttempt, Now,
    Records, ReportRecord, RootIndex, Scored, Sighting, WorkerEnd, Write, WriteError,
};
pub use queue::Class;
pub use retry::{History, Next, is_strike};
pub use upkeep::Ending;

use catalogue::{Catalogue, FileId};
use deadlines::Deadlines;
use duplicates::WaitingForHolder;
use failing::Pending;
use queue::Queue;
use upkeep::{Held, Paused, Stopping};
use worker::{Task, Worker};

use crate::status::InProgress;

/// The path of a file below the output folder; shared, not copied.
pub type RelativePath = Arc<Path>;

/// The settings that decisions depend on.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// When failed recordings are tried again.
    pub retry: Retry,
    /// Limits of time and memory.
    pub limits: Limits,
    /// Memory that the worker may hold, in bytes.
    pub memory_limit_bytes: u64,
    /// Time to finish the recordings in progress.
    pub grace: Duration,
    /// What to do with a file that has the content of another.
    pub duplicates: Duplicates,
    /// What to do with reports made with another bundle or other settings.
    pub outdated: Outdated,
    /// Where recordings are scored.
    pub isolation: Isolation,
    /// Whether reports are also appended to the combined file.
    pub combined: bool,
    /// Recordings that the worker may have at once: enough that no stage waits, few enough
    /// that few are suspects when it ends.
    pub capacity: usize,
}

impl Settings {
    /// From the settings of the daemon, and the memory of the machine.
    #[must_use]
    pub fn new(config: &Config, machine_memory_bytes: Option<u64>) -> Self {
        let memory_limit_bytes = match config.limits.memory_mb {
            0 => machine_memory_bytes.map_or(u64::MAX, |all| all / 4 * 3),
            limit => limit * 1_000_000,
        };
        Self {
            retry: config.retry.clone(),
            limits: config.limits.clone(),
            memory_limit_bytes,
            grace: Duration::from_secs_f64(config.shutdown.grace_s),
            duplicates: config.watch.duplicates,
            outdated: config.watch.outdated,
            isolation: config.worker.isolation,
            combined: config.watch.combined,
            capacity: 2 * (config.stages.decode.workers + config.stages.queue),
        }
    }
}

/// The state machine that makes all decisions of the daemon.
#[derive(Debug)]
pub struct Core {
    settings: Settings,
    now: Now,
    effects: Vec<Effect>,
    files: Catalogue,
    queue: Queue,
    deadlines: Deadlines,
    duplicates: WaitingForHolder,
    /// Recordings whose attempt is being recorded, by task number.
    beginning: HashMap<u64, Task>,
    /// Results that are not recorded yet.
    pending: HashMap<FileId, Pending>,
    /// Writes that failed because the disk is full.
    held: Vec<Held>,
    /// Open attempts by recording: interrupted ones of former runs, and those of this one.
    attempts: HashMap<RelativePath, u32>,
    worker: Worker,
    next_task: u64,
    next_ticket: u32,
    /// Writes that must be answered before the daemon may end.
    writes: usize,
    paused: Option<Paused>,
    stopping: Option<Stopping>,
    was_ready: bool,
    ended: bool,
    scored_s: f64,
    worked: Duration,
}

impl Core {
    /// A core that knows only the attempts that were interrupted when the daemon was killed. Its
    /// first input is [`Input::Tick`].
    #[must_use]
    pub fn new(settings: Settings, interrupted: HashMap<RelativePath, u32>, now: Now) -> Self {
        let mut core = Self {
            settings,
            now,
            effects: Vec::new(),
            files: Catalogue::default(),
            queue: Queue::default(),
            deadlines: Deadlines::default(),
            duplicates: WaitingForHolder::default(),
            beginning: HashMap::new(),
            pending: HashMap::new(),
            held: Vec::new(),
            attempts: interrupted,
            worker: Worker::default(),
            next_task: 0,
            next_ticket: 0,
            writes: 0,
            paused: None,
            stopping: None,
            was_ready: false,
            ended: false,
            scored_s: 0.0,
            worked: Duration::ZERO,
        };
        core.append_interrupted();
        core
    }

    /// Takes an input; returns the effects to perform, in this order.
    pub fn handle(&mut self, now: Now, input: Input) -> Vec<Effect> {
        self.pass_time(now);
        match input {
            Input::Tick => {}
            Input::Seen(sightings) => sightings.into_iter().for_each(|seen| self.seen(seen)),
            Input::Scanned(root) => self.scanned(root),
            Input::Settled(file, facts) => self.settled(&file, facts),
            Input::Gone(file) => self.gone(&file),
            Input::Checked(file, facts) => self.checked(&file, facts),
            Input::LookedUp {
                file,
                ticket,
                answer,
            } => self.looked_up(&file, ticket, answer),
            Input::Hashed(file, content) => self.hashed(&file, content),
            Input::Unreadable(file, facts, failure) => self.unreadable(&file, facts, failure),
            Input::Began(tasks, result) => self.began(&tasks, result),
            Input::Wrote(file, result) => self.wrote(&file, result),
            Input::Appended {
                file,
                ends_attempt,
                result,
            } => self.appended(file, ends_attempt, result),
            Input::Probed(takes) => self.probed(takes),
            Input::NotStarted(number, reason) => self.not_started(number, reason),
            Input::Worker(number, event) => self.handle_event(number, event),
            Input::WorkerEnded(number, end) => self.worker_ended(number, &end),
            Input::Memory(bytes) => self.worker.memory_bytes = Some(bytes),
            Input::Unstoppable => self.unstoppable(),
            Input::Reloaded(settings) => self.reloaded(settings),
            Input::Stop => self.stop(),
        }
        self.advance();
        std::mem::take(&mut self.effects)
    }

    fn effect(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    fn announce(&mut self, announcement: Announcement) {
        self.effect(Effect::Announce(announcement));
    }

    /// Recordings by state.
    #[must_use]
    pub fn counts(&self) -> crate::status::Counts {
        self.files.counts()
    }

    /// The classes of which recordings wait to be scored, and how long the first of each has
    /// waited, since it was queued.
    pub fn longest_waits(&self) -> impl Iterator<Item = (Class, Duration)> {
        let waiting = self.queue.waiting_since();
        waiting.map(|(class, since)| (class, self.now.elapsed.saturating_sub(since)))
    }

    /// The recordings that the worker has.
    pub fn under_way(&self) -> impl Iterator<Item = InProgress> {
        self.worker.tasks.values().map(|task| InProgress {
            recording: self
                .files
                .get(task.file)
                .map(|entry| entry.file().relative.display().to_string())
                .unwrap_or_default(),
            for_s: self.now.elapsed.saturating_sub(task.given).as_secs_f64(),
            reached_s: task.reached_s,
            duration_s: task.duration_s,
        })
    }

    /// The worker, as far as it is known.
    #[must_use]
    pub fn worker(&self) -> &Worker {
        &self.worker
    }

    /// Why nothing is given to the worker, if so.
    #[must_use]
    pub fn paused(&self) -> Option<&str> {
        self.paused.as_ref().map(Paused::reason)
    }

    /// Seconds of recordings scored since the start.
    #[must_use]
    pub fn scored_s(&self) -> f64 {
        self.scored_s
    }

    /// Speed relative to real time, while there was work.
    #[must_use]
    pub fn speed(&self) -> f64 {
        let worked_s = self.worked.as_secs_f64();
        match worked_s > 0.0 {
            true => self.scored_s / worked_s,
            false => 0.0,
        }
    }
}
