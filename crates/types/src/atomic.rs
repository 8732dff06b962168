//! Files that exist exactly when they are complete.

use std::fs::{File, Permissions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// How temporary names begin; the process id follows.
pub const TEMPORARY_PREFIX: &str = ".undertone-";
/// How temporary names end.
pub const TEMPORARY_SUFFIX: &str = ".tmp";

/// A file that is written under a temporary name in the folder of its final place.
/// [`commit`](Self::commit) moves it there; dropped before that, it is removed.
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
        let file = tempfile::Builder::new()
            .prefix(&format!("{TEMPORARY_PREFIX}{}-", std::process::id()))
            .suffix(TEMPORARY_SUFFIX)
            // Temporary files are private by default; these are to be read like any other file.
            .permissions(Permissions::from_mode(0o666))
            .tempfile_in(folder_of(path))?;
        Ok(Self {
            writer: BufWriter::new(file),
            path: path.to_owned(),
        })
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

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
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
}
