//! `OUT/.undertone`: the daemon's own files beside the reports.
//!
//! | file | what |
//! | --- | --- |
//! | `lock` | held by the one daemon that writes to this folder, or by runs together |
//! | `claims` | which recordings the runs are working on, see `claims` |
//! | `attempts.jsonl` | attempts that have begun and not ended |
//! | `status.json` | the daemon's status, for `undertone status` |
//!
//! None of it says which recordings are done: the reports do.

use std::fs::{File, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

use undertone_reports::STATE_FOLDER;

use super::claims::Claims;
use super::status::Snapshot;

/// The daemon's own folder, locked.
#[derive(Debug)]
pub struct StateFolder {
    path: PathBuf,
    // Unlocked by the system when the process ends, however it ends.
    _lock: File,
}

/// The folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// Another daemon has locked it.
    #[error(
        "another daemon (process {process}) writes to {out:?}; \
         stop it, or give this one another --out"
    )]
    Taken {
        /// Folder of the reports.
        out: PathBuf,
        /// The other's process id, if it is known.
        process: String,
    },
    /// A daemon writes to the folder, and a run wants to.
    #[error(
        "`undertone watch` (process {process}) writes to {out:?}, and scores what is in its \
         folders; stop it, or give this run another --out"
    )]
    Watched {
        /// Folder of the reports.
        out: PathBuf,
        /// The daemon's process id, if it is known.
        process: String,
    },
    /// A run writes to the folder, and a daemon wants to.
    #[error("`undertone run` is writing to {0:?}; start again when it has ended")]
    Running(PathBuf),
    /// It cannot be written to.
    #[error("cannot write {path:?}; check its permissions and the free space on the disk")]
    Io {
        /// Which file.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
}

impl StateError {
    /// True when the command line names a folder that this command must not write to.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        matches!(self, Self::Watched { .. })
    }
}

/// The state folder, shared by runs: no daemon writes to the reports meanwhile.
#[derive(Debug)]
pub struct SharedFolder {
    path: PathBuf,
    _lock: File,
}

impl SharedFolder {
    /// Makes the folder if it does not exist, and locks it together with other runs.
    ///
    /// # Errors
    /// When a daemon has locked it, or it cannot be written to.
    pub fn open(out: &Path) -> Result<Self, StateError> {
        let (path, mut lock) = open_lock(out)?;
        match lock.try_lock_shared() {
            Err(TryLockError::WouldBlock) => Err(StateError::Watched {
                out: out.to_owned(),
                process: said_holder(&mut lock),
            }),
            // On a file system without locks nobody can be asked.
            _ => Ok(Self { path, _lock: lock }),
        }
    }

    /// The claims on recordings.
    ///
    /// # Errors
    /// When their file cannot be opened.
    pub fn claims(&self) -> Result<Claims, StateError> {
        let path = self.path.join("claims");
        Claims::open(&path).map_err(|source| StateError::Io { path, source })
    }
}

/// Makes the state folder if it does not exist, and opens its lock.
fn open_lock(out: &Path) -> Result<(PathBuf, File), StateError> {
    let path = out.join(STATE_FOLDER);
    let refused = |path: &Path| {
        let path = path.to_owned();
        move |source| StateError::Io { path, source }
    };
    std::fs::create_dir_all(&path).map_err(refused(&path))?;
    let file = path.join("lock");
    let lock = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&file)
        .map_err(refused(&file))?;
    Ok((path, lock))
}

