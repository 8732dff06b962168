//! Files that are there whole or not at all.

use std::fs::{File, Permissions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::ReportError;
use super::lines::Line;

/// How temporary names begin; the process id follows.
pub(super) const TEMPORARY_PREFIX: &str = ".undertone-";
/// How temporary names end.
pub(super) const TEMPORARY_SUFFIX: &str = ".tmp";

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
    let folder = path.parent().unwrap_or(Path::new("."));
    let prefix = format!("{TEMPORARY_PREFIX}{}-", std::process::id());
    let file = tempfile::Builder::new()
        .prefix(&prefix)
        .suffix(TEMPORARY_SUFFIX)
        // Reports are for everyone whom the user's mask admits, unlike secrets.
        .permissions(Permissions::from_mode(0o666))
        .tempfile_in(folder)
        .map_err(refused)?;
    let mut writer = BufWriter::new(file.as_file());
    write(&mut writer)?;
    writer.flush().map_err(refused)?;
    drop(writer);
    file.as_file().sync_all().map_err(refused)?;
    file.persist(path).map_err(|error| refused(error.error))?;
    sync_folder(folder).map_err(refused)
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

/// Makes a rename in the folder last.
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
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
