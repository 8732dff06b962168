//! The stages of the chain, one file each: what a worker does with one message.
//! Threads and channels are the business of [`topology`](crate::topology).

pub mod cutter;
pub mod decode;
pub mod fuse;
pub mod observe;
pub mod report;
pub mod represent;
pub mod transcribe;
