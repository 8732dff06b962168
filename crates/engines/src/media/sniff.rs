//! Cheap checks of a file before GStreamer opens it, for clearer errors.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use super::MediaError;

const LFS_MAGIC: &[u8] = b"version https://git-lfs.github.com/spec/";

/// Rejects what cannot be a recording: missing, empty, not a file, a Git LFS pointer.
pub(super) fn check(path: &Path) -> Result<(), MediaError> {
    let unreadable = |error: std::io::Error| MediaError::Unreadable {
        path: path.to_owned(),
        reason: match error.kind() {
            ErrorKind::NotFound => "it does not exist".to_owned(),
            ErrorKind::PermissionDenied => "permission denied".to_owned(),
            _ => error.to_string(),
        },
    };
    let metadata = std::fs::metadata(path).map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(MediaError::NotAFile);
    }
    if metadata.len() == 0 {
        return Err(MediaError::Empty);
    }
    let mut head = Vec::with_capacity(LFS_MAGIC.len());
    File::open(path)
        .map_err(unreadable)?
        .take(LFS_MAGIC.len() as u64)
        .read_to_end(&mut head)
        .map_err(unreadable)?;
    if head == LFS_MAGIC {
        return Err(MediaError::LfsPointer);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_a_recording_is_named() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(check(folder.path()), Err(MediaError::NotAFile));
        let path = folder.path().join("a.mp4");
        assert!(matches!(check(&path), Err(MediaError::Unreadable { .. })));
        std::fs::write(&path, "").unwrap();
        assert_eq!(check(&path), Err(MediaError::Empty));
        std::fs::write(&path, "version https://git-lfs.github.com/spec/v1\noid 1").unwrap();
        assert_eq!(check(&path), Err(MediaError::LfsPointer));
        std::fs::write(&path, "anything").unwrap();
        assert_eq!(check(&path), Ok(()));
    }
}
