//! Tests of pruning, on real folders.

use std::fs;
use std::sync::Arc;

use super::*;
use crate::fixtures::{ended, fused, mark, recording, stage_s};
use crate::{NextTry, ReportWriter, write_duplicate, write_failure};
use undertone_types::{Cause, Failure, Recording, Stage};

/// A folder of recordings and one of reports.
struct Folders(tempfile::TempDir);

impl Folders {
    fn new(names: &[&str]) -> Self {
        let folders = Self(tempfile::tempdir().unwrap());
        for name in names {
            let path = folders.input().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, name).unwrap();
        }
        folders
    }

    fn input(&self) -> PathBuf {
        self.0.path().join("in")
    }

    fn out(&self) -> PathBuf {
        self.0.path().join("out")
    }

    fn recording(&self, name: &str) -> Arc<Recording> {
        Arc::new(Recording {
            path: self.input().join(name),
            relative: name.into(),
            ..(*recording()).clone()
        })
    }

    fn report(&self, recording: Arc<Recording>) {
        let paths = ReportPaths::new(&self.out(), &recording.relative);
        let mut writer = ReportWriter::create(paths, recording, mark()).unwrap();
        writer.utterance(&fused(0, 0.5)).unwrap();
        writer.finish(&ended(1), &stage_s()).unwrap();
    }

    fn failure(&self, name: &str) {
        let (recording, why) = (self.recording(name), std::io::Error::other("no"));
        let paths = ReportPaths::new(&self.out(), &recording.relative);
        let failure = Failure::new(Stage::Decode, Cause::Content, &why);
        write_failure(
            &paths,
            &recording,
            &mark(),
            &failure,
            1,
            &[],
            NextTry::Never,
        )
        .unwrap();
    }

    fn find(&self, sources: &[PathBuf]) -> Result<Prunable, Vec<PruneError>> {
        Prunable::find(&self.out(), sources)
    }
}

fn names(prunable: &Prunable) -> Vec<&str> {
    let gone = prunable.gone.iter();
    gone.map(|gone| gone.recording.to_str().unwrap()).collect()
}

#[test]
fn only_records_of_what_is_gone_are_removed() {
    let folders = Folders::new(&["a.mp4", "day/b.mp4", "copy.mp4", "night/c.mp4"]);
    folders.report(folders.recording("a.mp4"));
    folders.report(folders.recording("day/b.mp4"));
    folders.failure("night/c.mp4");
    let (copy, first) = (
        folders.recording("copy.mp4"),
        folders.recording("day/b.mp4"),
    );
    write_duplicate(&folders.out(), &copy, &first.path, &first.relative, &mark()).unwrap();
    fs::write(folders.out().join(COMBINED), "of many recordings\n").unwrap();
    fs::write(folders.out().join("notes.jsonl"), "{}\n").unwrap();
    assert_eq!(folders.find(&[]).unwrap().kept, 4);

    fs::remove_file(folders.input().join("day/b.mp4")).unwrap();
    fs::remove_dir(folders.input().join("day")).unwrap();
    fs::remove_dir_all(folders.input().join("night")).unwrap();
    for sources in [vec![], vec![folders.input()]] {
        let prunable = folders.find(&sources).unwrap();
        assert_eq!(names(&prunable), ["day/b.mp4", "night/c.mp4"]);
        assert_eq!((prunable.kept, prunable.orphans), (2, 1));
    }
    let prunable = folders.find(&[]).unwrap();
    prunable.remove(&folders.out()).unwrap();
    assert!(!folders.out().join("day").exists());
    assert!(!folders.out().join("night").exists());
    for name in ["a.mp4.jsonl", "copy.mp4.jsonl", COMBINED, "notes.jsonl"] {
        assert!(folders.out().join(name).exists(), "{name}");
    }
    assert!(folders.find(&[]).unwrap().gone.is_empty());
}

#[test]
fn what_may_not_be_mounted_is_not_gone() {
    let folders = Folders::new(&["cam/a.mp4", "b.mp4"]);
    folders.report(folders.recording("cam/a.mp4"));
    fs::remove_file(folders.input().join("cam/a.mp4")).unwrap();
    let said = |sources: &[PathBuf]| folders.find(sources).unwrap_err()[0].to_string();
    assert!(said(&[]).contains("in/cam\" is empty"), "{}", said(&[]));
    assert!(said(&[folders.input().join("cam")]).contains("is empty"));
    let missing = folders.0.path().join("no");
    assert!(said(std::slice::from_ref(&missing)).contains("no\" does not exist"));
    assert!(said(&[folders.input().join("b.mp4")]).contains("is not a folder"));
    fs::remove_dir_all(folders.input()).unwrap();
    assert!(said(&[]).contains("in\" does not exist"), "{}", said(&[]));
}

#[test]
fn other_sources_are_left_alone_and_relative_names_need_one() {
    let folders = Folders::new(&["b.mp4"]);
    folders.report(folders.recording("a.mp4"));
    let other = tempfile::tempdir().unwrap();
    fs::write(other.path().join("x"), "x").unwrap();
    let prunable = folders.find(&[other.path().to_owned()]).unwrap();
    assert_eq!((prunable.gone.len(), prunable.elsewhere), (0, 1));

    let relative = Recording {
        path: "in/r.mp4".into(),
        relative: "r.mp4".into(),
        ..(*recording()).clone()
    };
    folders.report(Arc::new(relative));
    let errors = folders.find(&[]).unwrap_err();
    assert!(errors[0].is_usage(), "{errors:?}");
    assert!(errors[0].to_string().contains("in/r.mp4"), "{errors:?}");
    let prunable = folders.find(&[folders.input()]).unwrap();
    assert_eq!(names(&prunable), ["a.mp4", "r.mp4"]);
}
