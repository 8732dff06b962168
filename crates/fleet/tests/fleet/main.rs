//! A fleet at a real nats-server, with a fake that scores: what it is given, without media.
//!
//! The tests of the store need `s3s-fs`, and are ignored by `cargo test`: `make test-fleet` runs
//! them. The real program is in `tests/program/fleet` of the top package.

#![expect(
    clippy::unwrap_used,
    reason = "clippy does not see that helpers of a test belong to it"
)]

mod failures;
mod fake;
mod jobs;
mod many_jobs;
mod servers;
mod stores;
mod workers;
