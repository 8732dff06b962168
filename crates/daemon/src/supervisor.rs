//! Decides what is done, and writes down what became of it. The only one that does.
//!
//! One thread, one loop: what the eyes saw, what was hashed, what the worker said, and ten
//! times a second a look at clocks and limits. Nothing in here waits for a recording.

mod failing;
mod files;
mod scoring;
mod upkeep;

use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, bounded, select, unbounded};

use super::attempts::Attempts;
use super::catalogue::Catalogue;
use super::combined::Combined;
use super::crew::Crew;
use super::eyes::{self, Errand, Manner, Sighting};
use super::health::Health;
use super::hooks::Hooks;
use super::http::{HttpError, answer};
use super::identify::{Identified, identify_all};
use super::metrics::Metrics;
use super::protocol::Setup;
use super::queue::Queue;
use super::roots::Root;
use super::state::StateFolder;
use super::worker::{News, Workshop};
use undertone_config::Config;
use undertone_discovery::{Found, PatternError, Patterns};
use undertone_reports::{ReportError, RunMark};
use undertone_types::Recording;

/// How often clocks and limits are looked at.
const TICK: Duration = Duration::from_millis(100);
/// Messages of the eyes that may wait.
const SIGHTINGS: usize = 64;

/// Settings and models, read anew; or why not.
pub type Reload = Box<dyn Fn() -> Result<(Config, Arc<RunMark>), String>>;

/// What is asked from outside; each is set by a signal.
#[derive(Clone, Debug, Default)]
pub struct Calls {
    /// Finish what is under way, and end.
    pub stop: Arc<AtomicBool>,
    /// Read the settings anew.
    pub reload: Arc<AtomicBool>,
    /// Look at all files and records now.
    pub look: Arc<AtomicBool>,
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
    /// Reads settings and models anew.
    pub reload: Reload,
    /// What is asked from outside.
    pub calls: Calls,
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
    /// The record of attempts, or the file of all reports.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// The system gives no threads.
    #[error("cannot start a thread")]
    Thread(#[from] io::Error),
}

/// How the daemon ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// What was under way is finished.
    Drained,
    /// So many recordings were under way and are done after the next start.
    Interrupted(usize),
    /// A thread has ended by a defect; another start is needed.
    Broken(&'static str),
}

/// Watches folders and keeps their reports up to date.
pub struct Supervisor {
    out: PathBuf,
    config: Config,
    mark: Arc<RunMark>,
    reload: Reload,
    calls: Calls,
    state: StateFolder,
    attempts: Attempts,
    combined: Option<Combined>,
    /// Reports that the file of all reports did not take yet.
    uncombined: Vec<PathBuf>,
    hooks: Hooks,
    metrics: Arc<Metrics>,
    health: Arc<Health>,
    catalogue: Catalogue,
    queue: Queue,
    /// Recordings that wait for one of the same content, by its path.
    twins: HashMap<PathBuf, Vec<Arc<Recording>>>,
    /// Files to be looked at again when the disk takes something.
    later: Vec<Found>,
    crew: Crew,
    next_id: u64,
    eyes: Sender<Errand>,
    sightings: Receiver<Sighting>,
    to_hash: Sender<Found>,
    hashed: Receiver<Identified>,
    news: Receiver<(u64, News)>,
    watch: upkeep::Watch,
}

impl Supervisor {
    /// Starts the threads that look, hash and answer.
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
        let hooks = Hooks::new(&config.hooks)?;
        let manner = manner(&config)?;
        let (eyes, errands) = unbounded();
        let (tell, sightings) = bounded(SIGHTINGS);
        spawn("eyes", move || eyes::watch(roots, manner, &errands, tell))?;
        let (to_hash, asked) = unbounded();
        let (tell, hashed) = unbounded();
        spawn("identify", move || identify_all(&asked, &tell))?;
        let (heard, news) = unbounded();
        let setup = Setup {
            config: config.clone(),
            out: out.clone(),
        };
        Ok(Self {
            crew: Crew::new(workshop, setup, heard),
            watch: upkeep::Watch::new(),
            out,
            config,
            mark,
            reload,
            calls,
            state,
            attempts,
            combined,
            uncombined: Vec::new(),
            hooks,
            metrics,
            health,
            catalogue: Catalogue::default(),
            queue: Queue::default(),
            twins: HashMap::new(),
            later: Vec::new(),
            next_id: 0,
            eyes,
            sightings,
            to_hash,
            hashed,
            news,
        })
    }

    /// Works until it is asked to stop.
    #[must_use]
    pub fn run(mut self) -> Ending {
        let mut turned = None::<Instant>;
        loop {
            select! {
                recv(self.sightings) -> sighting => match sighting {
                    Ok(sighting) => self.sighted(sighting),
                    Err(_) => return Ending::Broken("the thread that looks at files"),
                },
                recv(self.hashed) -> identified => match identified {
                    Ok(identified) => self.identified(identified),
                    Err(_) => return Ending::Broken("the thread that hashes files"),
                },
                recv(self.news) -> news => if let Ok((number, news)) = news {
                    self.heard(number, news);
                },
                default(TICK) => {}
            }
            if turned.is_none_or(|turned| turned.elapsed() >= TICK) {
                turned = Some(Instant::now());
                if let Some(ending) = self.turn() {
                    return ending;
                }
            }
            self.dispatch();
        }
    }

    /// Takes a request from outside.
    fn called(call: &AtomicBool) -> bool {
        call.swap(false, Ordering::Relaxed)
    }

    fn tell_eyes(&self, errand: Errand) {
        if self.eyes.send(errand).is_err() {
            tracing::error!("the thread that looks at files has ended: a defect");
        }
    }

    fn hash(&self, found: Found) {
        if self.to_hash.send(found).is_err() {
            tracing::error!("the thread that hashes files has ended: a defect");
        }
    }
}

fn manner(config: &Config) -> Result<Manner, PatternError> {
    Ok(Manner {
        patterns: Patterns::new(&config.files)?,
        watch: config.watch.clone(),
    })
}

fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> io::Result<()> {
    thread::Builder::new()
        .name(name.to_owned())
        .spawn(body)
        .map(drop)
}
