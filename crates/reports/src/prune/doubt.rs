//! Reasons not to believe that recordings are gone.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};

/// It cannot be told whether recordings are gone.
#[derive(Debug, thiserror::Error)]
pub enum PruneError {
    /// The folder that they were in does not exist.
    #[error(
        "{0:?} does not exist: is it on a disk or share that is not mounted? Name the folders in which \
         recordings may have gone"
    )]
    Missing(PathBuf),
    /// A file.
    #[error("{0:?} is not a folder; name the folder that it was in")]
    NotAFolder(PathBuf),
    /// The folder that they were in is empty.
    #[error(
        "{0:?} is empty: is a disk or share not mounted there? Remove the folder if its recordings are \
         gone"
    )]
    Empty(PathBuf),
    /// The folder that they were in, or a recording, cannot be read.
    #[error("{path:?} cannot be read")]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// Reports name recordings relative to the folder in which the run was started.
    #[error(
        "{count} records name their recordings relative to the folder in which the run was started, for \
         example {example:?}; name the folders that they were in after the folder of reports"
    )]
    Relative {
        /// How many.
        count: usize,
        /// One of the paths.
        example: String,
    },
}

impl PruneError {
    /// True when other arguments help.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        matches!(self, Self::Relative { .. } | Self::NotAFolder(_))
    }
}

/// Collects reasons; each folder is looked at once.
#[derive(Debug, Default)]
pub struct Doubts {
    found: Vec<PruneError>,
    looked_at: HashSet<PathBuf>,
    relative: Option<(usize, String)>,
}

impl Doubts {
    /// A folder in which recordings are missing must be there and hold something.
    pub fn about(&mut self, folder: &Path) {
        if self.looked_at.insert(folder.to_owned())
            && let Some(error) = doubt(folder)
        {
            self.found.push(error);
        }
    }

    /// A recording below `base` cannot be found. The deepest folder above it that exists is the
    /// one to doubt: a share may be mounted at any of them.
    pub fn about_missing(&mut self, base: &Path, recording: &Path, error: &io::Error) {
        if !matches!(
            error.kind(),
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
        ) {
            let source = io::Error::from(error.kind());
            let path = recording.to_owned();
            return self.found.push(PruneError::Unreadable { path, source });
        }
        let folders = recording.ancestors().skip(1);
        let mut folders = folders.take_while(|folder| folder.starts_with(base));
        self.about(folders.find(|folder| folder.exists()).unwrap_or(base));
    }

    pub fn relative(&mut self, path: &str) {
        let (count, _) = self.relative.get_or_insert_with(|| (0, path.to_owned()));
        *count += 1;
    }

    /// # Errors
    /// All doubts, if there are any.
    pub fn none(mut self) -> Result<(), Vec<PruneError>> {
        let relative = self.relative.take();
        self.found
            .extend(relative.map(|(count, example)| PruneError::Relative { count, example }));
        match self.found.is_empty() {
            true => Ok(()),
            false => Err(self.found),
        }
    }
}

fn doubt(folder: &Path) -> Option<PruneError> {
    let path = folder.to_owned();
    match std::fs::read_dir(folder) {
        Ok(mut entries) => entries.next().is_none().then_some(PruneError::Empty(path)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Some(PruneError::Missing(path)),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
            Some(PruneError::NotAFolder(path))
        }
        Err(source) => Some(PruneError::Unreadable { path, source }),
    }
}
