//! The shell around the core: performs its effects on threads of their own, and brings it
//! what became of them.
//!
//! One thread owns the core. It sleeps until something is heard, or is due.

mod report;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime};

use crossbeam_channel::{Receiver, Sender, bounded, never, select, unbounded};
use sd_notify::NotifyState;
use undertone_config::Config;
use undertone_discovery::PatternError;
use undertone_reports::{ReportError, RunMark, sweep};
use undertone_telemetry::machine_memory_bytes;

use crate::announce::announce;
use crate::attempts::Attempts;
use crate::combined::Combined;
use crate::core::{Announcement, Core, Effect, Ending, FileRef, Input, Now, Settings, Write};
use crate::hashing::Hashing;
use crate::health::Health;
use crate::hooks::Hooks;
use crate::http::{HttpError, answer};
use crate::lookups::{self, Question, report_of};
use crate::metrics::Metrics;
use crate::protocol::{Event, Job, Setup};
use crate::records::{self, Writer, recording};
use crate::roots::Root;
use crate::scanner::{Request, ScanSettings, Scanner};
use crate::state::StateFolder;
use crate::worker_handle::{WorkerHandle, Workshop};
use report::Reporting;

/// Batches of files that scanners may have found before the core has taken them.
const SIGHTINGS: usize = 16;
/// Look-ups and appended reports that may be under way before scanners have to wait: after
/// a start there are as many as files.
const BACKLOG: usize = 8192;
/// How often the worker's memory is looked at while it works.
const MEMORY: Duration = Duration::from_millis(200);
/// How long records may take to be written at the end.
const LAST_WRITES: Duration = Duration::from_secs(5);

/// Settings and models, read again; or why not.
pub type Reload = Box<dyn Fn() -> Result<(Config, Arc<RunMark>), String> + Send>;

/// What is asked from outside, by signals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// Finish what is under way, and end.
    Stop,
    /// Read the settings again.
    Reload,
    /// Scan all folders and look at all records now.
    Scan,
}

/// What to watch, and how.
pub struct Watching {
    /// The folders.
    pub roots: Vec<Root>,
    /// Folder of the reports; it is there.
    pub out: PathBuf,
    /// The settings.
    pub config: Config,
    /// Bundle and settings, for the reports.
    pub mark: Arc<RunMark>,
    /// Who makes workers.
    pub workshop: Workshop,
    /// Reads settings and models again.
    pub reload: Reload,
    /// What is asked from outside.
    pub calls: Receiver<Call>,
}

