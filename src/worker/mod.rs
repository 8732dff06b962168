//! The worker process of the daemon: runs the chain over the recordings that it is given, and
//! tells what becomes of each. The protocol between the two is `undertone_daemon`'s.

mod fault_injection;
mod serve;

pub use serve::{Service, serve};
