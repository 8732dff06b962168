//! Watches folders and keeps their reports up to date, for months without a restart.
//!
//! ```text
//! scanners ──► core ──► worker (the chain, in a process of its own)
//!   hashing ──►  │  ◄── events
//!  look-ups ──►  └────► records (attempts, failures, pointers, the combined file)
//! ```
//!
//! `core` makes all decisions, and does nothing else: it has no clock, no disk, no thread and no
//! process. `daemon` is the shell around it, which performs its effects: a scanner and a few
//! hashing threads for each folder, threads that read reports, one that writes records. The
//! worker is this same program (`undertone worker`): when a decoder or a model crashes it, a
//! new one replaces it.
//!
//! `batch` is the same for `undertone run`: another state machine and shell, over a finite number
//! of recordings, with the same workers, limits and failure records.
//!
//! What must not live here: models, codecs, the chain itself (the worker process runs it, see
//! `src/worker`), the format of reports (see `reports`).

mod announce;
mod attempts;
mod batch;
mod claims;
mod combined;
mod core;
mod daemon;
mod facts;
mod hashing;
mod health;
mod hooks;
mod http;
mod lines;
mod lookups;
mod metrics;
mod outdated;
mod process;
mod protocol;
mod records;
mod roots;
mod scanner;
mod state;
mod status;
mod worker_handle;

pub use batch::{BatchError, BatchEvent, BatchRun, Finished, Sourced};
pub use claims::{Claim, Claims};
pub use combined::remove_from_combined;
pub use core::{Ending, History, Next};
pub use daemon::{Call, Daemon, Reload, WatchError, Watching};
pub use hooks::{NoProgram, check_hooks};
pub use http::{Exposed, HttpError, answer};
pub use lines::{LastLines, pass_on};
pub use metrics::Format as MetricsFormat;
pub use process::how_it_ended;
pub use protocol::{Event, Heartbeat, Job, Order, Setup, StageHeartbeat};
pub use roots::{Root, RootError, roots};
pub use state::{SharedFolder, StateError, StateFolder};
pub use status::{Counts, InProgress, Snapshot};
pub use worker_handle::{InProcess, WorkerLog, Workshop};
