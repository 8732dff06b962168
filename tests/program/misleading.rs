//! Small things that once misled people: exit codes, paths, tables, hooks, narrow terminals.

use std::fs;
use std::path::Path;

use crate::undertone::{clip, command, root, run};

fn text(path: &Path) -> String {
    path.display().to_string()
}

#[test]
fn retry_takes_the_file_and_status_says_that_no_daemon_runs() {
    let folder = tempfile::tempdir().unwrap();
    let day = folder.path().join("in/day");
    fs::create_dir_all(&day).unwrap();
    fs::write(day.join("a.mp4"), "no media").unwrap();
    let here = |arguments: &[&str]| {
        let output = command(arguments).current_dir(folder.path()).output();
        let output = output.unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        let complained = String::from_utf8(output.stderr).unwrap();
        (output.status.code(), said + &complained)
    };
    assert_eq!(here(&["run", "in", "--out", "out"]).0, Some(1));
    let (code, said) = here(&["status", "--out", "out"]);
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("day/a.mp4"), "{said}");
    let absolute = text(&day.join("a.mp4"));
    for name in [
        "day/a.mp4",
        "in/day/a.mp4",
        "./in/../in/day/a.mp4",
        &absolute,
    ] {
        let (code, said) = here(&["retry", name, "--out", "out"]);
        assert_eq!(code, Some(0), "{name}: {said}");
    }
    // From another folder than that of the run.
    let out = text(&folder.path().join("out"));
    assert_eq!(run(&["retry", &absolute, "--out", &out]).0, 0);
    let (code, said) = here(&["retry", "a.mp4", "--out", "out"]);
    assert_eq!(code, Some(3), "{said}");
}

#[test]
fn tables_of_labels_are_read_or_say_why_not() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["positive.mp4", "negative.mp4"] {
        fs::copy(clip(name), folder.path().join(name)).unwrap();
    }
    let table = |name: &str, lines: &str| {
        let path = folder.path().join(name);
        fs::write(&path, lines).unwrap();
        text(&path)
    };
    let extract = |table: &str, out: &str, more: &[&str]| {
        let out = text(&folder.path().join(out));
        run(&[&["extract", table, "--out", &out], more].concat())
    };
    let semicolons = table(
        "semicolons.csv",
        "file;label;text\npositive.mp4;0.9;fine, really\nnegative.mp4;-0.5;no\n",
    );
    let (code, _, said) = extract(&semicolons, "narrow", &[]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("--label-range=-1..1"), "{said}");
    let (code, _, said) = extract(&semicolons, "mapped", &["--label-range=-1..1"]);
    assert_eq!(code, 0, "{said}");
    assert!(!said.contains("warning: all"), "{said}");

    let bars = table("bars.csv", "file|label\npositive.mp4|1\n");
    let (code, _, said) = extract(&bars, "refused", &[]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("separated by commas"), "{said}");
    for lines in ["", "file,label\n"] {
        let (code, _, said) = extract(&table("empty.csv", lines), "refused", &[]);
        assert_eq!(code, 2, "{said}");
        assert!(said.contains("empty.csv names no clip"), "{said}");
    }
    assert!(!folder.path().join("refused").exists());
}

#[test]
fn a_hook_that_does_not_exist_is_named_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let out = text(&folder.path().join("out"));
    let hook = "hooks.on_report=[\"/no/such/hook\"]";
    let watched = text(folder.path());
    let (code, _, said) = run(&["watch", &watched, "--out", &out, "--set", hook]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("/no/such/hook"), "{said}");
    let (code, shown, _) = run(&["doctor", "--set", hook]);
    assert_eq!(code, 3, "{shown}");
    assert!(shown.contains("/no/such/hook"), "{shown}");
}

#[test]
fn a_narrow_terminal_gets_whole_lines() {
    let folder = tempfile::tempdir().unwrap();
    let (input, out) = (folder.path().join("in"), text(&folder.path().join("out")));
    fs::create_dir(&input).unwrap();
    fs::write(
        input.join("a-long-name-of-a-recording-of-a-camera.mp4"),
        "none",
    )
    .unwrap();
    fs::copy(clip("audio-only.m4a"), input.join("b.m4a")).unwrap();
    let input = text(&input);
    let commands: [&[&str]; 4] = [
        &["run", &input, "--out", &out],
        &["status", "--out", &out],
        &["models"],
        &["doctor"],
    ];
    for arguments in commands {
        let output = command(arguments).env("COLUMNS", "60").output().unwrap();
        let shown = String::from_utf8(output.stdout).unwrap();
        assert!(!shown.is_empty(), "{}", root().display());
        for line in shown.lines() {
            assert!(line.chars().count() <= 60, "{arguments:?}: {line}\n{shown}");
        }
    }
}
