//! A file to be scored.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::Failure;

/// Position of a recording in its run; unique within the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RecordingId(pub u64);

/// A file to be scored and what identifies it.
#[derive(Clone, Debug, PartialEq)]
pub struct Recording {
    /// Unique within the run.
    pub id: RecordingId,
    /// Where it is.
    pub path: PathBuf,
    /// Path relative to the input it was found under; reports mirror it.
    pub relative: PathBuf,
    /// Size in bytes.
    pub size_bytes: u64,
    /// Last modification, where the file system knows it.
    pub modified: Option<SystemTime>,
    /// BLAKE3 of the content, lower-case hexadecimal.
    pub blake3: String,
    /// Where it lies, if `path` is a copy that was fetched; reports name this place.
    pub remote: Option<Remote>,
}

/// The place of a recording in an object store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remote {
    /// Its address, for example `s3://bucket/day/a.mp4`.
    pub url: String,
    /// The store's name for this version of it, if the store gives one.
    pub etag: Option<String>,
}

/// What the source gives to the chain.
#[derive(Clone, Debug)]
pub enum SourceItem {
    /// A recording to be scored.
    Recording(Arc<Recording>),
    /// A file that was found but cannot be read.
    Unreadable(Arc<Recording>, Failure),
}
