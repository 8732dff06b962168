//! The shell around a [`Batch`]: performs its effects, and feeds their results back to it.
//!
//! One thread owns the batch; it also starts the workers, which end with it.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, never, select, unbounded};
use undertone_config::Config;
use undertone_reports::{
    NextTry, ReportError, ReportPaths, RunMark, SummaryLine, failed_before, sweep, write_failure,
};
use undertone_telemetry::machine_memory_bytes;
use undertone_types::{Failure, Recording, Stage, shown_path};

use super::clock::Clock;
use super::usage::Usage;
use super::{Batch, Effect, Ending, Input};
use crate::claims::Claim;
use crate::core::catalogue::FileId;
use crate::core::{History, Settings};
use crate::protocol::{Event, Job, Setup};
use crate::status::InProgress;
use crate::worker_handle::{Output, WorkerHandle, Workshop};

/// How often signals are looked for.
const LOOK: Duration = Duration::from_millis(100);
/// How often the memory of a worker is measured.
const MEMORY: Duration = Duration::from_millis(200);
/// How often it is said what a run that was asked to stop waits for.
const SAY: Duration = Duration::from_secs(10);

/// A recording that was looked at, and is nobody else's while its claim is held.
#[derive(Debug)]
pub enum Sourced {
    /// To be scored.
    Recording(Recording, Claim),
    /// It cannot be read.
    Unreadable(Recording, Failure, Claim),
}

/// Something that a run tells.
#[derive(Debug)]
pub enum BatchEvent<'r> {
    /// A worker has loaded its models.
    Ready,
    /// A recording was opened; its length in seconds, if its container states it. After a crash of
    /// the worker a recording may be opened again.
    Opened(&'r Recording, Option<f64>),
    /// A recording is scored up to here, in seconds.
    Reached(&'r Recording, f64),
    /// A recording has a report.
    Reported {
        /// Which.
        recording: &'r Recording,
        /// Its length in seconds.
        duration_s: f64,
        /// The report's last line.
        summary: &'r SummaryLine,
    },
    /// A recording has failed, and a record of it is written.
    Failed {
        /// Which.
        recording: &'r Recording,
        /// Why.
        failure: &'r Failure,
        /// It ended the worker twice, and is not tried again unless it is asked for.
        quarantined: bool,
    },
    /// The run was asked to stop, and waits for these recordings.
    Stopping {
        /// What is in progress.
        under_way: Vec<InProgress>,
        /// How long that takes at the speed so far, in seconds; none when that is not known.
        left_s: Option<f64>,
    },
}

/// A run over a finite number of recordings.
pub struct BatchRun {
    /// Folder of the reports.
    pub out: PathBuf,
    /// The settings.
    pub config: Config,
    /// Bundle and settings, for failure records.
    pub mark: Arc<RunMark>,
    /// Starts workers.
    pub workshop: Workshop,
    /// The recordings; closed after the last one.
    pub sourced: Receiver<Sourced>,
    /// Set to finish the recordings in progress, and end.
    pub stop: Arc<AtomicBool>,
}

/// A run that has ended as it should.
#[derive(Debug)]
pub struct Finished {
    /// Time that each stage worked, in seconds.
    pub busy_s: BTreeMap<Stage, f64>,
    /// The most memory that a worker held, in bytes, where it was a process.
    pub worker_peak_bytes: Option<u64>,
}

/// A run cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum BatchError {
    /// The worker or its chain failed, not a recording.
    #[error("{0}")]
    Fault(String),
    /// A failure record cannot be written.
    #[error(transparent)]
    Report(#[from] ReportError),
}

impl BatchRun {
    /// Scores the recordings; `tell` gets what happens, on this thread.
    ///
    /// # Errors
    /// When no worker can be started, its chain fails, or a failure record cannot be written.
    pub fn run(self, tell: &mut dyn FnMut(BatchEvent)) -> (Finished, Result<(), BatchError>) {
        let settings = Settings::new(&self.config, machine_memory_bytes());
        let (to_batch, inputs) = unbounded();
        let mut shell = Shell {
            batch: Batch::new(settings),
            run: self,
            tell,
            worker: None,
            recordings: HashMap::new(),
            clock: Clock::start(),
            usage: Usage::default(),
            to_batch,
            inputs,
            next_memory: Instant::now(),
            next_saying: None,
            ending: None,
        };
        let ended = shell.run_to_its_end();
        (shell.usage.finished(), ended)
    }
}

struct Shell<'t> {
    run: BatchRun,
    tell: &'t mut dyn FnMut(BatchEvent),
    batch: Batch,
    worker: Option<WorkerHandle>,
    /// Those that have neither a report nor a failure record yet, with their claims.
    recordings: HashMap<FileId, (Recording, Claim)>,
    clock: Clock,
    usage: Usage,
    to_batch: Sender<Input>,
    inputs: Receiver<Input>,
    next_memory: Instant,
    /// Once the run was asked to stop.
    next_saying: Option<Instant>,
    ending: Option<Ending>,
}

