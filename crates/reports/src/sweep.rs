//! Removes the temporary files of runs that were killed.

use std::ffi::OsStr;
use std::path::Path;

use walkdir::WalkDir;

use undertone_types::{TEMPORARY_PREFIX, TEMPORARY_SUFFIX};

/// Removes what killed runs left below the output folder; gives how many files. Files
/// of other runs that are still at work, and of anyone else, are left alone.
#[must_use]
pub fn sweep(out: &Path) -> usize {
    let stale = WalkDir::new(out)
        .into_iter()
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_file())
        .filter(|entry| owner(entry.file_name()).is_some_and(|owner| !is_another_run(owner)));
    stale
        .filter(|entry| std::fs::remove_file(entry.path()).is_ok())
        .count()
}

/// The process that a temporary file belongs to, if it is one of ours.
fn owner(name: &OsStr) -> Option<u32> {
    let name = name.to_str()?.strip_prefix(TEMPORARY_PREFIX)?;
    let (owner, _) = name.strip_suffix(TEMPORARY_SUFFIX)?.split_once('-')?;
    owner.parse().ok()
}

/// True when the process lives and is this program, but not this very run: a container
/// may well give the same number to one run after the other.
fn is_another_run(process: u32) -> bool {
    let program = |process: &str| std::fs::read_to_string(format!("/proc/{process}/comm")).ok();
    let named = program(&process.to_string());
    process != std::process::id() && named.is_some() && named == program("self")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_stale_files_go() {
        let out = tempfile::tempdir().unwrap();
        let folder = out.path().join("day");
        std::fs::create_dir(&folder).unwrap();
        let stale = format!(".undertone-{}-abc.tmp", u32::MAX);
        let own = format!(".undertone-{}-abc.tmp", std::process::id());
        let others = [
            "a.mp4.jsonl",
            ".undertone-notes.tmp",
            "x.tmp",
            ".undertone-1-x",
        ];
        for name in others.iter().copied().chain([stale.as_str(), own.as_str()]) {
            std::fs::write(folder.join(name), "x").unwrap();
        }
        assert_eq!(sweep(out.path()), 2);
        for name in others {
            assert!(folder.join(name).exists(), "{name}");
        }
        assert_eq!(sweep(&out.path().join("absent")), 0);
    }
}