impl StateFolder {
    /// Makes the folder if it does not exist, and locks it.
    ///
    /// # Errors
    /// When another daemon or a run has locked it, or it cannot be written to.
    pub fn open(out: &Path) -> Result<Self, StateError> {
        let (path, mut lock) = open_lock(out)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) if lock.try_lock_shared().is_ok() => {
                return Err(StateError::Running(out.to_owned()));
            }
            Err(TryLockError::WouldBlock) => {
                return Err(StateError::Taken {
                    out: out.to_owned(),
                    process: said_holder(&mut lock),
                });
            }
            Err(TryLockError::Error(source)) => {
                let path = path.join("lock");
                return Err(StateError::Io { path, source });
            }
        }
        let pid = std::process::id().to_string();
        let written = lock
            .set_len(0)
            .and_then(|()| lock.write_all(pid.as_bytes()));
        // Only for error messages; a full disk must not keep the daemon from starting.
        let _ = written;
        // The status of the previous daemon is out of date.
        let _ = std::fs::remove_file(path.join("status.json"));
        Ok(Self { path, _lock: lock })
    }

    /// The process id of the daemon that writes to `out`, if one is running.
    #[must_use]
    pub fn daemon(out: &Path) -> Option<u32> {
        let mut lock = File::options()
            .read(true)
            .open(out.join(STATE_FOLDER).join("lock"))
            .ok()?;
        match lock.try_lock_shared() {
            Err(TryLockError::WouldBlock) => holder(&mut lock),
            _ => None,
        }
    }

    /// Where attempts are recorded.
    #[must_use]
    pub fn attempts(&self) -> PathBuf {
        self.path.join("attempts.jsonl")
    }

    /// A file that is written to see whether the disk has space.
    #[must_use]
    pub fn probe(&self) -> PathBuf {
        self.path.join("probe")
    }

    /// Writes the status; readers see the old one or the new one, never a part.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write_status(&self, snapshot: &Snapshot) -> io::Result<()> {
        let (fresh, place) = (self.path.join("status.tmp"), self.path.join("status.json"));
        let written = std::fs::write(&fresh, serde_json::to_vec(snapshot)?);
        let placed = written.and_then(|()| std::fs::rename(&fresh, place));
        placed.inspect_err(|_| drop(std::fs::remove_file(&fresh)))
    }

    /// Reads the last status of the daemon that writes to `out`.
    #[must_use]
    pub fn read_status(out: &Path) -> Option<Snapshot> {
        let text = std::fs::read(out.join(STATE_FOLDER).join("status.json")).ok()?;
        serde_json::from_slice(&text).ok()
    }
}

fn said_holder(lock: &mut File) -> String {
    holder(lock).map_or("?".to_owned(), |process| process.to_string())
}

fn holder(lock: &mut File) -> Option<u32> {
    let mut text = String::new();
    lock.rewind().ok()?;
    lock.read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_one_daemon_for_a_folder() {
        let out = tempfile::tempdir().unwrap();
        assert_eq!(StateFolder::daemon(out.path()), None);
        let first = StateFolder::open(out.path()).unwrap();
        assert_eq!(StateFolder::daemon(out.path()), Some(std::process::id()));
        let error = StateFolder::open(out.path()).unwrap_err().to_string();
        assert!(
            error.contains(&format!("process {}", std::process::id())),
            "{error}"
        );
        drop(first);
        assert_eq!(StateFolder::daemon(out.path()), None);
        StateFolder::open(out.path()).unwrap();
    }

    #[test]
    fn runs_share_a_folder_but_not_with_a_daemon() {
        let out = tempfile::tempdir().unwrap();
        let runs = [(); 2].map(|()| SharedFolder::open(out.path()).unwrap());
        assert_eq!(StateFolder::daemon(out.path()), None);
        let refused = StateFolder::open(out.path()).unwrap_err();
        assert!(matches!(refused, StateError::Running(_)), "{refused}");
        drop(runs);
        let daemon = StateFolder::open(out.path()).unwrap();
        let refused = SharedFolder::open(out.path()).unwrap_err();
        let process = format!("process {}", std::process::id());
        assert!(refused.is_usage(), "{refused}");
        assert!(refused.to_string().contains(&process), "{refused}");
        drop(daemon);
        SharedFolder::open(out.path()).unwrap();
    }
}
