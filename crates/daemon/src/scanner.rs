//! Scans a watched folder and waits until its files are complete. Each folder has a thread
//! of its own: a folder that does not answer blocks nothing else.
//!
//! File system events are only hints; the full scan finds every file. It runs rarely where
//! events arrive, and often where they do not.

mod activity;
mod events;
mod folder;
mod settle;
mod writers;

use std::path::Path;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime};
use std::{io, iter};

use crossbeam_channel::{Receiver, Sender, bounded, never, select, unbounded};
use undertone_config as config;
use undertone_discovery::{PatternError, Selection};
use undertone_types::shown_path;

pub use activity::Activity;
use folder::Folder;
use settle::{FileSystem, Settled, Settling, Unsettled};
use writers::Writers;

use crate::core::{FileRef, Input, RelativePath, RootIndex, Sighting};
use crate::facts::FileFacts;
use crate::roots::Root;

/// Events are collected for this long: a growing file is not checked after every write.
const GATHER: Duration = Duration::from_millis(100);
/// Files per message to the core.
const BATCH: usize = 512;

/// A request to a scanner.
#[derive(Debug)]
pub enum Request {
    /// Wait until this file is complete.
    Settle {
        /// Which.
        file: RelativePath,
        /// It has just been renamed to this path.
        renamed: bool,
    },
    /// Read size and modification time.
    Check(RelativePath),
    /// Scan everything now.
    Scan,
    /// Scan with these settings from now on.
    Change(ScanSettings),
}

/// How to scan.
#[derive(Clone, Debug)]
pub struct ScanSettings {
    selection: Selection,
    watch: config::Watch,
}

impl ScanSettings {
    /// From the settings of the daemon.
    ///
    /// # Errors
    /// Names a pattern that cannot be read.
    pub fn new(config: &config::Config) -> Result<Self, PatternError> {
        Ok(Self {
            selection: Selection::new(&config.files)?,
            watch: config.watch.clone(),
        })
    }

    fn settle(&self) -> (Duration, Duration) {
        let Self { watch, .. } = self;
        let [settle, late] = [watch.settle_s, watch.unsettled_s].map(Duration::from_secs_f64);
        (settle, late)
    }
}

/// The scanner of a folder.
#[derive(Debug)]
pub struct Scanner {
    root: Arc<Root>,
    requests: Sender<Request>,
    activity: Arc<Activity>,
    thread: JoinHandle<()>,
}

impl Scanner {
    /// Starts the thread. What it finds goes to `to_core`.
    ///
    /// # Errors
    /// When the system cannot start a thread.
    pub fn start(
        index: RootIndex,
        root: Arc<Root>,
        settings: ScanSettings,
        to_core: Sender<Input>,
    ) -> io::Result<Self> {
        let (requests, asked) = unbounded();
        let activity = Arc::new(Activity::default());
        let (settle, late) = settings.settle();
        let (wake, woken) = bounded(1);
        let body = Body {
            index,
            folder: Folder::new(root.clone(), wake),
            settling: Settling::new(settle, late),
            settings,
            to_core,
            activity: activity.clone(),
            root: root.clone(),
        };
        let thread = thread::Builder::new()
            .name(format!("scanner-{index}"))
            .spawn(move || body.run(&asked, &woken))?;
        Ok(Self {
            root,
            requests,
            activity,
            thread,
        })
    }

    /// Sends a request.
    pub fn ask(&self, request: Request) {
        // The daemon notices a thread that has ended by `has_ended`.
        let _ = self.requests.send(request);
    }

    /// True when its thread has ended, which is always a defect.
    pub fn has_ended(&self) -> bool {
        self.thread.is_finished()
    }

    /// How long the folder has not answered, when that is too long.
    pub fn silent_for(&self) -> Option<Duration> {
        self.activity.overdue()
    }

    /// The folder.
    pub fn root(&self) -> &Arc<Root> {
        &self.root
    }
}

struct Body {
    index: RootIndex,
    root: Arc<Root>,
    folder: Folder,
    settling: Settling,
    settings: ScanSettings,
    to_core: Sender<Input>,
    activity: Arc<Activity>,
}

/// `None` when the core has ended.
type Alive = Option<()>;

