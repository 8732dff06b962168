//! Removes the temporary files of runs that were killed.

use std::path::Path;

use walkdir::WalkDir;

use undertone_types::is_abandoned;

/// Removes temporary files that killed runs left below the output folder; returns their number.
/// Files that other runs are writing, on this machine or another, and files of other programs
/// stay.
#[must_use]
pub fn sweep(out: &Path) -> usize {
    WalkDir::new(out)
        .into_iter()
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_file() && is_abandoned(entry.path()))
        .filter(|entry| std::fs::remove_file(entry.path()).is_ok())
        .count()
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::time::{Duration, SystemTime};

    use super::*;
    use undertone_types::AtomicFile;

    #[test]
    fn only_abandoned_files_go() {
        let out = tempfile::tempdir().unwrap();
        let folder = out.path().join("day");
        std::fs::create_dir(&folder).unwrap();
        let stale = folder.join(".undertone-4242-abc.tmp");
        let long_ago = SystemTime::now() - Duration::from_secs(7 * 24 * 60 * 60);
        File::create(&stale)
            .unwrap()
            .set_modified(long_ago)
            .unwrap();
        let others = [
            "a.mp4.jsonl",
            ".undertone-notes.tmp",
            "x.tmp",
            ".undertone-1-x",
            // Another machine writes it, under a process number that is not taken here.
            ".undertone-4294967295-abc.tmp",
        ];
        for name in others {
            std::fs::write(folder.join(name), "x").unwrap();
        }
        let writing = AtomicFile::create(&folder.join("b.mp4.jsonl")).unwrap();
        assert_eq!(sweep(out.path()), 1);
        assert!(!stale.exists());
        for name in others {
            assert!(folder.join(name).exists(), "{name}");
        }
        writing.commit().unwrap();
        assert!(folder.join("b.mp4.jsonl").exists());
        assert_eq!(sweep(&out.path().join("absent")), 0);
    }
}
