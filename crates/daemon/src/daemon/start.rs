//! Starts the daemon's threads.

use std::sync::Arc;
use std::time::Instant;

use crossbeam_channel::{Sender, bounded, unbounded};
use undertone_telemetry::machine_memory_bytes;

use super::report::Reporting;
use super::{Daemon, WatchError, Watching, now};
use crate::attempts::Attempts;
use crate::combined::Combined;
use crate::core::{Core, Input, Settings};
use crate::hashing::Hashing;
use crate::health::Health;
use crate::hooks::Hooks;
use crate::http::{OfDaemon, answer};
use crate::lookups;
use crate::metrics::Metrics;
use crate::outdated::say_outdated;
use crate::records::Writer;
use crate::roots::Root;
use crate::scanner::{ScanSettings, Scanner};
use crate::state::StateFolder;

/// Batches of files that may wait for the core before scanners have to wait.
const SIGHTINGS: usize = 16;

impl Daemon {
    /// Starts the threads that scan, hash, look up, write and answer.
    ///
    /// # Errors
    /// When a setting is invalid, an address is in use, or a file or thread cannot be made.
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
            let exposed = OfDaemon {
                metrics: metrics.clone(),
                health: health.clone(),
            };
            let address = answer(&config.metrics.listen, Arc::new(exposed))?;
            tracing::info!(%address, "answering /metrics, /healthz and /readyz");
        }
        let attempts = Attempts::open(state.attempts())?;
        let combined = (config.watch.combined.then(|| Combined::open(&out))).transpose()?;
        let interrupted = attempts.open_attempts().iter();
        let interrupted = interrupted.map(|(path, begun)| (path.as_path().into(), *begun));
        let interrupted = interrupted.collect();
        let roots: Vec<_> = roots.into_iter().map(Arc::new).collect();
        let (to_core, inputs) = unbounded();
        let writer = Writer {
            out: out.clone(),
            probe: state.probe(),
            roots: roots.clone(),
            attempts,
            combined,
            full: None,
        };
        let (records, writer) = writer.start(to_core.clone())?;
        let look_up = lookups::start(&out, &to_core)?;
        let hooks = Hooks::new(&config.hooks)?;
        let (seen, sightings) = bounded(SIGHTINGS);
        let scan = ScanSettings::new(&config)?;
        let hashing = (0..roots.len())
            .map(|index| Hashing::new(format!("hash-{index}"), to_core.clone()))
            .collect();
        let scanners = start_scanners(roots, &scan, &seen)?;
        say_outdated(&out, &mark, config.watch.outdated)?;
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
            to_core,
            inputs,
            sightings,
            ending: None,
        })
    }
}

/// One scanner for each folder.
fn start_scanners(
    roots: Vec<Arc<Root>>,
    settings: &ScanSettings,
    seen: &Sender<Input>,
) -> Result<Vec<Scanner>, WatchError> {
    let start = |(index, root)| {
        let index = u16::try_from(index).map_err(|_| WatchError::TooManyFolders)?;
        Ok(Scanner::start(index, root, settings.clone(), seen.clone())?)
    };
    roots.into_iter().enumerate().map(start).collect()
}
