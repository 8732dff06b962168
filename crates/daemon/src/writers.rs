//! Whether somebody is still writing a file.

use std::fs::File;
use std::os::fd::AsRawFd;
use std::path::Path;

/// Who has a file open to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writers {
    /// Nobody.
    None,
    /// Somebody.
    Some,
    /// The file system does not say, or not to us.
    Unknown,
}

/// Asks the kernel for a read lease, which it only gives while nobody has the file open to
/// write (fcntl(2), "Leases"), and hands it back at once. Works on local file systems, for
/// the owner of the file and for root.
///
/// Somebody who opens the file in just that moment waits for us until we let go; the
/// kernel tells us so by SIGIO, which must not be left at its default (to end the process).
pub fn writers(path: &Path) -> Writers {
    let Ok(file) = File::open(path) else {
        return Writers::Unknown;
    };
    match lease(&file, libc::F_RDLCK) {
        Ok(()) => {
            // Closing the file gives it back as well.
            let _ = lease(&file, libc::F_UNLCK);
            Writers::None
        }
        Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => Writers::Some,
        Err(_) => Writers::Unknown,
    }
}

fn lease(file: &File, kind: libc::c_int) -> std::io::Result<()> {
    // SAFETY: the descriptor is open for as long as `file` lives, and F_SETLEASE takes an
    // integer, no pointer.
    let answer = unsafe { libc::fcntl(file.as_raw_fd(), libc::F_SETLEASE, kind) };
    match answer {
        -1 => Err(std::io::Error::last_os_error()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_writer_is_noticed_where_the_file_system_tells() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.mp4");
        let file = File::create(&path).unwrap();
        let during = writers(&path);
        drop(file);
        let after = writers(&path);
        if after == Writers::Unknown {
            eprintln!("skipped: this file system gives no leases");
            return;
        }
        assert_eq!((during, after), (Writers::Some, Writers::None));
        assert_eq!(writers(&folder.path().join("absent")), Writers::Unknown);
    }
}
