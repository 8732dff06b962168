//! Workers: who scores. In a process of their own, or in this one.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;

use crossbeam_channel::{Receiver, Sender, unbounded};

use super::process::Process;
use super::protocol::{Event, Job, Order, Setup};

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
pub enum News {
    /// It said something.
    Said(Event),
    /// It has ended; the last thing that is heard.
    Ended(End),
}

/// How a worker ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    /// As it should.
    pub well: bool,
    /// In words.
    pub how: String,
    /// The last lines that it wrote to standard error.
    pub last_lines: Vec<String>,
}

/// A worker at work.
pub struct Worker {
    orders: Sender<Order>,
    process: Option<Process>,
}

impl Workshop {
    /// Starts a worker. All that is heard of it goes to `news`, with its number.
    ///
    /// # Errors
    /// When the system cannot start it.
    pub fn open(&self, number: u64, setup: Setup, news: Sender<(u64, News)>) -> io::Result<Worker> {
        let (orders, taken) = unbounded();
        let tell = move |said| {
            // Nobody listens only when the daemon ends.
            let _ = news.send((number, said));
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
                    let served = || serve(setup, &taken, &|event| tell(News::Said(event)));
                    let ended = catch_unwind(AssertUnwindSafe(served))
                        .unwrap_or_else(|_| Err("it panicked".to_owned()));
                    tell(News::Ended(End {
                        well: ended.is_ok(),
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
        Ok(Worker { orders, process })
    }
}

impl Worker {
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
