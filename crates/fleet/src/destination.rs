//! Where reports go: what is known there of a recording, and putting files, each of which is there
//! exactly when it is complete.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use undertone_config::Fleet;
use undertone_reports::{
    FailureLine, Line, ReportPaths, RunMark, Standing, read_failure, reported,
};
use undertone_types::AtomicFile;

use crate::FleetError;
use crate::place::Place;
use crate::store::{Bucket, StoreError};

/// The first line of a report is shorter than this, in bytes.
const FIRST_LINE: u64 = 64 * 1024;
/// Written and removed to see whether reports can be.
const PROBE: &str = ".undertone/fleet-probe";

/// Where reports go.
#[derive(Clone)]
pub enum Destination {
    /// A folder.
    Folder(PathBuf),
    /// Part of a store.
    Bucket(Box<Bucket>),
}

/// What is known there of a recording.
#[derive(Clone, Debug, PartialEq)]
pub struct Known {
    /// Its report; [`Standing::Unknown`] without one.
    pub report: Standing,
    /// Its failure record.
    pub failure: Option<FailureLine>,
}

impl Known {
    /// How the sidecar of its report differs from that which the recording has today.
    pub fn sidecar_change(&self, recording: Option<&Path>, mark: &RunMark) -> Option<String> {
        self.report.sidecar_change(recording?, mark)
    }
}

impl Destination {
    /// Nothing is asked of the place yet.
    pub fn open(place: &Place, settings: &Fleet) -> Result<Self, FleetError> {
        Ok(match place {
            Place::Folder(folder) => Self::Folder(folder.clone()),
            Place::Bucket { bucket, prefix } => {
                Self::Bucket(Box::new(Bucket::open(bucket, prefix, settings)?))
            }
        })
    }

    /// Tries whether files can be put there.
    pub async fn probe(&self) -> Result<(), StoreError> {
        let name = Path::new(PROBE);
        self.put(name, b"written to see whether reports can be\n".to_vec())
            .await?;
        self.remove(name).await
    }

    /// What is known of a recording.
    pub async fn look(&self, recording: &Path) -> Result<Known, StoreError> {
        match self {
            Self::Folder(out) => Ok(Known {
                report: reported(out, recording).unwrap_or(Standing::Unknown),
                failure: read_failure(&ReportPaths::new(out, recording).failure),
            }),
            Self::Bucket(bucket) => {
                let paths = paths(recording);
                let report = bucket.beginning(&paths.report, FIRST_LINE);
                let failure = bucket.beginning(&paths.failure, u64::from(u32::MAX));
                let (report, failure) = tokio::join!(report, failure);
                Ok(Known {
                    report: first_line(unless_gone(report)?.as_deref()),
                    failure: failure_line(unless_gone(failure)?.as_deref()),
                })
            }
        }
    }

    /// Puts content under a name.
    pub async fn put(&self, name: &Path, content: Vec<u8>) -> Result<(), StoreError> {
        match self {
            Self::Folder(out) => {
                let path = out.join(name);
                blocking(move || place(&path, &mut &content[..])).await
            }
            Self::Bucket(bucket) => bucket.put(name, content).await,
        }
    }

    /// Puts a file under a name.
    pub async fn put_file(&self, name: &Path, file: &Path) -> Result<(), StoreError> {
        let file = file.to_owned();
        match self {
            Self::Folder(out) => {
                let path = out.join(name);
                blocking(move || place(&path, &mut File::open(&file)?)).await
            }
            Self::Bucket(bucket) => {
                let content = blocking(move || std::fs::read(&file)).await?;
                bucket.put(name, content).await
            }
        }
    }

    /// Removes a name; one that is not there is no error.
    pub async fn remove(&self, name: &Path) -> Result<(), StoreError> {
        match self {
            Self::Folder(out) => {
                let path = out.join(name);
                let removed = blocking(move || std::fs::remove_file(path)).await;
                match removed {
                    Err(StoreError::Gone) => Ok(()),
                    other => other,
                }
            }
            Self::Bucket(bucket) => bucket.remove(name).await,
        }
    }
}

/// Names of report and failure record below the place.
pub fn paths(recording: &Path) -> ReportPaths {
    ReportPaths::new(Path::new(""), recording)
}

/// A failure record as it is written.
pub fn failure_text(line: FailureLine) -> Vec<u8> {
    let mut text =
        serde_json::to_vec(&Line::Failure(line)).expect("plain numbers and texts always serialise");
    text.push(b'\n');
    text
}

fn place(path: &Path, content: &mut dyn io::Read) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut file = AtomicFile::create(path)?;
    io::copy(content, &mut file)?;
    file.commit()
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, StoreError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => Ok(done?),
        Err(panicked) => Err(StoreError::Failed(panicked.to_string())),
    }
}

fn unless_gone<T>(read: Result<T, StoreError>) -> Result<Option<T>, StoreError> {
    match read {
        Ok(read) => Ok(Some(read)),
        Err(StoreError::Gone) => Ok(None),
        Err(error) => Err(error),
    }
}

/// A report in a store is there exactly when it is complete, so that its first line is enough.
fn first_line(beginning: Option<&[u8]>) -> Standing {
    let line = beginning.and_then(|text| text.split(|byte| *byte == b'\n').next());
    match line.map(serde_json::from_slice) {
        Some(Ok(Line::Recording(line))) => Standing::Reported(Box::new(line)),
        _ => Standing::Unknown,
    }
}

fn failure_line(text: Option<&[u8]>) -> Option<FailureLine> {
    match serde_json::from_slice(text?) {
        Ok(Line::Failure(line)) => Some(line),
        _ => None,
    }
}
