//! The chain at the service of the daemon: scores what it is told to, and says what becomes
//! of it. What the two say to each other is `undertone_daemon`'s protocol.

mod faults;
mod serve;

pub use serve::{Service, serve};
