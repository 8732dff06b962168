//! Watches folders and keeps their reports up to date, for months.
//!
//! ```text
//! eyes ─► supervisor ─► worker (the chain, in a process of its own)
//!  ▲          │  ▲            │
//!  └── waits ─┘  └── events ──┘
//! ```
//!
//! `eyes` notice files and wait until they are whole. `supervisor` is the only one that
//! decides: it looks a file up in the ledger (the reports), has it hashed, records the
//! attempt, gives it to the worker, and writes down what became of it. The worker is this
//! same program (`undertone worker`): when a decoder or a model takes it down, a new one
//! takes its place. Nothing here knows a model or a codec.

mod attempts;
mod catalogue;
mod combined;
mod crew;
mod eyes;
mod facts;
mod health;
mod hooks;
mod http;
mod identify;
mod lines;
mod metrics;
mod process;
mod protocol;
mod queue;
mod roots;
mod settle;
mod state;
mod status;
mod supervisor;
mod verdict;
mod worker;
mod writers;

pub use protocol::{Event, Job, Order, Pulse, Setup, StagePulse};
pub use roots::{Root, RootError, roots};
pub use state::{StateError, StateFolder};
pub use status::{Counts, Snapshot, UnderWay};
pub use supervisor::{Calls, Ending, Reload, Supervisor, WatchError, Watching};
pub use worker::{InProcess, Workshop};
