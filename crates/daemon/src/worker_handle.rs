//! Starts workers, which score in a process of their own or in this one, and sends them orders.

use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;

use crossbeam_channel::{Receiver, Sender, unbounded};

use crate::core::WorkerEnd;
use crate::process::Process;
use crate::protocol::{Event, Job, Order, Setup};

/// Runs the chain in this process until its orders end; returns the reason when it fails.
pub type InProcess = Arc<
    dyn Fn(Setup, &Receiver<Order>, &(dyn Fn(Event) + Sync)) -> Result<(), String> + Send + Sync,
>;

/// Opens what the standard error of a worker process is passed on to; gets whole lines.
pub type WorkerLog = Arc<dyn Fn() -> Box<dyn Write + Send> + Send + Sync>;

/// Makes workers.
#[derive(Clone)]
pub enum Workshop {
    /// Each in a process of its own: a crash does not reach the daemon.
    Process(WorkerLog),
    /// In threads of this process.
    Thread(InProcess),
}

/// What a worker reports.
#[derive(Debug)]
pub enum Output {
    /// It sent an event.
    Event(Event),
    /// It has ended; always the last report.
    Ended(WorkerEnd),
}

/// A worker that was started.
pub struct WorkerHandle {
    orders: Sender<Order>,
    process: Option<Process>,
}

impl Workshop {
    /// Starts a worker; `report` gets all that it reports. A worker process ends with the thread
    /// that calls this.
    ///
    /// # Errors
    /// When the system cannot start it.
    pub fn start(
        &self,
        setup: Setup,
        report: impl Fn(Output) + Send + Sync + 'static,
    ) -> io::Result<WorkerHandle> {
        let (orders, taken) = unbounded();
        let process = match self {
            Self::Process(log) => {
                let process = Process::start(taken, log(), report)?;
                let _ = orders.send(Order::Begin(Box::new(setup)));
                Some(process)
            }
            Self::Thread(serve) => {
                let serve = serve.clone();
                let body = move || {
                    let served = || serve(setup, &taken, &|event| report(Output::Event(event)));
                    let ended = catch_unwind(AssertUnwindSafe(served))
                        .unwrap_or_else(|_| Err("it panicked".to_owned()));
                    report(Output::Ended(WorkerEnd {
                        success: ended.is_ok(),
                        signal: None,
                        how: ended.err().unwrap_or_else(|| "it has finished".to_owned()),
                        last_lines: Vec::new(),
                    }));
                };
                thread::Builder::new()
                    .name("worker".to_owned())
                    .spawn(body)?;
                None
            }
        };
        Ok(WorkerHandle { orders, process })
    }
}

impl WorkerHandle {
    /// Gives it a recording. A worker that has ended ignores it; its end is reported anyway.
    pub fn give(&self, job: Job) {
        let _ = self.orders.send(Order::Score(job));
    }

    /// Asks it to finish the recordings that it has, and to end.
    pub fn finish(&self) {
        let _ = self.orders.send(Order::Finish);
    }

    /// Kills it; `false` for a worker in this process, which cannot be killed.
    pub fn kill(&self) -> bool {
        self.process.as_ref().is_some_and(|process| {
            process.kill();
            true
        })
    }

    /// Asks it to finish the recordings that it has opened, and to end.
    pub fn finish_open(&self) {
        let _ = self.orders.send(Order::FinishOpen);
    }

    /// The number of its process; none for a worker in this process.
    pub fn process(&self) -> Option<u32> {
        Some(self.process.as_ref()?.number())
    }

    /// The most memory that its process ever held, in bytes.
    pub fn peak_memory_bytes(&self) -> Option<u64> {
        self.process.as_ref()?.peak_memory_bytes()
    }

    /// Memory that its process holds, in bytes.
    pub fn memory_bytes(&self) -> Option<u64> {
        self.process.as_ref()?.memory_bytes()
    }
}
