//! Contents of recordings, each with its own fate.

use blake3::Hash;
use undertone_types::Cause;

/// What happens to a recording, decided by its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nature {
    Good,
    Bad,
    Poison,
    Hangs,
    /// Fails so many times, then succeeds.
    Flaky(Cause, u32),
}

pub fn nature(content: u8) -> Nature {
    match content {
        0..=3 => Nature::Good,
        4 => Nature::Bad,
        5 => Nature::Poison,
        6 => Nature::Hangs,
        7 => Nature::Flaky(Cause::Io, 12),
        8 => Nature::Flaky(Cause::Engine, 2),
        _ => Nature::Flaky(Cause::Environment, 3),
    }
}

/// Number of different contents.
pub const CONTENTS: u8 = 10;

pub fn hash(content: u8) -> Hash {
    blake3::hash(&[content])
}

pub(super) fn content_of(hash: Hash) -> u8 {
    (0..CONTENTS)
        .find(|content| self::hash(*content) == hash)
        .unwrap()
}
