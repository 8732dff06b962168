//! Bundles that are got from a real server on loopback, and from folders.

mod bundles;
mod catalogue;
mod demo;
mod downloads;
mod own_files;
mod resolving;
mod server;

use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::Network;

/// A network that gives up soon.
fn network() -> Network {
    Network {
        connect: Duration::from_secs(5),
        stall: Duration::from_millis(200),
        attempts: 3,
        pause: Duration::from_millis(1),
        proxy: false,
    }
}

fn sha256(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
