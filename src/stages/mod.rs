//! The stages of the chain, one file each: what a worker does with one message.
//!
//! Threads and channels are in [`topology`](crate::topology), engines and models in the crates
//! below.

pub mod cutter;
pub mod decode;
pub mod explain;
pub mod fuse;
pub mod observe;
pub mod panics;
pub mod passages;
pub mod report;
pub mod represent;
mod sidecar;
pub mod transcribe;