impl Shell<'_> {
    fn run_to_its_end(&mut self) -> Result<(), BatchError> {
        loop {
            let nothing = never();
            let sourced = match self.batch.wants_more() {
                true => &self.run.sourced,
                false => &nothing,
            };
            let input = select! {
                recv(self.inputs) -> input => input.ok(),
                recv(sourced) -> sourced => match sourced {
                    Ok(sourced) => self.sourced(sourced)?,
                    Err(_) => Some(Input::NoMore),
                },
                default(LOOK) => None,
            };
            let worked = self.clock.advance();
            self.usage.worked(worked, self.batch.worker());
            self.handle(input.unwrap_or(Input::Tick))?;
            self.look_at_memory()?;
            self.look_for_stop()?;
            if let Some(ending) = self.ending.take() {
                return match ending.fault {
                    Some(fault) => Err(BatchError::Fault(fault)),
                    None => Ok(()),
                };
            }
        }
    }

    /// Takes a recording in; what cannot be read has its failure record at once.
    fn sourced(&mut self, sourced: Sourced) -> Result<Option<Input>, ReportError> {
        match sourced {
            Sourced::Recording(recording, claim) => {
                let file = file(&recording);
                self.recordings.insert(file, (recording, claim));
                Ok(Some(Input::Found(file)))
            }
            Sourced::Unreadable(recording, failure, claim) => {
                let history = History {
                    attempts: 1,
                    ..History::default()
                };
                self.record(&recording, &failure, &history, NextTry::Never)?;
                drop(claim);
                Ok(None)
            }
        }
    }

    fn handle(&mut self, input: Input) -> Result<(), ReportError> {
        match &input {
            Input::Worker(_, Event::Heartbeat(heartbeat)) => self.usage.heartbeat(heartbeat),
            Input::Worker(_, Event::Ready) => (self.tell)(BatchEvent::Ready),
            _ => {}
        }
        let effects = self.batch.handle(self.clock.elapsed(), input);
        effects
            .into_iter()
            .try_for_each(|effect| self.perform(effect))
    }

    fn perform(&mut self, effect: Effect) -> Result<(), ReportError> {
        match effect {
            Effect::StartWorker(number) => self.start_worker(number),
            Effect::Give(file) => {
                if let (Some(worker), Some((recording, _))) =
                    (&self.worker, self.recordings.get(&file))
                {
                    worker.give(Job::from(recording));
                }
            }
            Effect::FinishWorker => {
                self.usage.peak(self.worker.as_ref());
                self.worker.iter().for_each(WorkerHandle::finish);
            }
            Effect::FinishOpen => {
                self.usage.peak(self.worker.as_ref());
                self.worker.iter().for_each(WorkerHandle::finish_open);
            }
            Effect::KillWorker => {
                if !self.worker.as_ref().is_some_and(WorkerHandle::kill) {
                    tracing::error!("the worker cannot be stopped: it runs in this process");
                    let _ = self.to_batch.send(Input::Unstoppable);
                }
            }
            Effect::OverLimit(reason) => tracing::error!("stopping the worker: {reason}"),
            Effect::WorkerLost { under_way, reason } => {
                tracing::warn!(under_way, "the worker has ended: {reason}");
                let _ = sweep(&self.run.out);
            }
            Effect::Opened(file, duration_s) => {
                if let Some((recording, _)) = self.recordings.get(&file) {
                    (self.tell)(BatchEvent::Opened(recording, duration_s));
                }
            }
            Effect::Reached(file, end_s) => {
                if let Some((recording, _)) = self.recordings.get(&file) {
                    (self.tell)(BatchEvent::Reached(recording, end_s));
                }
            }
            Effect::Reported {
                file,
                duration_s,
                summary,
            } => {
                self.usage.scored(duration_s);
                // Its claim is released with it.
                if let Some((recording, _claim)) = self.recordings.remove(&file) {
                    (self.tell)(BatchEvent::Reported {
                        recording: &recording,
                        duration_s,
                        summary: &summary,
                    });
                }
            }
            Effect::Failed {
                file,
                failure,
                history,
                quarantined,
            } => {
                let next = match quarantined {
                    true => NextTry::Quarantined,
                    false => NextTry::Never,
                };
                if let Some((recording, _claim)) = self.recordings.remove(&file) {
                    self.record(&recording, &failure, &history, next)?;
                }
            }
            Effect::End(ending) => self.ending = Some(ending),
        }
        Ok(())
    }

    fn start_worker(&mut self, number: u64) {
        self.usage.new_worker();
        let setup = Setup {
            config: self.run.config.clone(),
            out: self.run.out.clone(),
        };
        let to_batch = self.to_batch.clone();
        let report = move |output| {
            // The receiver is gone only when the run ends.
            let _ = to_batch.send(match output {
                Output::Event(event) => Input::Worker(number, event),
                Output::Ended(end) => Input::WorkerEnded(number, end),
            });
        };
        match self.run.workshop.start(setup, report) {
            Ok(worker) => self.worker = Some(worker),
            Err(error) => {
                let _ = self.to_batch.send(Input::NotStarted(error.to_string()));
            }
        }
    }

    /// Writes a failure record, which counts the attempts of former runs at the same content too.
    fn record(
        &mut self,
        recording: &Recording,
        failure: &Failure,
        history: &History,
        next: NextTry,
    ) -> Result<(), ReportError> {
        let paths = ReportPaths::new(&self.run.out, &recording.relative);
        let former = failed_before(&paths, &recording.blake3);
        let attempts = former.map_or(0, |former| former.attempts);
        let attempts = attempts.saturating_add(history.attempts);
        let (mark, strikes) = (&self.run.mark, &history.strikes);
        write_failure(&paths, recording, mark, failure, attempts, strikes, next)?;
        let quarantined = next == NextTry::Quarantined;
        (self.tell)(BatchEvent::Failed {
            recording,
            failure,
            quarantined,
        });
        Ok(())
    }

    fn look_at_memory(&mut self) -> Result<(), ReportError> {
        let now = Instant::now();
        if now < self.next_memory || !self.batch.worker().is_there() {
            return Ok(());
        }
        self.next_memory = now + MEMORY;
        self.usage.peak(self.worker.as_ref());
        match self.worker.as_ref().and_then(WorkerHandle::memory_bytes) {
            Some(bytes) => self.handle(Input::Memory(bytes)),
            None => Ok(()),
        }
    }

    fn look_for_stop(&mut self) -> Result<(), ReportError> {
        if !self.run.stop.load(Ordering::Relaxed) {
            return Ok(());
        }
        let now = Instant::now();
        if self.next_saying.is_none() {
            self.handle(Input::Stop)?;
        }
        if self.next_saying.is_none_or(|next| next <= now) {
            self.next_saying = Some(now + SAY);
            let under_way = self.under_way();
            let left_s = self.usage.time_for(&under_way, self.batch.worker());
            (self.tell)(BatchEvent::Stopping { under_way, left_s });
        }
        Ok(())
    }

    /// The recordings that the worker has opened.
    fn under_way(&self) -> Vec<InProgress> {
        let tasks = self.batch.worker().tasks.values();
        let opened = tasks.filter_map(|task| {
            let since = task.opened?;
            let (recording, _) = self.recordings.get(&task.file)?;
            Some(InProgress {
                recording: shown_path(&recording.relative),
                for_s: self.clock.elapsed().saturating_sub(since).as_secs_f64(),
                reached_s: task.reached_s,
                duration_s: task.duration_s,
            })
        });
        opened.collect()
    }
}

fn file(recording: &Recording) -> FileId {
    FileId(u32::try_from(recording.id.0).expect("fewer recordings than fit into memory"))
}
