//! Where recordings come from, for a worker: whether one is there, and its content.

use std::path::{Path, PathBuf};

use futures_util::TryStreamExt as _;
use undertone_config::Fleet;
use undertone_types::Remote;

use crate::job::Version;
use crate::place::Place;
use crate::store::{Bucket, StoreError};
use crate::{FleetError, Job};

/// Where a job's recording lies.
pub enum Source {
    /// A folder; its files are read where they are.
    Folder(PathBuf),
    /// Part of a store; its objects are fetched.
    Bucket(Box<Bucket>),
}

/// Whether a recording is where its job says.
#[derive(Clone, Debug, PartialEq)]
pub enum Presence {
    /// It is, in this version.
    There(Version),
    /// It is not, though the place is.
    Gone,
    /// The place cannot be looked at, for this reason.
    Away(String),
}

impl Source {
    /// The source of a job.
    pub fn of(job: &Job, settings: &Fleet) -> Result<Self, FleetError> {
        Ok(match Place::parse(&job.source)? {
            Place::Folder(folder) => Self::Folder(folder),
            Place::Bucket { bucket, prefix } => {
                Self::Bucket(Box::new(Bucket::open(&bucket, &prefix, settings)?))
            }
        })
    }

    /// Looks for a recording.
    pub async fn presence(&self, name: &Path) -> Presence {
        let found = match self {
            Self::Folder(folder) => file_version(folder, name),
            Self::Bucket(bucket) => bucket.head(name).await,
        };
        match found {
            Ok(version) => Presence::There(version),
            Err(StoreError::Gone) => Presence::Gone,
            Err(error) => Presence::Away(error.to_string()),
        }
    }

    /// Its path, where it can be read without being fetched.
    pub fn path(&self, name: &Path) -> Option<PathBuf> {
        match self {
            Self::Folder(folder) => Some(folder.join(name)),
            Self::Bucket(_) => None,
        }
    }

    /// What reports call it; none for files, whose path says it.
    pub fn remote(&self, name: &Path, version: &Version) -> Option<Remote> {
        match self {
            Self::Folder(_) => None,
            Self::Bucket(bucket) => Some(Remote {
                url: bucket.url_of(name),
                etag: version.etag.clone(),
            }),
        }
    }

    /// Fetches a recording of this version into a file.
    pub async fn fetch(
        &self,
        name: &Path,
        version: &Version,
        into: &Path,
    ) -> Result<(), FetchError> {
        use std::io::Write as _;

        let Self::Bucket(bucket) = self else {
            return Ok(());
        };
        let mut content = bucket.read(name, version).await?;
        let mut file = std::fs::File::create(into).map_err(FetchError::Spool)?;
        while let Some(bytes) = content.try_next().await? {
            // Into the page cache: the runtime is not held up for long.
            file.write_all(&bytes).map_err(FetchError::Spool)?;
        }
        Ok(())
    }
}

/// A recording was not fetched.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The store's side.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Our side: the spool cannot be written.
    #[error("the spool cannot be written: {0}")]
    Spool(std::io::Error),
}

/// A missing file counts as gone only where its folder has anything: a share that is not mounted is
/// an empty folder.
fn file_version(folder: &Path, name: &Path) -> Result<Version, StoreError> {
    match std::fs::metadata(folder.join(name)) {
        Ok(facts) => Ok(Version::of_file(facts.len(), facts.modified().ok())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            match std::fs::read_dir(folder).map(|mut entries| entries.next().is_some()) {
                Ok(true) => Err(StoreError::Gone),
                Ok(false) => Err(away(folder, "is empty: is the share mounted?")),
                Err(error) => Err(away(folder, &format!("cannot be read: {error}"))),
            }
        }
        Err(error) => Err(StoreError::Failed(error.to_string())),
    }
}

fn away(folder: &Path, why: &str) -> StoreError {
    StoreError::Failed(format!("{folder:?} {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_gone_only_where_its_folder_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let clip = Path::new("a.mp4");
        assert!(matches!(
            file_version(folder.path(), clip),
            Err(StoreError::Failed(why)) if why.contains("mounted")
        ));
        std::fs::write(folder.path().join("b.mp4"), "12").unwrap();
        assert!(matches!(
            file_version(folder.path(), clip),
            Err(StoreError::Gone)
        ));
        let there = file_version(folder.path(), Path::new("b.mp4")).unwrap();
        assert_eq!(there.size_bytes, 2);
        let nowhere = folder.path().join("no");
        assert!(matches!(
            file_version(&nowhere, clip),
            Err(StoreError::Failed(_))
        ));
    }
}
