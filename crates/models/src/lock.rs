//! One process at a time works on a bundle.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use crate::{Progress, PullError};

/// Holds a bundle until it is dropped, or the process ends.
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes hold of the bundle `name` in `bundles`; waits while another process has it.
    pub(crate) fn take(
        bundles: &Path,
        name: &str,
        tell: &mut dyn FnMut(Progress<'_>),
    ) -> Result<Self, PullError> {
        let path = bundles.join(format!(".{name}.lock"));
        let file = File::create(&path).map_err(PullError::disk(&path))?;
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => {
                tell(Progress::Waiting);
                file.lock().map_err(PullError::disk(&path))?;
            }
            // A file system without locks is no reason not to work.
            Ok(()) | Err(TryLockError::Error(_)) => {}
        }
        Ok(Self { _file: file })
    }
}

/// Where a bundle is made: what is there is left for the next attempt.
pub(crate) fn workplace(bundles: &Path, name: &str) -> PathBuf {
    bundles.join(format!(".{name}.partial"))
}
