//! Many machines that share the work: a queue of recordings (NATS JetStream), and a store for
//! recordings and reports (a folder that all of them see, or an S3-compatible store).
//!
//! ```text
//!             submit                         work (any number)
//! recordings ───────► queue (one message ──► look ─► fetch ─► score ─► send ─► acknowledge
//!  in a store          for each report)       │               (the same worker process as
//!                        ▲                    └─► done, dead    `run` and `watch`)
//!                        └──── not yet ◄──────────┘
//! ```
//!
//! - **The ledger is the reports**, here too. The queue knows what is *not* done: a message is
//!   deleted once its report, or its failure record for good, lies in the store. A job that comes
//!   twice finds its report, and is acknowledged unscored.
//! - **One message for each report**: its subject is made of the recording's name and version, the
//!   bundle and the settings, and the stream refuses a second one (`job`).
//! - `decide` makes all decisions about a job, and does nothing else.
//!
//! This is the only crate with an async runtime (of one thread). What must not live here: how a
//! recording is scored, and limits and crashes of the process that scores (see `daemon`'s batch).

mod address;
mod control;
mod decide;
mod destination;
mod error;
mod job;
mod names;
mod place;
mod queue;
mod source;
mod status;
mod store;
mod submit;
mod work;

pub use address::QueueAddress;
pub use control::{Answer, InWork};
pub use error::FleetError;
pub use job::{Job, JobMark};
pub use place::Place;
pub use status::{BundleState, DeadLetter, FleetState, Retry, dead_letters, drain, retry, state};
pub use submit::{Fate, Submission, SubmitEvent, SubmitTotals, submit};
pub use work::{FleetWorker, WorkOptions, WorkTotals};
