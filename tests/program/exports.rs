//! `undertone export` and `run --export`: what is written, where, and what is said of the rest.

use std::fs;
use std::path::Path;

use crate::undertone::{clip, run};

/// A folder with a clip whose words are heard, one whose words drown in noise, and one file that
/// is no recording; scored into `out`, with these further arguments.
fn scored(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let (input, out) = (folder.join("in"), folder.join("out"));
    fs::create_dir_all(&input).unwrap();
    fs::copy(clip("positive.mp4"), input.join("a.mp4")).unwrap();
    fs::copy(clip("loud-noise.mp4"), input.join("b.mp4")).unwrap();
    fs::write(input.join("c.mp4"), "no media").unwrap();
    let (input, out) = (input.display().to_string(), out.display().to_string());
    run(&[&["run", &input, "--out", &out], arguments].concat())
}

#[test]
fn reports_are_exported_one_by_one_and_as_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let (code, _, said) = scored(folder.path(), &[]);
    assert_eq!(code, 1, "{said}");
    let out = folder.path().join("out");
    let path = |name: &str| out.join(name).display().to_string();

    let (code, shown, said) = run(&["export", "--format", "vtt", &path("b.mp4.jsonl")]);
    assert_eq!((code, &*said), (0, ""), "{shown}");
    assert!(shown.starts_with("WEBVTT\n"), "{shown}");
    assert!(shown.contains("<c.negative.simulated.yellow>["), "{shown}");
    assert!(shown.contains("(text simulated: "), "{shown}");
    let (code, _, said) = run(&["export", "--format", "vtt", &path("c.mp4.failed.json")]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("could not be scored"), "{said}");

    let (code, shown, said) = run(&["export", "--format", "csv,eaf,textgrid", &path("")]);
    assert_eq!(code, 0, "{said}");
    assert!(shown.contains("4 files (eaf, textgrid) beside"), "{shown}");
    assert!(shown.contains("2 utterances of 2 recordings"), "{shown}");
    assert!(said.contains("failure records: 1"), "{said}");
    let table = fs::read_to_string(path("utterances.csv")).unwrap();
    assert!(table.starts_with("\u{feff}path,utterance,"), "{table}");
    assert_eq!(table.lines().count(), 3);
    assert!(Path::new(&path("a.mp4.TextGrid")).is_file());
    let (_, _, said) = run(&["export", "--format", "eaf", &path("")]);
    assert!(said.contains("stay as they are: 2"), "{said}");

    let one = path("one.parquet");
    let (code, _, said) = run(&[
        "export",
        "--format",
        "parquet",
        &path("a.mp4.jsonl"),
        "--out",
        &one,
    ]);
    assert_eq!(code, 0, "{said}");
    assert!(fs::read(&one).unwrap().starts_with(b"PAR1"));

    let twice = [path("a.mp4.jsonl"), path("a.mp4.jsonl")];
    let elsewhere = path("elsewhere");
    let (code, _, said) = run(&[
        "export", "--format", "srt", &twice[0], &twice[1], "--out", &elsewhere,
    ]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("would share files"), "{said}");

    fs::write(path("a.mp4.jsonl"), "{").unwrap();
    let (code, shown, said) = run(&["export", "--format", "tsv", &path("")]);
    assert_eq!(code, 1, "{said}");
    assert!(
        said.contains("a.mp4.jsonl") && said.contains("line 1"),
        "{said}"
    );
    assert!(shown.contains("1 utterances of 1 recordings"), "{shown}");
}

#[test]
fn a_run_exports_what_it_scored_and_takes_none_of_it_for_a_recording() {
    let folder = tempfile::tempdir().unwrap();
    let everything = "files.include=[\"*\"]";
    let arguments = ["--export", "srt,csv", "--set", everything];
    let (code, shown, said) = scored(folder.path(), &arguments);
    assert_eq!(code, 1, "{said}");
    assert!(
        shown.contains("2 files (srt) beside the reports"),
        "{shown}"
    );
    let out = folder.path().join("out");
    let subtitles = fs::read_to_string(out.join("a.mp4.srt")).unwrap();
    assert!(subtitles.starts_with("1\n00:00:00,"), "{subtitles}");
    assert!(out.join("utterances.csv").is_file());

    // The reports lie where a later run looks for recordings.
    let all = folder.path().display().to_string();
    let other = folder.path().join("other").display().to_string();
    let (_, shown, said) = run(&["run", &all, "--out", &other, "--set", everything]);
    assert!(shown.contains("2 done, 1 failed"), "{shown}{said}");
    let (code, shown, said) = run(&["prune", &out.display().to_string()]);
    assert_eq!(code, 0, "{said}");
    assert!(
        shown.contains("0 reports") && shown.contains("3 kept"),
        "{shown}"
    );
}
