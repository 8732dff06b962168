//! Which subtitles beside a recording are its transcript. A report names those that it was made
//! with, so that others lead to another report.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use undertone_bundle::Bundle;
use undertone_config::{Config, TextMode};
use undertone_types::shown_path;

use super::lines::{RecordingLine, SidecarLine};

/// Endings, the preferred one first.
const ENDINGS: [&str; 2] = ["srt", "vtt"];
/// A larger file is none of subtitles, in bytes.
const LARGEST: u64 = 16 << 20;

/// Says which files are sidecars, where they were asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sidecars {
    /// That of the bundle, as names of files have it: `en`.
    language: String,
}

/// The sidecar of a recording.
#[derive(Debug)]
pub struct Sidecar {
    /// Where it is.
    pub path: PathBuf,
    /// What is in it, if it can be read.
    pub content: io::Result<Vec<u8>>,
}

impl Sidecars {
    /// As the settings want it; `None` where no sidecar is taken: it was not asked for
    /// (`text.sidecar`), or transcripts are not used.
    #[must_use]
    pub fn new(config: &Config, bundle: &Bundle) -> Option<Self> {
        let reads = matches!(config.text.mode, TextMode::Auto | TextMode::Transcript);
        (config.text.sidecar && reads).then(|| Self {
            language: bundle.manifest.asr.language.clone(),
        })
    }

    /// The sidecar of a recording, read. Of several the one that names the language comes first.
    #[must_use]
    pub fn beside(&self, recording: &Path) -> Option<Sidecar> {
        let path = self.path_beside(recording)?;
        let content = read(&path);
        Some(Sidecar { path, content })
    }

    /// Where the sidecar of a recording is, if there is one.
    #[must_use]
    pub fn path_beside(&self, recording: &Path) -> Option<PathBuf> {
        self.candidates(recording).find(|path| path.is_file())
    }

    fn candidates(&self, recording: &Path) -> impl Iterator<Item = PathBuf> {
        let stem = recording.file_stem().unwrap_or_default().to_owned();
        let language = format!(".{}", self.language);
        [language, String::new()]
            .into_iter()
            .flat_map(move |language| {
                let stem = stem.clone();
                ENDINGS.map(move |ending| {
                    let mut name = OsString::from(&stem);
                    name.push(format!("{language}.{ending}"));
                    recording.with_file_name(name)
                })
            })
    }
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    File::open(path)?
        .take(LARGEST + 1)
        .read_to_end(&mut content)?;
    match content.len() as u64 > LARGEST {
        true => Err(io::Error::other("it is larger than 16 MiB")),
        false => Ok(content),
    }
}

impl Sidecar {
    /// BLAKE3 of its content, lower-case hexadecimal; `None` where it cannot be read.
    #[must_use]
    pub fn blake3(&self) -> Option<String> {
        let content = self.content.as_ref().ok()?;
        Some(blake3::hash(content).to_hex().to_string())
    }
}

/// How the sidecar of today differs from that of a report, for example "sidecar: none → a.srt";
/// `None` where it does not.
pub(super) fn sidecar_change(report: &RecordingLine, now: Option<&Sidecar>) -> Option<String> {
    let name = |path: &Path| shown_path(Path::new(path.file_name().unwrap_or_default()));
    let former = |line: &SidecarLine| name(Path::new(&line.path));
    match (report.sidecar.as_deref(), now) {
        (None, None) => None,
        (Some(line), Some(now)) if line.blake3 == now.blake3() => None,
        (Some(line), Some(now)) if former(line) == name(&now.path) => {
            Some(format!("sidecar: {} has changed", former(line)))
        }
        (line, now) => {
            let none = || "none".to_owned();
            let (from, to) = (
                line.map_or_else(none, former),
                now.map(|now| name(&now.path)),
            );
            Some(format!("sidecar: {from} → {}", to.unwrap_or_else(none)))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::sync::Arc;

    use undertone_types::{Ended, Recording, SidecarUse};

    use super::*;
    use crate::{ReportPaths, ReportWriter, RunMark, fixtures, is_done, standing};

    #[test]
    fn the_language_of_the_bundle_comes_first() {
        let folder = tempfile::tempdir().unwrap();
        let sidecars = Sidecars {
            language: "en".to_owned(),
        };
        let recording = folder.path().join("a.b.mp4");
        let beside = || sidecars.beside(&recording);
        for other in ["a.b.de.srt", "a.srt", "a.b.mp4.srt", "a.b.txt"] {
            fs::write(folder.path().join(other), "x").unwrap();
        }
        assert!(beside().is_none());
        for name in ["a.b.vtt", "a.b.srt", "a.b.en.vtt", "a.b.en.srt"] {
            fs::write(folder.path().join(name), name).unwrap();
            let sidecar = beside().unwrap();
            assert_eq!(sidecar.path, folder.path().join(name));
            assert_eq!(sidecar.content.unwrap(), name.as_bytes());
        }
    }

    #[test]
    fn a_file_that_is_no_subtitles_by_its_size_is_not_read_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.srt");
        File::create(&path).unwrap().set_len(LARGEST + 1).unwrap();
        assert!(read(&path).unwrap_err().to_string().contains("16 MiB"));
    }

    /// Whether a report is done that was made with this sidecar, and what has changed if not.
    #[test]
    fn a_report_is_made_anew_for_another_sidecar() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let recording = Recording {
            path: at("a.mp4"),
            ..(*fixtures::recording()).clone()
        };
        let language = "en".to_owned();
        let mark = RunMark {
            sidecars: Some(Sidecars { language }),
            ..(*fixtures::mark()).clone()
        };
        let report = || {
            let paths = ReportPaths::new(folder.path(), &recording.relative);
            let (recording, mark) = (Arc::new(recording.clone()), Arc::new(mark.clone()));
            let sidecar = mark.sidecar_of(&recording.path);
            let ended = Ended {
                sidecar: sidecar.map(|sidecar| SidecarUse {
                    blake3: sidecar.blake3(),
                    path: sidecar.path,
                    cues: 0,
                    notes: vec!["it was not used: it has no words".to_owned()],
                }),
                ..fixtures::ended(0)
            };
            let writer = ReportWriter::create(paths, recording, mark).unwrap();
            writer.finish(&ended, &fixtures::stage_s()).unwrap();
        };
        let change = || {
            let change =
                standing(folder.path(), &recording.relative).sidecar_change(&recording.path, &mark);
            assert_eq!(is_done(folder.path(), &recording, &mark), change.is_none());
            change.unwrap_or_default()
        };
        report();
        assert_eq!(change(), "");
        fs::write(at("a.srt"), "1").unwrap();
        assert_eq!(change(), "sidecar: none → a.srt");
        report();
        assert_eq!(change(), "");
        fs::write(at("a.srt"), "2").unwrap();
        assert_eq!(change(), "sidecar: a.srt has changed");
        fs::rename(at("a.srt"), at("a.en.vtt")).unwrap();
        assert_eq!(change(), "sidecar: a.srt → a.en.vtt");
        fs::write(at("a.en.vtt"), "1").unwrap();
        assert_eq!(change(), "", "the same words under another name");
        fs::remove_file(at("a.en.vtt")).unwrap();
        assert_eq!(change(), "sidecar: a.srt → none");
        let none = standing(folder.path(), &recording.relative);
        let change = none.sidecar_change(&recording.path, &fixtures::mark());
        assert_eq!(
            change.as_deref(),
            Some("sidecar: a.srt → none"),
            "not asked for any more"
        );
    }
}
