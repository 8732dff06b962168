//! Whether a program is still writing a file.

use std::fs::File;
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Whether a program has a file open for writing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writers {
    /// No program has.
    None,
    /// A program has.
    Some,
    /// The file system cannot tell, or we lack the permission to ask.
    Unknown,
}

/// Asks the kernel for a read lease, which it grants only while no program has the file open
/// for writing (fcntl(2), "Leases"), and releases it at once. Works on local file systems, for
/// the owner of the file and with the capability `CAP_LEASE`.
///
/// A program that opens the file in just that moment waits until the lease is released; the
/// kernel then sends us SIGIO, whose default action (to end the process) must be changed.
pub fn writers(path: &Path) -> Writers {
    let Ok(file) = File::open(path) else {
        return Writers::Unknown;
    };
    match lease(&file, libc::F_RDLCK) {
        Ok(()) => {
            // Closing the file releases it as well.
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

/// Number of the capability that allows leases on files of other users (capabilities(7)).
const CAP_LEASE: u32 = 28;

/// True when [`writers`] is expected to work for the files of a folder: the folder belongs to
/// us, or we have the capability. A file of another user in it still gives
/// [`Writers::Unknown`].
pub fn may_ask(folder: &Path) -> bool {
    let owner = std::fs::metadata(folder).map(|facts| facts.uid());
    owner.is_ok_and(|owner| owner == rustix::process::geteuid().as_raw()) || has_capability()
}

fn has_capability() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let effective = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
    let effective = effective.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    effective.is_some_and(|mask| mask & (1 << CAP_LEASE) != 0)
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
            eprintln!("skipped: this file system grants no leases");
            return;
        }
        assert_eq!((during, after), (Writers::Some, Writers::None));
        assert_eq!(writers(&folder.path().join("absent")), Writers::Unknown);
    }

    #[test]
    fn in_our_own_folders_we_may_ask() {
        assert!(may_ask(tempfile::tempdir().unwrap().path()));
        assert!(!may_ask(Path::new("/no/such")) || has_capability());
    }
}
