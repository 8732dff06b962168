//! Files that exist exactly when they are complete.

use std::fs::{File, Permissions, TryLockError};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::NamedTempFile;

/// How temporary names begin; the kernel that the writer ran under follows.
const PREFIX: &str = ".undertone-";
/// How temporary names end.
const SUFFIX: &str = ".tmp";
/// A temporary file whose writer cannot be asked is abandoned when nobody has written to it
/// for so long: longer than any write, and than clocks differ.
const ABANDONED_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// A file that is written under a temporary name in the folder of its final place.
/// [`commit`](Self::commit) moves it there; dropped before that, it is removed.
///
/// The temporary file is locked (`flock`) while it is written: [`is_abandoned`] tells by the
/// lock that its writer was killed.
#[derive(Debug)]
pub struct AtomicFile {
    writer: BufWriter<NamedTempFile>,
    path: PathBuf,
}

impl AtomicFile {
    /// Begins to write the file that will be at `path`. Its folder must exist.
    ///
    /// # Errors
    /// When the folder cannot be written to.
    pub fn create(path: &Path) -> io::Result<Self> {
        loop {
            let file = tempfile::Builder::new()
                .prefix(&format!("{PREFIX}{}-", kernel()))
                .suffix(SUFFIX)
                // Temporary files are private by default; these are to be read like any other.
                .permissions(Permissions::from_mode(0o666))
                .tempfile_in(folder_of(path))?;
            // A file system without locks is no reason not to write.
            let _ = file.as_file().try_lock();
            // Another process may have taken it for abandoned before it was locked.
            if file.path().exists() {
                return Ok(Self {
                    writer: BufWriter::new(file),
                    path: path.to_owned(),
                });
            }
        }
    }

    /// Syncs the file, renames it to its final place, and syncs the folder.
    ///
    /// # Errors
    /// When the disk refuses; then what was there before is still there.
    pub fn commit(self) -> io::Result<()> {
        let file = self
            .writer
            .into_inner()
            .map_err(|error| error.into_error())?;
        file.as_file().sync_all()?;
        file.persist(&self.path).map_err(|error| error.error)?;
        // Without this a crash may undo the rename.
        File::open(folder_of(&self.path))?.sync_all()
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

/// Replaces the file at `path` by one with these bytes, or leaves it as it is.
///
/// # Errors
/// When the disk refuses; then what was there before is still there.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = AtomicFile::create(path)?;
    file.write_all(bytes)?;
    file.commit()
}

/// True when `path` is the temporary file of an [`AtomicFile`] whose process was killed.
///
/// Of a writer under this kernel (in this container or another) the lock tells. Whether a
/// lock reaches from one machine to another depends on the file system, so another machine's
/// file counts as abandoned only when it is old as well.
#[must_use]
pub fn is_abandoned(path: &Path) -> bool {
    let writer = path
        .file_name()
        .and_then(|name| name.to_str()?.strip_prefix(PREFIX)?.strip_suffix(SUFFIX))
        .and_then(|name| name.split_once('-'));
    let (Some((writer, _)), Ok(file)) = (writer, File::open(path)) else {
        return false;
    };
    let modified = file.metadata().and_then(|facts| facts.modified()).ok();
    let is_old = || {
        modified
            .and_then(|modified| modified.elapsed().ok())
            .is_some_and(|age| age > ABANDONED_AFTER)
    };
    match file.try_lock() {
        Ok(()) => writer == kernel() || is_old(),
        Err(TryLockError::WouldBlock) => false,
        Err(TryLockError::Error(_)) => is_old(),
    }
}

/// Identifies the running kernel: one machine from one start to the next, with all of its
/// containers.
fn kernel() -> String {
    let boot_id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id");
    boot_id.unwrap_or_default().chars().take(8).collect()
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    #[test]
    fn a_file_that_is_not_committed_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        write_atomically(&path, b"old").unwrap();
        let mut file = AtomicFile::create(&path).unwrap();
        file.write_all(b"new").unwrap();
        drop(file);
        assert_eq!(std::fs::read(&path).unwrap(), b"old");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn others_may_read_what_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        write_atomically(&path, b"new").unwrap();
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(std::fs::read(&path).unwrap(), b"new");
        // The usual mask of 022 leaves the owner's write bit alone.
        assert_ne!(mode & 0o044, 0, "{mode:o}");
    }

    #[test]
    fn a_file_is_abandoned_when_its_writer_has_gone() {
        let folder = tempfile::tempdir().unwrap();
        let file = AtomicFile::create(&folder.path().join("a.json")).unwrap();
        let temporary = file.writer.get_ref().path().to_owned();
        assert!(!is_abandoned(&temporary), "it is being written");
        // As a kill does: the lock goes with the process, the file stays.
        let (_, path) = file.writer.into_inner().unwrap().keep().unwrap();
        assert!(is_abandoned(&path));
    }

    #[test]
    fn another_machines_file_is_abandoned_only_when_it_is_old() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".undertone-0a1b2c3d-xyz.tmp");
        std::fs::write(&path, "x").unwrap();
        assert!(!is_abandoned(&path));
        let file = File::options().write(true).open(&path).unwrap();
        let long_ago = SystemTime::now() - 2 * ABANDONED_AFTER;
        file.set_modified(long_ago).unwrap();
        assert!(is_abandoned(&path));
        file.lock().unwrap();
        assert!(!is_abandoned(&path), "its lock reaches here");
    }
}
