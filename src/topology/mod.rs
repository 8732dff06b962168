//! The chain: stages as threads, joined by bounded channels.
//!
//! ```text
//! source ─► decode ─► transcribe ─► represent ─► observe ─► fuse ─► report
//! ```
//!
//! Linear on purpose: no joins and no cycles, so no deadlock. Only the source can be asked to
//! stop; every other stage ends when its input ends. A failed recording is a message like any
//! other; an error of a stage itself ends the run, and the first one is kept as the cause. What
//! a stage does with a message is in [`stages`](crate::stages), not here.

mod chain;
mod cores;
mod loops;
mod stop;
#[cfg(test)]
mod tests;
mod worker;

pub use chain::{Chain, Engines, run};
pub use cores::Cores;
pub use stop::{StageError, Stop};
