//! Starts workers and talks to them. They score, in a process of their own or in this one.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;

use crossbeam_channel::{Receiver, Sender, unbounded};

use crate::core::{Input, WorkerEnd};
use crate::process::Process;
use crate::protocol::{Event, Job, Order, Setup};

/// Runs the chain in this process until its orders end: gives the reason when it cannot.
pub type InProcess = Arc<
    dyn Fn(Setup, &Receiver<Order>, &(dyn Fn(Event) + Sync)) -> Result<(), String> + Send + Sync,
>;

/// Makes workers.
#[derive(Clone)]
pub enum Workshop {
    /// Each in a process of its own: a crash is its own.
    Process,
    /// In threads of this process.
    Thread(InProcess),
}

/// What is heard of a worker.
#[derive(Debug)]
pub enum Heard {
    /// It said something.
    Said(Event),
    /// It has ended; the last thing that is heard.
    Ended(WorkerEnd),
}

/// A worker that was started.
pub struct WorkerHandle {
    orders: Sender<Order>,
    process: Option<Process>,
}

impl Workshop {
    /// Starts a worker. All that is heard of it goes to `inputs`, with its number.
    ///
    /// # Errors
    /// When the system cannot start it.
    pub fn start(
        &self,
        number: u64,
        setup: Setup,
        inputs: Sender<Input>,
    ) -> io::Result<WorkerHandle> {
        let (orders, taken) = unbounded();
        let tell = move |heard| {
            let input = match heard {
                Heard::Said(event) => Input::Worker(number, event),
                Heard::Ended(end) => Input::WorkerEnded(number, end),
            };
            // Nobody listens only when the daemon ends.
            let _ = inputs.send(input);
        };
        let process = match self {
            Self::Process => {
                let process = Process::start(taken, tell)?;
                let _ = orders.send(Order::Begin(Box::new(setup)));
                Some(process)
            }
            Self::Thread(serve) => {
                let serve = serve.clone();
                let body = move || {
                    let served = || serve(setup, &taken, &|event| tell(Heard::Said(event)));
                    let ended = catch_unwind(AssertUnwindSafe(served))
                        .unwrap_or_else(|_| Err("it panicked".to_owned()));
                    tell(Heard::Ended(WorkerEnd {
                        success: ended.is_ok(),
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
    /// Gives it a recording. One that has ended takes nothing, and is heard of.
    pub fn give(&self, job: Job) {
        let _ = self.orders.send(Order::Score(job));
    }

    /// Asks it to finish what it has, and to end.
    pub fn finish(&self) {
        let _ = self.orders.send(Order::Finish);
    }

    /// Ends it at once; in this process that cannot be done, and `false` is returned.
    pub fn kill(&self) -> bool {
        self.process.as_ref().is_some_and(|process| {
            process.kill();
            true
        })
    }

    /// Memory that its process holds, in bytes.
    pub fn memory_bytes(&self) -> Option<u64> {
        self.process.as_ref()?.memory_bytes()
    }
}