/// The daemon cannot start.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    /// A pattern of the settings.
    #[error(transparent)]
    Pattern(#[from] PatternError),
    /// The address of the metrics.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// The record of attempts, or the combined file.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// The system gives no threads.
    #[error("cannot start a thread")]
    Thread(#[from] io::Error),
    /// More folders than anybody has.
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
    /// Look-ups and appended reports that are under way.
    backlog: usize,
    workshop: Workshop,
    worker: Option<WorkerHandle>,
    next_memory: Instant,
    hooks: Hooks,
    metrics: Arc<Metrics>,
    reporting: Reporting,
    tell: Sender<Input>,
    inputs: Receiver<Input>,
    sightings: Receiver<Input>,
    ending: Option<Ending>,
}

impl Daemon {
    /// Starts the threads that scan, hash, look up, write and answer.
    ///
    /// # Errors
    /// When the settings do not do, an address is taken, or the disk refuses.
    pub fn new(watching: Watching, state: StateFolder) -> Result<Self, WatchError> {
        let Watching {
            roots,
            out,
            config,
            mark,
            workshop,
            reload,
            calls,
        } = watching;
        let (metrics, health) = (Arc::new(Metrics::new()), Arc::new(Health::new()));
        if !config.metrics.listen.is_empty() {
            let address = answer(&config.metrics.listen, metrics.clone(), health.clone())?;
            tracing::info!(%address, "answering /metrics, /healthz and /readyz");
        }
        let attempts = Attempts::open(state.attempts())?;
        let combined = match config.watch.combined {
            true => Some(Combined::open(&out)?),
            false => None,
        };
        let interrupted = attempts.open_attempts().iter();
        let interrupted = interrupted.map(|(path, begun)| (path.as_path().into(), *begun));
        let interrupted = interrupted.collect();
        let roots: Vec<_> = roots.into_iter().map(Arc::new).collect();
        let (tell, inputs) = unbounded();
        let writer = Writer {
            out: out.clone(),
            probe: state.probe(),
            roots: roots.clone(),
            attempts,
            combined,
            full: None,
        };
        let (records, writer) = writer.start(tell.clone())?;
        let look_up = lookups::start(&out, &tell)?;
        let hooks = Hooks::new(&config.hooks)?;
        let (seen, sightings) = bounded(SIGHTINGS);
        let scan = ScanSettings::new(&config)?;
        let (mut scanners, mut hashing) = (Vec::new(), Vec::new());
        for (index, root) in roots.into_iter().enumerate() {
            let index = u16::try_from(index).map_err(|_| WatchError::TooManyFolders)?;
            hashing.push(Hashing::new(format!("hash-{index}"), tell.clone()));
            scanners.push(Scanner::start(index, root, scan.clone(), seen.clone())?);
        }
        let started = Instant::now();
        let settings = Settings::new(&config, machine_memory_bytes());
        Ok(Self {
            core: Core::new(settings, interrupted, now(started)),
            reporting: Reporting::new(state, health),
            out,
            config,
            mark,
            reload,
            calls,
            started,
            scanners,
            hashing,
            look_up,
            records,
            writer,
            backlog: 0,
            workshop,
            worker: None,
            next_memory: started,
            hooks,
            metrics,
            tell,
            inputs,
            sightings,
            ending: None,
        })
    }

    /// Works until it is asked to stop.
    ///
    /// # Errors
    /// When a thread has ended by a defect.
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

    /// What the thread does that should not have ended, if one has.
    fn ended_thread(&self) -> Option<&'static str> {
        if self.scanners.iter().any(Scanner::has_ended) {
            return Some("scans a folder");
        }
        self.writer.is_finished().then_some("writes records")
    }

    /// How long nothing is due.
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

    /// Sending cannot fail: a thread that has ended is noticed in `run`.
    fn perform(&mut self, effect: Effect) {
        match effect {
            Effect::Settle { file, renamed } => {
                let FileRef { root, relative } = file;
                let file = relative;
                self.scanners[usize::from(root)].ask(Request::Settle { file, renamed });
            }
            Effect::Check(FileRef { root, relative }) => {
                self.scanners[usize::from(root)].ask(Request::Check(relative));
            }
            Effect::LookUp {
                file,
                facts,
                ticket,
                had_report,
            } => {
                self.backlog += 1;
                let mark = self.mark.clone();
                let question = Question {
                    file,
                    facts,
                    ticket,
                    had_report,
                    mark,
                };
                let _ = self.look_up.send(question);
            }
            Effect::Hash(file) => {
                let path = self.root(&file).path_of(&file.relative);
                self.hashing[usize::from(file.root)].ask(file, path);
            }
            Effect::Write(write) => {
                if matches!(write, Write::Append { .. }) {
                    self.backlog += 1;
                }
                let _ = self.records.send((write, self.mark.clone()));
            }
            Effect::StartWorker(number) => self.start_worker(number),
            Effect::Give { task, file } => {
                let job = Job::from(&recording(task, &file, self.root(&file.file)));
                if let Some(worker) = &self.worker {
                    worker.give(job);
                }
            }
            Effect::FinishWorker => {
                if let Some(worker) = &self.worker {
                    worker.finish();
                }
            }
            Effect::KillWorker => {
                if !self.worker.as_ref().is_some_and(WorkerHandle::kill) {
                    let _ = self.tell.send(Input::Unstoppable);
                }
            }
            Effect::CallHook(file) => self.hooks.report(&report_of(&self.out, &file)),
            Effect::Announce(announcement) => self.announce(&announcement),
            Effect::End(ending) => self.ending = Some(ending),
        }
    }

    fn root(&self, file: &FileRef) -> &Root {
        self.scanners[usize::from(file.root)].root()
    }

    fn start_worker(&mut self, number: u64) {
        self.metrics.new_worker();
        let setup = Setup {
            config: self.config.clone(),
            out: self.out.clone(),
        };
        match self.workshop.start(number, setup, self.tell.clone()) {
            Ok(worker) => self.worker = Some(worker),
            Err(error) => {
                let input = Input::NotStarted(number, error.to_string());
                let _ = self.tell.send(input);
            }
        }
    }

    fn announce(&mut self, announcement: &Announcement) {
        announce(announcement, &self.metrics);
        match announcement {
            Announcement::Ready => {
                let _ = sd_notify::notify(&[NotifyState::Ready]);
                self.reporting.soon();
            }
            Announcement::Paused(_) | Announcement::Resumed => self.reporting.soon(),
            Announcement::WorkerLost { .. } => self.sweep(),
            _ => {}
        }
    }

    /// Removes what the worker left half-written. Goes through all reports: not here.
    fn sweep(&self) {
        let out = self.out.clone();
        let body = move || {
            let swept = sweep(&out);
            if swept > 0 {
                tracing::info!(files = swept, "removed what the worker left half-written");
            }
        };
        if let Err(error) = thread::Builder::new().name("sweep".to_owned()).spawn(body) {
            tracing::warn!(%error, "what the worker left half-written stays");
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

    fn called(&mut self, call: Call) {
        match call {
            Call::Stop => {
                let _ = sd_notify::notify(&[NotifyState::Stopping]);
                self.handle(Input::Stop);
            }
            Call::Scan => {
                tracing::info!("looking at all files and records");
                self.scanners
                    .iter()
                    .for_each(|scanner| scanner.ask(Request::Scan));
            }
            Call::Reload => {
                if let Ok(now) = NotifyState::monotonic_usec_now() {
                    let _ = sd_notify::notify(&[NotifyState::Reloading, now]);
                }
                self.reload();
                let _ = sd_notify::notify(&[NotifyState::Ready]);
            }
        }
    }

    fn reload(&mut self) {
        let read = (self.reload)().and_then(|(config, mark)| {
            let scan = ScanSettings::new(&config).map_err(|error| error.to_string())?;
            let hooks = Hooks::new(&config.hooks).map_err(|error| error.to_string())?;
            Ok((config, mark, scan, hooks))
        });
        let (config, mark, scan, hooks) = match read {
            Ok(read) => read,
            Err(reason) => {
                tracing::error!("the settings are kept as they were: {reason}");
                return;
            }
        };
        let former = &self.config;
        for (key, changed) in [
            ("metrics.listen", config.metrics != former.metrics),
            (
                "watch.isolation",
                config.watch.isolation != former.watch.isolation,
            ),
            (
                "watch.combined",
                config.watch.combined != former.watch.combined,
            ),
            ("log", config.log != former.log),
        ] {
            if changed {
                tracing::warn!(key, "changed, but this takes a restart");
            }
        }
        tracing::info!("settings and models were read again");
        let mut settings = Settings::new(&config, machine_memory_bytes());
        settings.isolation = former.watch.isolation;
        settings.combined = former.watch.combined;
        (self.config, self.mark, self.hooks) = (config, mark, hooks);
        self.handle(Input::Reloaded(settings));
        for scanner in &self.scanners {
            scanner.ask(Request::Change(scan.clone()));
        }
    }

    /// Waits for the last records and hooks, within the time there is to finish.
    fn end(self, ending: Ending) -> Ending {
        let grace = Duration::from_secs_f64(self.config.shutdown.grace_s);
        let (began, hooks) = (Instant::now(), self.hooks);
        drop(self.records);
        let writer = self.writer;
        let is_over = || {
            let written = writer.is_finished() || began.elapsed() > LAST_WRITES;
            written && (hooks.is_idle() || began.elapsed() > grace)
        };
        while !is_over() {
            thread::sleep(Duration::from_millis(10));
        }
        ending
    }
}

fn now(started: Instant) -> Now {
    Now {
        elapsed: started.elapsed(),
        wall: SystemTime::now(),
    }
}
