//! The promises of `docs/daemon.md`, held against a simulated disk, clock and worker.

mod promises;
mod regressions;
mod world;
