//! Hashes files, on a thread of its own: large ones take a while.

use crossbeam_channel::{Receiver, Sender};

use super::facts::FileFacts;
use undertone_discovery::{Found, identify};
use undertone_types::{Recording, RecordingId};

/// What became of a file that was to be hashed.
#[derive(Debug)]
pub struct Identified {
    /// Which.
    pub found: Found,
    /// What identifies it; an error, or nothing when it changed meanwhile.
    pub recording: std::io::Result<Option<Recording>>,
}

/// Hashes what is asked for until nobody asks any more.
pub fn identify_all(asked: &Receiver<Found>, tell: &Sender<Identified>) {
    for found in asked {
        let recording = identify_one(&found);
        if tell.send(Identified { found, recording }).is_err() {
            return;
        }
    }
}

fn identify_one(found: &Found) -> std::io::Result<Option<Recording>> {
    let recording = identify(found, RecordingId(0))?;
    let after = FileFacts::of(&found.path)?;
    let is_same = after.size_bytes == recording.size_bytes && after.modified == recording.modified;
    Ok(is_same.then_some(recording))
}
