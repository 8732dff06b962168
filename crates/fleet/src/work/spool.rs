//! The spool: a folder for fetched recordings and finished reports. What is fetched at once is
//! bounded; what a killed worker left is removed by the next one on that machine.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::TempDir;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use undertone_daemon::Claims;
use undertone_types::RecordingId;

use crate::FleetError;

const NAME: &str = "undertone-spool-";
/// Held while the worker of a spool lives.
const LOCK: &str = "lock";
const MEGABYTE: u64 = 1_000_000;

/// A folder of a worker's own.
#[derive(Debug)]
pub struct Spool {
    folder: TempDir,
    reports: PathBuf,
    claims: Claims,
    /// Room, in megabytes.
    room: Arc<Semaphore>,
    room_mb: u64,
    _lock: File,
}

/// A recording's part of the spool; its files are removed with it.
#[derive(Debug)]
pub struct Berth {
    folder: PathBuf,
    _room: Option<OwnedSemaphorePermit>,
}

impl Spool {
    /// Makes a spool in a folder, with room for so many megabytes of recordings; empty: in the
    /// system's folder of temporary files.
    ///
    /// # Errors
    /// When it cannot be written there.
    pub fn make(folder: &str, room_mb: u64) -> Result<Self, FleetError> {
        let parent = match folder {
            "" => std::env::temp_dir(),
            folder => folder.into(),
        };
        let failed = |source| FleetError::Io {
            what: format!(
                "there can be no spool in {parent:?}; name another folder in `fleet.spool`"
            ),
            source,
        };
        std::fs::create_dir_all(&parent).map_err(failed)?;
        sweep(&parent);
        let folder = tempfile::Builder::new()
            .prefix(NAME)
            .tempdir_in(&parent)
            .map_err(failed)?;
        // It gets its name when it is held: another worker that finds it free removes the spool.
        let unnamed = folder.path().join("lock.new");
        let lock = File::create(&unnamed).map_err(failed)?;
        lock.lock().map_err(failed)?;
        std::fs::rename(&unnamed, folder.path().join(LOCK)).map_err(failed)?;
        let reports = folder.path().join("reports");
        std::fs::create_dir(&reports).map_err(failed)?;
        Ok(Self {
            claims: Claims::open(&folder.path().join("claims")).map_err(failed)?,
            reports,
            room: Arc::new(Semaphore::new(permits(room_mb) as usize)),
            room_mb,
            folder,
            _lock: lock,
        })
    }

    /// Where the batch puts reports.
    pub fn reports(&self) -> &Path {
        &self.reports
    }

    /// Claims, as a batch wants them.
    pub fn claims(&self) -> &Claims {
        &self.claims
    }

    /// A place for what belongs to a recording, with room for so many bytes, waiting for it if need
    /// be; `None` where there will never be so much.
    pub async fn berth(&self, id: RecordingId, bytes: u64) -> io::Result<Option<Berth>> {
        let needed_mb = bytes.div_ceil(MEGABYTE);
        if needed_mb > self.room_mb {
            return Ok(None);
        }
        let room = match needed_mb {
            0 => None,
            needed => Some(
                (self.room.clone())
                    .acquire_many_owned(permits(needed))
                    .await
                    .expect("this semaphore is never closed"),
            ),
        };
        let folder = self.folder.path().join(id.0.to_string());
        std::fs::create_dir_all(&folder)?;
        Ok(Some(Berth {
            folder,
            _room: room,
        }))
    }

    /// Room in megabytes.
    pub fn room_mb(&self) -> u64 {
        self.room_mb
    }
}

impl Berth {
    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

impl Drop for Berth {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn permits(megabytes: u64) -> u32 {
    u32::try_from(megabytes).unwrap_or(u32::MAX)
}

/// Removes spools whose worker is gone.
fn sweep(parent: &Path) {
    let entries = std::fs::read_dir(parent).into_iter().flatten();
    for folder in entries.filter_map(Result::ok).map(|entry| entry.path()) {
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        if !name.starts_with(NAME) {
            continue;
        }
        // Without a lock it is being made, or somebody else's.
        let Ok(lock) = File::open(folder.join(LOCK)) else {
            continue;
        };
        match lock.try_lock() {
            Ok(()) => {
                tracing::info!(?folder, "removed the spool of a killed worker");
                let _ = std::fs::remove_dir_all(&folder);
            }
            Err(TryLockError::WouldBlock | TryLockError::Error(_)) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_a_killed_worker_left_is_removed_and_nothing_else() {
        let parent = tempfile::tempdir().unwrap();
        let parent_name = parent.path().to_str().unwrap();
        let alive = Spool::make(parent_name, 10).unwrap();
        let killed = Spool::make(parent_name, 10).unwrap();
        let left = killed.folder.path().to_owned();
        // As after a kill: the lock is gone, the folder is not.
        let Spool { folder, _lock, .. } = killed;
        let _ = folder.keep();
        drop(_lock);
        std::fs::create_dir(parent.path().join("undertone-spool-of-mine")).unwrap();
        let next = Spool::make(parent_name, 10).unwrap();
        assert!(!left.exists());
        assert!(alive.reports().is_dir() && next.reports().is_dir());
        assert!(parent.path().join("undertone-spool-of-mine").is_dir());
    }

    #[test]
    fn workers_that_start_together_leave_each_others_spools() {
        let parent = tempfile::tempdir().unwrap();
        let parent_name = parent.path().to_str().unwrap();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..50 {
                        let spool = Spool::make(parent_name, 10).unwrap();
                        assert!(spool.reports().is_dir());
                    }
                });
            }
        });
    }

    #[test]
    fn what_is_fetched_at_once_is_bounded() {
        let parent = tempfile::tempdir().unwrap();
        let spool = Spool::make(parent.path().to_str().unwrap(), 10).unwrap();
        let runtime = crate::work::runtime().unwrap();
        runtime.block_on(async {
            let large = spool.berth(RecordingId(0), 10_000_001).await.unwrap();
            assert!(large.is_none(), "it will never fit");
            let first = spool
                .berth(RecordingId(1), 6_000_000)
                .await
                .unwrap()
                .unwrap();
            let waiting = spool.berth(RecordingId(2), 6_000_000);
            let waited = tokio::time::timeout(Duration::from_millis(20), waiting).await;
            assert!(waited.is_err(), "there is no room yet");
            std::fs::write(first.folder().join("a.mp4"), "x").unwrap();
            let folder = first.folder().to_owned();
            drop(first);
            assert!(!folder.exists());
            spool
                .berth(RecordingId(2), 6_000_000)
                .await
                .unwrap()
                .unwrap();
        });
    }
}
