//! A job: a recording that is to have a report, as it lies in the queue.
//!
//! What makes two jobs the same is their subject: the name of the recording (which is that of its
//! report), its version, and the mark, that is bundle and settings. A recording that has changed, or
//! a bundle that has, is another job; everything else is refused by the stream as already there.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use undertone_reports::{RunMark, SourceLine, escape};

/// Version of the format of jobs.
const VERSION: u32 = 1;
/// Letters of a mark, and of a key: hexadecimal digits. 96 bits tell a billion jobs apart.
const MARK_LETTERS: usize = 12;
const KEY_LETTERS: usize = 24;

/// Bundle and settings that a job is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobMark {
    /// Tells it from others.
    pub key: String,
    /// For people: name and version of the bundle.
    pub label: String,
}

impl JobMark {
    /// The mark of jobs for this bundle and these settings.
    #[must_use]
    pub fn new(mark: &RunMark) -> Self {
        let config =
            serde_json::to_string(&mark.config).expect("plain numbers and texts always serialise");
        let sidecars = mark.sidecars.is_some();
        let said = format!("{}\n{config}\n{sidecars}", mark.bundle.fingerprint);
        Self {
            key: short_hash(&[said.as_bytes()], MARK_LETTERS),
            label: format!("{} {}", mark.bundle.name, mark.bundle.version),
        }
    }
}

/// What tells versions of a recording apart without reading it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Version {
    /// Size in bytes.
    pub size_bytes: u64,
    /// Last modification.
    pub modified: Option<Timestamp>,
    /// The store's name for it; none for files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
}

impl Version {
    /// Of a file.
    pub fn of_file(size_bytes: u64, modified: Option<SystemTime>) -> Self {
        Self {
            size_bytes,
            modified: modified.and_then(|time| time.try_into().ok()),
            etag: None,
        }
    }

    /// True when both are of the same content, as far as that is known without reading it.
    pub fn is(&self, other: &Self) -> bool {
        self.identity() == other.identity()
    }

    /// True when this is what was scored, by the first line of a report or a failure record.
    pub fn is_of(&self, source: &SourceLine) -> bool {
        match (&self.etag, &source.etag) {
            (Some(etag), Some(scored)) => self.size_bytes == source.size_bytes && etag == scored,
            // Not every store names versions in its lists.
            _ => source.is_unchanged(
                self.size_bytes,
                self.modified.and_then(|time| time.try_into().ok()),
            ),
        }
    }

    /// The etag where there is one: a copy of the same content has another time.
    fn identity(&self) -> String {
        match (&self.etag, self.modified) {
            (Some(etag), _) => format!("{} {etag}", self.size_bytes),
            (None, Some(modified)) => format!("{} at {modified}", self.size_bytes),
            (None, None) => self.size_bytes.to_string(),
        }
    }
}

/// A recording that is to have a report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Job {
    pub(crate) v: u32,
    /// The place that it lies in: a folder, or `s3://…`.
    #[serde(with = "escape")]
    pub source: PathBuf,
    /// Its name below that place; reports mirror it.
    #[serde(with = "escape")]
    pub name: PathBuf,
    /// What it was when it was submitted.
    pub version: Version,
    /// The bundle, for people.
    pub bundle: String,
    /// When somebody asked to try it again: failures before that are forgotten.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub again: Option<Timestamp>,
}

impl Job {
    /// A job for a recording.
    pub(crate) fn new(source: &Path, name: PathBuf, version: Version, mark: &JobMark) -> Self {
        Self {
            v: VERSION,
            source: source.to_owned(),
            name,
            version,
            bundle: mark.label.clone(),
            again: None,
        }
    }

    /// What tells it from all other jobs of the same mark.
    #[must_use]
    pub fn key(&self) -> String {
        let name = self.name.as_os_str().as_encoded_bytes();
        short_hash(&[name, self.version.identity().as_bytes()], KEY_LETTERS)
    }

    /// True when this program knows its format.
    pub(crate) fn is_known(&self) -> bool {
        self.v == VERSION
    }
}

fn short_hash(parts: &[&[u8]], letters: usize) -> String {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    hasher.finalize().to_hex()[..letters].to_owned()
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use undertone_reports::fixtures;

    use super::*;

    fn job(name: &str, version: Version) -> Job {
        let mark = JobMark::new(&fixtures::mark());
        Job::new(Path::new("/in"), name.into(), version, &mark)
    }

    fn file(nanoseconds: u64) -> Version {
        let modified = UNIX_EPOCH + Duration::from_nanos(nanoseconds);
        Version::of_file(5, Some(modified))
    }

    fn object(etag: &str, at: u64) -> Version {
        Version {
            etag: Some(etag.to_owned()),
            ..file(at)
        }
    }

    #[test]
    fn a_job_is_the_same_while_name_and_version_are() {
        let one = job("a.mp4", file(1));
        assert_eq!(one.key(), job("a.mp4", file(1)).key());
        assert_ne!(one.key(), job("b.mp4", file(1)).key());
        assert_ne!(one.key(), job("a.mp4", file(2)).key());
        let copied = (object("x", 1), object("x", 2));
        assert_eq!(job("a", copied.0).key(), job("a", copied.1).key());
        assert_ne!(
            job("a", object("x", 1)).key(),
            job("a", object("y", 1)).key()
        );
    }

    #[test]
    fn the_mark_is_of_bundle_and_settings() {
        let mark = fixtures::mark();
        let mut other = (*mark).clone();
        other.config.text_mode = "none".to_owned();
        assert_eq!(JobMark::new(&mark), JobMark::new(&mark));
        assert_ne!(JobMark::new(&mark).key, JobMark::new(&other).key);
        other = (*mark).clone();
        other.bundle.fingerprint = "0".to_owned();
        assert_ne!(JobMark::new(&mark).key, JobMark::new(&other).key);
    }

    #[test]
    fn a_job_is_read_as_it_was_written() {
        let mut written = job("day/été\n.mp4", object("\"x\"", 7));
        written.again = Some(Timestamp::UNIX_EPOCH);
        let text = serde_json::to_string(&written).unwrap();
        assert_eq!(serde_json::from_str::<Job>(&text).unwrap(), written);
    }
}
