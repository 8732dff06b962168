//! Reads the files that `fixtures.py` wrote, and what is left of them when they are damaged.

mod corpora;
mod damaged;
mod pickles;
mod weights;

use std::path::PathBuf;

/// A file that `fixtures.py` wrote.
pub(crate) fn file(name: &str) -> PathBuf {
    let folder = env!("CARGO_MANIFEST_DIR");
    PathBuf::from(folder).join("src/tests/files").join(name)
}
