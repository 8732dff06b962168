//! The worker process of `run` and `watch`: runs the chain over the recordings that it is given, and reports
//! the result of each. The protocol is defined in `undertone_daemon`.

mod fault_injection;
mod serve;

pub use serve::{Service, serve};
