//! What is known of a file without reading it.

use std::io;
use std::path::Path;
use std::time::SystemTime;

/// Size and modification time: while both stay the same, the content is taken to be the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileFacts {
    /// Size in bytes.
    pub size_bytes: u64,
    /// Last modification.
    pub modified: Option<SystemTime>,
}

impl FileFacts {
    /// Reads them from the file system; links are followed.
    ///
    /// # Errors
    /// When the file does not exist, or is not a regular file.
    pub fn of(path: &Path) -> io::Result<Self> {
        let metadata = std::fs::metadata(path)?;
        if !metadata.is_file() {
            return Err(io::Error::new(
                io::ErrorKind::NotFound,
                "not a regular file",
            ));
        }
        Ok(Self {
            size_bytes: metadata.len(),
            modified: metadata.modified().ok(),
        })
    }
}
