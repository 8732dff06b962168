//! The recording of a report, if it may be played.

use std::fs::File;
use std::io;
use std::path::{Component, Path, PathBuf};

use undertone_reports::{SourceLine, read_finished};

/// A recording that is open.
#[derive(Debug)]
pub struct Media {
    /// To be read.
    pub file: File,
    /// Its size in bytes.
    pub size: u64,
    /// Its type.
    pub kind: &'static str,
}

/// The recording of this report, if it lies in one of these folders and is the one that was scored:
/// a report could name any file of this machine, and only a file with the size and time of one that
/// was scored is a recording.
pub fn open(report: &Path, folders: &[PathBuf]) -> Option<Media> {
    let source = read_finished(report)?.recording.source;
    let path = place(&source, folders)?;
    // What is no file might never open.
    is_as_scored(&path, &source)
        .then(|| opened(&path, &source).ok().flatten())
        .flatten()
}

/// True when [`open`] would open it.
pub fn is_there(source: &SourceLine, folders: &[PathBuf]) -> bool {
    place(source, folders).is_some_and(|path| is_as_scored(&path, source))
}

fn place(source: &SourceLine, folders: &[PathBuf]) -> Option<PathBuf> {
    let path = PathBuf::from(&source.path);
    let goes_up = path.components().any(|part| part == Component::ParentDir);
    let is_inside = folders.iter().any(|folder| path.starts_with(folder));
    (is_inside && !goes_up && path.is_absolute()).then_some(path)
}

fn is_as_scored(path: &Path, source: &SourceLine) -> bool {
    let facts = path.metadata();
    facts.is_ok_and(|facts| {
        facts.is_file() && source.is_unchanged(facts.len(), facts.modified().ok())
    })
}

fn opened(path: &Path, source: &SourceLine) -> io::Result<Option<Media>> {
    let file = File::open(path)?;
    let facts = file.metadata()?;
    let is_same = facts.is_file() && source.is_unchanged(facts.len(), facts.modified().ok());
    Ok(is_same.then(|| Media {
        file,
        size: facts.len(),
        kind: kind(path),
    }))
}

/// Browsers look into the file where the type says nothing.
fn kind(path: &Path) -> &'static str {
    let ending = path.extension().unwrap_or_default().to_ascii_lowercase();
    match ending.to_str().unwrap_or_default() {
        "mp4" | "m4v" => "video/mp4",
        "mov" => "video/quicktime",
        "webm" => "video/webm",
        "mkv" => "video/x-matroska",
        "ogv" => "video/ogg",
        "mp3" => "audio/mpeg",
        "m4a" => "audio/mp4",
        "wav" => "audio/wav",
        "flac" => "audio/flac",
        "ogg" | "oga" | "opus" => "audio/ogg",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use undertone_reports::fixtures::{recording, write_report_of};
    use undertone_types::Recording;

    use super::*;

    /// A report of this file.
    fn report_of(out: &Path, path: &Path) -> PathBuf {
        let facts = path.metadata().unwrap();
        let recording = Recording {
            path: path.to_owned(),
            size_bytes: facts.len(),
            modified: facts.modified().ok(),
            ..Recording::clone(&recording())
        };
        write_report_of(out, recording.into(), &[1.0])
    }

    #[test]
    fn only_a_recording_that_was_scored_and_is_watched_is_played() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("in")).unwrap();
        fs::create_dir(at("in/deep")).unwrap();
        fs::write(at("in/a.mp4"), "moving").unwrap();
        fs::write(at("secret"), "key").unwrap();
        let watched = [at("in")];
        let out = at("out");
        let media = open(&report_of(&out, &at("in/a.mp4")), &watched).unwrap();
        assert_eq!((media.size, media.kind), (6, "video/mp4"));
        for other in ["secret", "in/../secret", "in/deep"] {
            let report = report_of(&out, &at(other));
            assert!(open(&report, &watched).is_none(), "{other}");
        }
        let report = report_of(&out, &at("in/a.mp4"));
        assert!(open(&report, &[at("in/a")]).is_none());
        fs::write(at("in/a.mp4"), "another").unwrap();
        assert!(open(&report, &watched).is_none());
    }
}
