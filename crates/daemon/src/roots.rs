//! The folders that are watched.

use std::ffi::OsString;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// A folder that is watched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Root {
    /// Absolute; links in it are not resolved.
    pub path: PathBuf,
    /// Folder for its reports below the output folder; empty where only one folder is watched.
    pub prefix: Option<OsString>,
    /// The output folder, where it lies below this one: nothing in it is a recording.
    pub spared: Option<PathBuf>,
}

/// Folders that cannot be watched together.
#[derive(Debug, thiserror::Error)]
pub enum RootError {
    /// A file.
    #[error("{0:?} is not a folder; name the folder that it is in")]
    NotAFolder(PathBuf),
    /// Recordings would be seen twice.
    #[error(
        "{inner:?} lies in {outer:?}, which is watched with all folders below it; leave one out"
    )]
    Nested {
        /// The one above.
        outer: PathBuf,
        /// The one below.
        inner: PathBuf,
    },
    /// Reports of both would go to the same place.
    #[error(
        "{first:?} and {second:?} have the same name, under which their reports would be kept; \
         watch them with two daemons and output folders, or watch the folder above"
    )]
    SameName {
        /// One.
        first: PathBuf,
        /// The other.
        second: PathBuf,
    },
    /// It cannot be made absolute.
    #[error("{path:?} is not a valid path")]
    NoPath {
        /// The path as given.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
}

/// Checks that folders can be watched together. A missing folder may still appear.
///
/// # Errors
/// Names the first problem.
pub fn roots(folders: &[PathBuf], out: &Path) -> Result<Vec<Root>, RootError> {
    let absolute = |path: &Path| {
        std::path::absolute(path).map_err(|source| RootError::NoPath {
            path: path.to_owned(),
            source,
        })
    };
    let out = absolute(out)?;
    let mut roots: Vec<Root> = Vec::new();
    for folder in folders {
        let path = absolute(folder)?;
        if is_a_file(&path) {
            return Err(RootError::NotAFolder(folder.clone()));
        }
        let prefix = (folders.len() > 1).then(|| path.file_name().unwrap_or_default().to_owned());
        for other in &roots {
            let (first, second) = (other.path.clone(), path.clone());
            if second.starts_with(&first) {
                return Err(RootError::Nested {
                    outer: first,
                    inner: second,
                });
            }
            if first.starts_with(&second) {
                return Err(RootError::Nested {
                    outer: second,
                    inner: first,
                });
            }
            if other.prefix == prefix {
                return Err(RootError::SameName { first, second });
            }
        }
        let is_below = out.starts_with(&path) && out != path;
        roots.push(Root {
            path,
            prefix,
            spared: is_below.then(|| out.clone()),
        });
    }
    Ok(roots)
}

/// Whether something other than a folder is there. A network share that does not answer
/// must not keep the daemon from watching the other folders.
fn is_a_file(path: &Path) -> bool {
    const PATIENCE: Duration = Duration::from_secs(5);
    let (answer, answered) = mpsc::channel();
    let path = path.to_owned();
    thread::spawn(move || answer.send(path.metadata().is_ok_and(|facts| !facts.is_dir())));
    answered.recv_timeout(PATIENCE).unwrap_or(false)
}

impl Root {
    /// Path of a file's report below the output folder, from the file's path below this folder.
    #[must_use]
    pub fn relative(&self, below: &Path) -> PathBuf {
        self.prefix
            .as_ref()
            .map_or_else(|| below.to_owned(), |prefix| Path::new(prefix).join(below))
    }

    /// The path of the file whose report goes to `relative`.
    #[must_use]
    pub fn path_of(&self, relative: &Path) -> PathBuf {
        let below = match &self.prefix {
            Some(prefix) => relative.strip_prefix(prefix).unwrap_or(relative),
            None => relative,
        };
        self.path.join(below)
    }

    /// True for what lies in the output folder.
    #[must_use]
    pub fn spares(&self, path: &Path) -> bool {
        self.spared
            .as_ref()
            .is_some_and(|spared| path.starts_with(spared))
    }

    /// Identifies the folder: after a mount or unmount another one has the same path.
    pub(super) fn identity(&self) -> Option<(u64, u64)> {
        let facts = std::fs::metadata(&self.path).ok()?;
        facts.is_dir().then(|| (facts.dev(), facts.ino()))
    }

    /// True on file systems where other machines can write without this kernel seeing an event.
    pub(super) fn is_remote(&self) -> bool {
        rustix::fs::statfs(&self.path).is_ok_and(|facts| REMOTE.contains(&(facts.f_type as u32)))
    }
}

/// Magic numbers (statfs(2)): NFS, SMB, CIFS, SMB2, FUSE, 9P, Ceph, AFS, VirtualBox, and
/// Coda.
const REMOTE: [u32; 10] = [
    0x6969,
    0x517b,
    0xff53_4d42,
    0xfe53_4d42,
    0x6573_5546,
    0x0102_1997,
    0x00c3_6400,
    0x5346_414f,
    0x786f_4256,
    0x7375_7245,
];

#[cfg(test)]
mod tests {
    use super::*;

    fn said(folders: &[&str], out: &str) -> Result<Vec<Root>, RootError> {
        let folders: Vec<PathBuf> = folders.iter().map(PathBuf::from).collect();
        roots(&folders, Path::new(out))
    }

    #[test]
    fn one_folder_is_mirrored_several_get_a_folder_each() {
        let one = said(&["/in"], "/out").unwrap();
        assert_eq!(
            one[0].relative(Path::new("day/a.mp4")),
            Path::new("day/a.mp4")
        );
        let two = said(&["/in/cam1", "/in/cam2"], "/out").unwrap();
        assert_eq!(two[1].relative(Path::new("a.mp4")), Path::new("cam2/a.mp4"));
        let path = two[1].path_of(Path::new("cam2/day/a.mp4"));
        assert_eq!(path, Path::new("/in/cam2/day/a.mp4"));
    }

    #[test]
    fn the_output_folder_is_spared_only_where_it_is_below() {
        assert!(said(&["/in"], "/in/out").unwrap()[0].spares(Path::new("/in/out/a.mp4")));
        assert!(!said(&["/in"], "/in").unwrap()[0].spares(Path::new("/in/a.mp4")));
        assert!(!said(&["/data/in"], "/data").unwrap()[0].spares(Path::new("/data/in/a.mp4")));
    }

    #[test]
    fn what_cannot_go_together_is_refused() {
        assert!(matches!(
            said(&["/a", "/a/b"], "/out"),
            Err(RootError::Nested { .. })
        ));
        assert!(matches!(
            said(&["/a/b", "/a"], "/out"),
            Err(RootError::Nested { .. })
        ));
        assert!(matches!(
            said(&["/a/x", "/b/x"], "/out"),
            Err(RootError::SameName { .. })
        ));
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
        assert!(matches!(
            said(&[file], "/out"),
            Err(RootError::NotAFolder(_))
        ));
    }
}
