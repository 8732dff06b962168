//! The chain: stages as threads, joined by bounded channels.
//!
//! ```text
//! source ─► decode ─► transcribe ─► represent ─► observe ─► fuse ─► report
//! ```
//!
//! Linear on purpose: no joins, no cycles, so no deadlock. Only the source is ever
//! told to stop; every other stage ends when its input ends. A failed recording is a
//! message like any other; a fault of the machinery itself ends the run, and the
//! first one is kept as the cause.

mod chain;
mod loops;
mod stop;
#[cfg(test)]
mod tests;
mod worker;

pub use chain::{Chain, Engines, run};
pub use stop::{Fault, Stop};
