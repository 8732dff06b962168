//! Writing and removing whole files, with errors that name them.

use std::io::{self, Write};
use std::path::Path;

use undertone_types::AtomicFile;

use super::ReportError;
use super::lines::Line;

/// Writes a file under a temporary name, syncs and renames it, and syncs the folder. When
/// that fails, the temporary file is removed.
///
/// # Errors
/// When it cannot be written; a former file is then unchanged.
pub fn place(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> Result<(), ReportError>,
) -> Result<(), ReportError> {
    let failed = |source| ReportError::Io {
        path: path.to_owned(),
        source,
    };
    let mut file = AtomicFile::create(path).map_err(failed)?;
    write(&mut file)?;
    file.commit().map_err(failed)
}

/// Writes a file of one line, and makes its folder.
pub(super) fn place_line(path: &Path, line: &Line) -> Result<(), ReportError> {
    let failed = |source| ReportError::Io {
        path: path.to_owned(),
        source,
    };
    std::fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).map_err(failed)?;
    let mut text = serde_json::to_vec(line)?;
    text.push(b'\n');
    place(path, |file| file.write_all(&text).map_err(failed))
}

/// Removes a file, if it exists.
pub(super) fn remove_if_there(path: &Path) -> Result<(), ReportError> {
    match std::fs::remove_file(path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => Err(ReportError::Io {
            path: path.to_owned(),
            source,
        }),
        _ => Ok(()),
    }
}
