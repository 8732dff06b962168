//! A worker: takes jobs from the queue at its own pace, and hands recordings to a batch that scores
//! them; the batch runs on the thread that started it, everything else on one thread here.

mod deliver;
mod desk;
mod exports;
mod finish;
mod metrics;
mod serve;
mod spool;
mod task;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, bounded, unbounded};
use undertone_config::Config;
use undertone_daemon::{BatchEvent, Sourced};
use undertone_exports::Format;
use undertone_reports::RunMark;

use crate::{FleetError, Place, QueueAddress};
use desk::Desk;
use serve::Worker;
use spool::Spool;

/// What a worker works with.
pub struct WorkOptions {
    /// Where jobs come from.
    pub queue: QueueAddress,
    /// Where reports go.
    pub out: Place,
    /// The settings.
    pub config: Config,
    /// Bundle and settings, as reports name them.
    pub mark: Arc<RunMark>,
    /// Formats in which each report goes out as well.
    pub exports: Vec<Format>,
    /// End when the queue has nothing left for this bundle.
    pub until_empty: bool,
    /// Set to finish what is in progress, and end; also set here when the worker is drained.
    pub stop: Arc<AtomicBool>,
    /// Called when what is in progress was not finished in the time that `shutdown.grace_s` gives;
    /// its jobs have been handed back.
    pub grace_over: Box<dyn FnOnce() + Send>,
}

/// What a worker did.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct WorkTotals {
    /// Recordings that got a report.
    pub done: u64,
    /// Jobs whose recording had its report already.
    pub known: u64,
    /// Attempts that failed, and are repeated.
    pub failed: u64,
    /// Jobs that became dead letters.
    pub dead: u64,
    /// Length of the recordings scored, in seconds.
    pub scored_s: f64,
}

/// A worker that takes jobs.
pub struct FleetWorker {
    desk: Arc<Desk>,
    spool: Arc<Spool>,
    sourced: Receiver<Sourced>,
    thread: JoinHandle<Result<(), FleetError>>,
}

impl FleetWorker {
    /// Connects to queue and store, and begins to take jobs.
    ///
    /// # Errors
    /// When one of them cannot be used, or there is no place for the spool.
    pub fn start(options: WorkOptions) -> Result<Self, FleetError> {
        let fleet = &options.config.fleet;
        let limit = match fleet.jobs {
            // Two recordings for each decoder, and as many as may wait in the chain.
            0 => 2 * options.config.stages.decode.workers + options.config.stages.queue,
            limit => limit,
        };
        let spool = Arc::new(Spool::make(&fleet.spool, fleet.spool_mb)?);
        let desk = Arc::new(Desk::default());
        let (give, sourced) = bounded(limit);
        let (tell, started) = unbounded();
        let (to_desk, to_spool) = (desk.clone(), spool.clone());
        let body = move || {
            let runtime = runtime()?;
            runtime.block_on(async {
                let worker = Worker::prepare(options, to_desk, to_spool, give, limit).await?;
                // The other side waits for this.
                let _ = tell.send(());
                drop(tell);
                worker.serve().await
            })
        };
        let thread = std::thread::Builder::new()
            .name("fleet".to_owned())
            .spawn(body)
            .map_err(|source| FleetError::Io {
                what: "cannot start a thread".to_owned(),
                source,
            })?;
        let worker = Self {
            desk,
            spool,
            sourced,
            thread,
        };
        match started.recv() {
            Ok(()) => Ok(worker),
            Err(_) => match worker.join() {
                Err(error) => Err(error),
                Ok(()) => Err(panicked()),
            },
        }
    }

    /// Where the batch puts reports; they are sent from there.
    #[must_use]
    pub fn reports(&self) -> &Path {
        self.spool.reports()
    }

    /// The recordings to be scored.
    #[must_use]
    pub fn sourced(&self) -> Receiver<Sourced> {
        self.sourced.clone()
    }

    /// Takes in what the batch tells.
    pub fn tell(&self, event: BatchEvent) {
        self.desk.tell(event);
    }

    /// The batch has ended: hands back what it left, and waits until what it did is sent.
    ///
    /// # Errors
    /// When the worker had to give up.
    pub fn finish(self) -> Result<WorkTotals, FleetError> {
        let desk = self.desk.clone();
        desk.close();
        self.join()?;
        Ok(desk.totals())
    }

    fn join(self) -> Result<(), FleetError> {
        // The batch has ended: nobody takes recordings any more.
        drop(self.sourced);
        self.thread.join().unwrap_or_else(|_| Err(panicked()))
    }
}

fn panicked() -> FleetError {
    FleetError::Io {
        what: "the thread that takes jobs has panicked: a defect of the program".to_owned(),
        source: std::io::Error::other("panic"),
    }
}

/// The runtime of a command: one thread, and those that wait for disks.
pub fn runtime() -> Result<tokio::runtime::Runtime, FleetError> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|source| FleetError::Io {
            what: "cannot start the thread for the network".to_owned(),
            source,
        })
}

fn is_set(flag: &AtomicBool) -> bool {
    flag.load(Ordering::Relaxed)
}
