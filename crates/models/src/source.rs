//! Checks of files by size and SHA-256.

use std::path::Path;

use undertone_bundle::sha256_of;

use crate::PullError;

/// Compares a file with what it should be. `what` names it in the error.
pub(crate) fn check(
    path: &Path,
    what: &str,
    size_bytes: u64,
    sha256: &str,
) -> Result<(), PullError> {
    let (got, got_bytes) = sha256_of(path).map_err(PullError::disk(path))?;
    if got == sha256 && got_bytes == size_bytes {
        return Ok(());
    }
    Err(PullError::OtherContent {
        what: what.to_owned(),
        size_bytes,
        expected: sha256.to_owned(),
        got_bytes,
        got,
        removed: false,
    })
}

/// True when a file is there and is what it should be.
pub(crate) fn is_right(path: &Path, size_bytes: u64, sha256: &str) -> bool {
    let has_size = std::fs::metadata(path).is_ok_and(|facts| facts.len() == size_bytes);
    has_size && check(path, "", size_bytes, sha256).is_ok()
}