impl Body {
    fn run(mut self, requests: &Receiver<Request>, woken: &Receiver<()>) {
        let mut gathered = None;
        loop {
            let due = iter::once(self.folder.next_due())
                .chain(self.settling.next_due())
                .chain(gathered);
            let wait = due
                .min()
                .map_or(GATHER, |due| due.saturating_duration_since(Instant::now()));
            let silent = never();
            let woken = if gathered.is_none() { woken } else { &silent };
            let alive = select! {
                recv(requests) -> request => match request {
                    Ok(request) => self.take(request),
                    Err(_) => None,
                },
                recv(woken) -> _ => {
                    gathered = Some(Instant::now() + GATHER);
                    Some(())
                },
                default(wait) => Some(()),
            };
            if alive.and_then(|()| self.look(&mut gathered)).is_none() {
                return;
            }
        }
    }

    fn take(&mut self, request: Request) -> Alive {
        match request {
            Request::Settle { file, renamed } => {
                let now = Instant::now();
                let busy = self.activity.busy();
                let disk = Disk(&self.root);
                let settled = self.settling.wait(file, renamed, now, &disk);
                drop(busy);
                self.send_settled(settled)
            }
            Request::Check(file) => {
                let busy = self.activity.busy();
                let facts = Disk(&self.root).facts(&file);
                drop(busy);
                self.send(Input::Checked(self.file(file), facts))
            }
            Request::Scan => {
                self.folder.scan_soon();
                Some(())
            }
            Request::Change(settings) => {
                let (settle, late) = settings.settle();
                self.settling.change(settle, late);
                self.settings = settings;
                self.folder.change();
                Some(())
            }
        }
    }

    fn look(&mut self, gathered: &mut Option<Instant>) -> Alive {
        let now = Instant::now();
        let hints_due = gathered.is_some_and(|at| at <= now);
        if hints_due {
            *gathered = None;
        }
        if hints_due || self.folder.next_due() <= now {
            let mut batch = Batch {
                seen: Vec::new(),
                to_core: &self.to_core,
                activity: &self.activity,
                root: self.index,
            };
            let busy = self.activity.busy();
            let scanned = self
                .folder
                .look(&self.settings, &mut |seen| batch.push(seen))?;
            drop(busy);
            batch.flush()?;
            if scanned {
                self.send(Input::Scanned(self.index))?;
            }
        }
        loop {
            let busy = self.activity.busy();
            let step = self.settling.step(now, &Disk(&self.root));
            drop(busy);
            match step {
                Some(settled) => self.send_settled(settled)?,
                None => return Some(()),
            }
        }
    }

    fn send_settled(&self, settled: Option<Settled>) -> Alive {
        match settled {
            None => Some(()),
            Some(Settled::Complete(file, facts)) => {
                self.send(Input::Settled(self.file(file), facts))
            }
            Some(Settled::Gone(file)) => self.send(Input::Gone(self.file(file))),
            Some(Settled::Late(file, why)) => {
                let recording = shown_path(&file);
                let why = match why {
                    Unsettled::Changing => "it keeps changing",
                    Unsettled::Open => "a program has it open for writing",
                };
                tracing::warn!(%recording, why, "not complete yet; still waiting for it");
                Some(())
            }
        }
    }

    fn file(&self, relative: RelativePath) -> FileRef {
        FileRef {
            root: self.index,
            relative,
        }
    }

    fn send(&self, input: Input) -> Alive {
        self.to_core.send(input).ok()
    }
}

/// Collects files that were found, so that ten thousand files are not ten thousand messages.
struct Batch<'t> {
    seen: Vec<Sighting>,
    to_core: &'t Sender<Input>,
    activity: &'t Activity,
    root: RootIndex,
}

impl Batch<'_> {
    fn push(&mut self, seen: folder::Seen) -> Alive {
        let folder::Seen {
            relative,
            facts,
            renamed,
        } = seen;
        let root = self.root;
        self.seen.push(Sighting {
            root,
            relative,
            facts,
            renamed,
        });
        self.activity.moved();
        match self.seen.len() {
            BATCH => self.flush(),
            _ => Some(()),
        }
    }

    fn flush(&mut self) -> Alive {
        if self.seen.is_empty() {
            return Some(());
        }
        // While this waits for a busy daemon, the folder does not count as silent.
        let _waits = self.activity.waits();
        self.to_core
            .send(Input::Seen(std::mem::take(&mut self.seen)))
            .ok()
    }
}

/// The files of a folder on the real disk.
struct Disk<'r>(&'r Root);

impl FileSystem for Disk<'_> {
    fn facts(&self, file: &Path) -> Option<FileFacts> {
        FileFacts::of(&self.0.path_of(file)).ok()
    }
    fn writers(&self, file: &Path) -> Writers {
        writers::writers(&self.0.path_of(file))
    }
    fn wall_clock(&self) -> SystemTime {
        SystemTime::now()
    }
}
