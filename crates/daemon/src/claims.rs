//! Several runs may write to one folder of reports: each claims a recording before it looks
//! whether that has a report, and keeps the claim until it has written one.
//!
//! A claim is a lock on one byte of the empty file `OUT/.undertone/claims`, at an offset made of
//! the recording's path. The kernel releases it when the run ends, however it ends, so that there
//! is nothing to clear away. Two paths with the same offset (one pair among billions) only wait
//! for each other.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;

/// The claims on the recordings of a folder of reports.
#[derive(Clone, Debug)]
pub struct Claims(Arc<File>);

/// A recording that no other run works on; released when it is dropped.
#[derive(Debug)]
pub struct Claim {
    file: Arc<File>,
    at: i64,
}

impl Claims {
    /// Opens the file, and makes it where it is missing.
    ///
    /// # Errors
    /// When it can be neither read nor made.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)?;
        Ok(Self(Arc::new(file)))
    }

    /// Claims the recording with this path below its input; `None` while another run has it.
    #[must_use]
    pub fn claim(&self, relative: &Path) -> Option<Claim> {
        let at = offset(relative);
        match lock(&self.0, libc::F_WRLCK, at) {
            Err(error) if is_taken(&error) => None,
            // On a file system without locks nobody can be asked.
            _ => Some(Claim {
                file: self.0.clone(),
                at,
            }),
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        let _ = lock(&self.file, libc::F_UNLCK, self.at);
    }
}

fn offset(relative: &Path) -> i64 {
    let hash = blake3::hash(relative.as_os_str().as_bytes());
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&hash.as_bytes()[..8]);
    // Offsets are positive, and there must be room for the byte itself.
    i64::from_le_bytes(bytes) & (i64::MAX >> 1)
}

fn is_taken(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EAGAIN | libc::EACCES))
}

/// Locks or unlocks one byte. The lock belongs to the open file, not to the process: worker
/// processes do not have it.
fn lock(file: &File, kind: libc::c_int, at: i64) -> io::Result<()> {
    let short = |number: libc::c_int| libc::c_short::try_from(number).unwrap_or_default();
    let range = libc::flock {
        l_type: short(kind),
        l_whence: short(libc::SEEK_SET),
        l_start: at,
        l_len: 1,
        l_pid: 0,
    };
    // SAFETY: the descriptor is open, and the kernel only reads `range`, which outlives the call.
    let locked = unsafe { libc::fcntl(file.as_raw_fd(), libc::F_OFD_SETLK, &raw const range) };
    match locked {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recording_is_claimed_by_one_run_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("claims");
        let (one, other) = (Claims::open(&path).unwrap(), Claims::open(&path).unwrap());
        let (a, b) = (Path::new("day/a.mp4"), Path::new("day/b.mp4"));
        let first = one.claim(a).unwrap();
        assert!(other.claim(a).is_none());
        assert!(other.claim(b).is_some(), "each has a byte of its own");
        drop(first);
        let second = other.claim(a).unwrap();
        assert!(one.claim(a).is_none());
        drop(second);
        assert!(one.claim(a).is_some());
        assert_eq!(std::fs::metadata(&path).unwrap().len(), 0);
    }
}
