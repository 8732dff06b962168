//! Notices files and waits until they are whole, on a thread of its own: a file system
//! that hangs holds up nothing else.
//!
//! Events are only hints. Looking through the folders is what counts; where events
//! arrive it is done seldom, where they do not, often.

mod notice;
mod watched;

use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};

use self::watched::Watched;
use super::facts::FileFacts;
use super::roots::Root;
use super::settle::{Look, Settled, Settling};
use super::writers::{self, Writers};
use undertone_discovery::{Found, Patterns};

/// How often hints are looked into, and files that are due.
const TICK: Duration = Duration::from_millis(100);
/// Files that are told of at once.
const BATCH: usize = 512;

/// What the eyes saw.
#[derive(Debug)]
pub enum Sighting {
    /// Files that are there; told again each time they are seen.
    Seen(Vec<Seen>),
    /// All of a folder was looked through.
    Scanned(std::path::PathBuf),
    /// A file that was waited for.
    Settled(Settled),
}

/// A file that is there.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Which.
    pub found: Found,
    /// What a look tells.
    pub facts: FileFacts,
    /// It was just renamed into its place.
    pub renamed: bool,
}

/// What the eyes are to do.
#[derive(Debug)]
pub enum Errand {
    /// Wait until these are whole; the flag says that they were renamed into place.
    Wait(Vec<(Found, bool)>),
    /// Look everywhere now.
    Look,
    /// From now on so.
    Change(Manner),
}

/// How to look.
#[derive(Clone, Debug)]
pub struct Manner {
    /// What is a recording.
    pub patterns: Patterns,
    /// How often, and how long to wait.
    pub watch: undertone_config::Watch,
}

/// Watches until nobody listens any more.
pub fn watch(roots: Vec<Root>, manner: Manner, errands: &Receiver<Errand>, tell: Sender<Sighting>) {
    let (settle, late) = times(&manner.watch);
    let mut eyes = Eyes {
        watched: roots.into_iter().map(Watched::new).collect(),
        settling: Settling::new(settle, late),
        manner,
        tell,
    };
    loop {
        let said = errands.recv_timeout(TICK);
        let alive = match said {
            Ok(errand) => eyes.run(errand),
            Err(RecvTimeoutError::Timeout) => eyes.look(),
            Err(RecvTimeoutError::Disconnected) => return,
        };
        if alive.is_none() {
            return;
        }
    }
}

fn times(watch: &undertone_config::Watch) -> (Duration, Duration) {
    let [settle, late] = [watch.settle_s, watch.unsettled_s].map(Duration::from_secs_f64);
    (settle, late)
}

struct Eyes {
    watched: Vec<Watched>,
    settling: Settling,
    manner: Manner,
    tell: Sender<Sighting>,
}

/// `None` when nobody listens any more.
type Alive = Option<()>;

impl Eyes {
    fn run(&mut self, errand: Errand) -> Alive {
        match errand {
            Errand::Wait(files) => {
                for (found, renamed) in files {
                    let now = Instant::now();
                    if let Some(settled) = self.settling.wait(found, renamed, now, &Disk) {
                        self.tell(Sighting::Settled(settled))?;
                    }
                }
            }
            Errand::Look => self.watched.iter_mut().for_each(Watched::look_soon),
            Errand::Change(manner) => {
                let (settle, late) = times(&manner.watch);
                self.settling.change(settle, late);
                self.manner = manner;
                self.watched.iter_mut().for_each(Watched::look_soon);
            }
        }
        Some(())
    }

    fn look(&mut self) -> Alive {
        let Self {
            watched,
            manner,
            tell,
            ..
        } = self;
        for watched in watched {
            let mut batch = Batch::new(tell);
            let scanned = watched.look(manner, &mut |seen| batch.push(seen))?;
            batch.flush()?;
            if scanned {
                tell.send(Sighting::Scanned(watched.root().path.clone()))
                    .ok()?;
            }
        }
        for settled in self.settling.step(Instant::now(), &Disk) {
            self.tell(Sighting::Settled(settled))?;
        }
        Some(())
    }

    fn tell(&self, sighting: Sighting) -> Alive {
        self.tell.send(sighting).ok()
    }
}

/// Gathers what is seen, so that ten thousand files are not ten thousand messages.
struct Batch<'t> {
    seen: Vec<Seen>,
    tell: &'t Sender<Sighting>,
}

impl<'t> Batch<'t> {
    fn new(tell: &'t Sender<Sighting>) -> Self {
        Self {
            seen: Vec::new(),
            tell,
        }
    }

    fn push(&mut self, seen: Seen) -> Alive {
        self.seen.push(seen);
        match self.seen.len() {
            BATCH => self.flush(),
            _ => Some(()),
        }
    }

    fn flush(&mut self) -> Alive {
        match self.seen.is_empty() {
            true => Some(()),
            false => self
                .tell
                .send(Sighting::Seen(std::mem::take(&mut self.seen)))
                .ok(),
        }
    }
}

/// The real disk.
struct Disk;

impl Look for Disk {
    fn facts(&self, path: &Path) -> Option<FileFacts> {
        FileFacts::of(path).ok()
    }
    fn writers(&self, path: &Path) -> Writers {
        writers::writers(path)
    }
    fn today(&self) -> SystemTime {
        SystemTime::now()
    }
}
