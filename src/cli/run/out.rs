//! The folder of reports, checked before anything is loaded.

use std::io::{self, ErrorKind};
use std::path::Path;

use crate::cli::error::CliError;
use undertone_types::AtomicFile;

/// Makes the folder where it is missing, and tries whether files can be made in it.
pub(super) fn prepare(out: &Path) -> Result<(), CliError> {
    if let Some(file) = out.ancestors().find(|path| path.is_file()) {
        return Err(CliError::usage(format!(
            "--out {out:?}: {file:?} is a file, not a folder; name another folder"
        )));
    }
    std::fs::create_dir_all(out).map_err(|error| refused("cannot be made", out, &error))?;
    // Not committed, so that it leaves nothing.
    AtomicFile::create(&out.join("probe"))
        .map_err(|error| refused("cannot be written to", out, &error))?;
    Ok(())
}

fn refused(what: &str, out: &Path, error: &io::Error) -> CliError {
    let advice = match error.kind() {
        ErrorKind::PermissionDenied => "change its permissions, or name another folder",
        ErrorKind::StorageFull => "make space on the disk, or name another folder",
        _ => "name another folder",
    };
    CliError::environment(format!("--out {out:?} {what}: {error}; {advice}"))
}
