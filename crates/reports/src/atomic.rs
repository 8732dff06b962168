//! Files that are there whole or not at all.

use std::io::{self, Write};
use std::path::Path;

use undertone_types::AtomicFile;

use super::ReportError;
use super::lines::Line;

/// Writes a file beside its place under a temporary name, syncs and renames it, and
/// syncs the folder. Whatever fails, the temporary file goes.
///
/// # Errors
/// When the disk refuses; then what was there before is still there.
pub fn place(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> Result<(), ReportError>,
) -> Result<(), ReportError> {
    let refused = |source| ReportError::Io {
        path: path.to_owned(),
        source,
    };
    let mut file = AtomicFile::create(path).map_err(refused)?;
    write(&mut file)?;
    file.commit().map_err(refused)
}

/// Places a file of one line, and makes its folder.
pub(super) fn place_line(path: &Path, line: &Line) -> Result<(), ReportError> {
    let refused = |source| ReportError::Io {
        path: path.to_owned(),
        source,
    };
    std::fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).map_err(refused)?;
    let mut text = serde_json::to_vec(line)?;
    text.push(b'\n');
    place(path, |file| file.write_all(&text).map_err(refused))
}

/// Removes a file that need not be there.
pub(super) fn remove_if_there(path: &Path) -> Result<(), ReportError> {
    match std::fs::remove_file(path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => Err(ReportError::Io {
            path: path.to_owned(),
            source,
        }),
        _ => Ok(()),
    }
}
