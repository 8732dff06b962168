//! A fleet: the real program as submitter and workers, at a real nats-server, with a folder or a
//! real S3-compatible store (`make test-fleet`).

mod chaos;
mod crew;
mod failures;
#[expect(dead_code, reason = "the tests of the crate need more of it")]
#[path = "../../../crates/fleet/tests/fleet/servers.rs"]
mod servers;
mod trouble;
mod work;
