//! The decisions of `undertone run`, as a state machine: [`Batch::handle`] takes an [`Input`] and
//! returns the [`Effect`]s to perform. Like `core` it has no clock, no disk, no thread and no
//! process; unlike `core` it has an end: every recording is reported, failed, or left because the
//! run was stopped.
//!
//! ```text
//! found ─► queued ─► in the worker ─► reported | failed
//!            ▲             │
//!            └── alone ◄───┘ the worker ended
//! ```
//!
//! `run` is the shell around it. Shared with the daemon: what is known of the worker and its limits (`core/worker`), the queue,
//! what counts against a recording (`core/retry`).

mod boundary;
mod clock;
mod losses;
mod run;
mod usage;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::time::Duration;

pub use boundary::{Effect, Ending, Input};
pub use run::{BatchError, BatchEvent, BatchRun, Finished, Sourced};

use crate::core::Settings;
use crate::core::catalogue::FileId;
use crate::core::queue::{Class, Queue, Queued};
use crate::core::worker::{ChainFault, Task, Worker};
use crate::protocol::Event;
use losses::Suspicion;

/// The state machine that makes all decisions of a run over a finite number of recordings.
#[derive(Debug)]
pub struct Batch {
    settings: Settings,
    now: Duration,
    effects: Vec<Effect>,
    queue: Queue,
    worker: Worker,
    /// What counts against recordings that are not finished.
    suspicions: HashMap<FileId, Suspicion>,
    /// Workers in a row that ended before their models were loaded.
    lost_loading: u32,
    /// There are no more recordings than those found.
    no_more: bool,
    stopping: bool,
    /// Why the run cannot go on.
    fault: Option<String>,
    /// Recordings that were in the worker when the run was stopped.
    left: Vec<FileId>,
    ended: bool,
}

impl Batch {
    /// Knows no recording yet.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            now: Duration::ZERO,
            effects: Vec::new(),
            queue: Queue::default(),
            worker: Worker::default(),
            suspicions: HashMap::new(),
            lost_loading: 0,
            no_more: false,
            stopping: false,
            fault: None,
            left: Vec::new(),
            ended: false,
        }
    }

    /// Takes an input at a time since the start; returns the effects to perform, in this order.
    pub fn handle(&mut self, now: Duration, input: Input) -> Vec<Effect> {
        self.now = self.now.max(now);
        match input {
            Input::Tick => {}
            Input::Found(file) => self.line_up(file, false),
            Input::NoMore => self.no_more = true,
            Input::NotStarted(reason) => {
                self.worker.not_started(self.now);
                self.give_up(format!("the worker cannot be started: {reason}"));
            }
            Input::Worker(number, event) => self.event(number, event),
            Input::WorkerEnded(number, end) => self.worker_ended(number, &end),
            Input::Memory(bytes) => self.worker.memory_bytes = Some(bytes),
            Input::Unstoppable => self.worker.is_unstoppable(),
            Input::Stop => self.stopping = true,
        }
        if !self.ended {
            self.advance();
        }
        std::mem::take(&mut self.effects)
    }

    /// The worker, as far as it is known.
    #[must_use]
    pub fn worker(&self) -> &Worker {
        &self.worker
    }

    /// True when another recording should be looked for. Those that wait here are claimed: another
    /// run on the same reports cannot have them.
    #[must_use]
    pub fn wants_more(&self) -> bool {
        !self.is_closing() && !self.no_more && self.queue.len() < 2
    }

    fn is_closing(&self) -> bool {
        self.stopping || self.fault.is_some()
    }

    fn advance(&mut self) {
        self.keep_limits();
        let all_done = self.no_more && self.queue.len() == 0 && self.worker.tasks.is_empty();
        if self.is_closing() || all_done {
            return self.close();
        }
        if !self.worker.is_there() && self.queue.len() > 0 {
            let number = self.worker.start(self.now);
            self.effects.push(Effect::StartWorker(number));
        }
        while self
            .worker
            .takes(self.worker.tasks.len(), self.settings.capacity)
        {
            let Some(queued) = self.queue.pop(self.worker.tasks.len()) else {
                break;
            };
            self.give(queued);
        }
    }

    fn keep_limits(&mut self) {
        let (limits, memory) = (&self.settings.limits, self.settings.memory_limit_bytes);
        if let Some(over) = self.worker.over(limits, memory, self.now) {
            self.effects.push(Effect::OverLimit(over.reason.clone()));
            self.effects.push(Effect::KillWorker);
            self.worker.over = Some(over);
        }
    }

    fn give(&mut self, Queued { file, class, alone }: Queued) {
        let task = Task {
            file,
            class,
            alone,
            given: self.now,
            opened: None,
            duration_s: None,
            reached_s: 0.0,
        };
        // A recording is given to a worker once, so that its own number serves as the task's.
        self.worker.give(file.0.into(), task);
        self.effects.push(Effect::Give(file));
    }

    /// Lets the worker finish, then ends.
    fn close(&mut self) {
        if self.worker.is_there() {
            let is_ready = self.worker.is_ready();
            if self.worker.finish() {
                self.effects.push(match self.stopping {
                    true => Effect::FinishOpen,
                    false => Effect::FinishWorker,
                });
                if !is_ready {
                    self.effects.push(Effect::KillWorker);
                }
            }
            return;
        }
        self.ended = true;
        let mut left = std::mem::take(&mut self.left);
        left.extend(self.queue.take_all());
        let fault = self.fault.take();
        self.effects.push(Effect::End(Ending { left, fault }));
    }

    /// Queues a recording.
    fn line_up(&mut self, file: FileId, alone: bool) {
        let class = match alone {
            true => Class::Suspect,
            false => Class::Fresh,
        };
        self.queue.push(Queued { file, class, alone }, self.now);
    }

    fn event(&mut self, number: u64, event: Event) {
        if number != self.worker.number() || !self.worker.is_there() {
            return;
        }
        let now = self.now;
        match event {
            Event::Ready => {
                self.lost_loading = 0;
                self.worker.loaded(now);
            }
            Event::Opened { id, duration_s } => {
                self.worker.opened(id, duration_s, now);
                if let Some(task) = self.worker.tasks.get(&id) {
                    self.effects.push(Effect::Opened(task.file, duration_s));
                }
            }
            Event::Scored { id, end_s } => {
                self.worker.reached(id, end_s);
                if let Some(task) = self.worker.tasks.get(&id) {
                    self.effects.push(Effect::Reached(task.file, end_s));
                }
            }
            Event::Reported {
                id,
                duration_s,
                summary,
            } => {
                if let Some(Task { file, .. }) = self.worker.take_back(id, now) {
                    self.suspicions.remove(&file);
                    self.effects.push(Effect::Reported {
                        file,
                        duration_s,
                        summary,
                    });
                }
            }
            Event::Failed { id, failure } => {
                if let Some(Task { file, .. }) = self.worker.take_back(id, now) {
                    self.failed(file, failure);
                }
            }
            Event::Fault { reason, disk_full } => {
                self.worker.fault = Some(ChainFault { reason, disk_full });
            }
            Event::Heartbeat(heartbeat) => self.worker.beat(heartbeat, now),
        }
    }

    fn give_up(&mut self, reason: String) {
        self.fault.get_or_insert(reason);
    }
}
