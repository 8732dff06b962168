//! What a run tells beforehand and meanwhile: `--dry-run`, `--json`, `--quiet`, `--verbose`.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::undertone::{clip, run};

/// A folder with a clip that can be scored and one that cannot.
fn clips() -> (tempfile::TempDir, String, String) {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("in");
    fs::create_dir(&input).unwrap();
    fs::copy(clip("positive.mp4"), input.join("good.mp4")).unwrap();
    fs::write(input.join("bad.mp4"), "no film").unwrap();
    let text = |path: &Path| path.display().to_string();
    let (input, out) = (text(&input), text(&folder.path().join("out")));
    (folder, input, out)
}

/// The objects in lines of JSON.
fn events(lines: &str) -> Vec<Value> {
    let lines = lines.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn a_dry_run_says_what_would_be_done_and_does_nothing() {
    let (folder, input, out) = clips();
    let dry = |more: &[&str]| {
        let (code, plan, said) = run(&[&["run", &input, "-o", &out, "--dry-run"], more].concat());
        assert_eq!(code, 0, "{said}");
        plan
    };
    let plan = dry(&[]);
    assert!(plan.contains("good.mp4  score  new"), "{plan}");
    assert!(plan.contains("2 to score, 0 to skip, 0 to fail; nothing was loaded or written"));
    assert!(!folder.path().join("out").exists());

    assert_eq!(run(&["run", &input, "-o", &out, "-q"]).0, 1);
    let plan = dry(&[]);
    assert!(plan.contains("good.mp4  skip   has a report"), "{plan}");
    assert!(plan.contains("bad.mp4   score  failed: decode: "), "{plan}");
    let plan = dry(&["--set", "text.mode=none"]);
    assert!(plan.contains("outdated: text.mode: auto → none"), "{plan}");
    let plan = dry(&["--force"]);
    assert!(plan.contains("good.mp4  score  --force"), "{plan}");

    fs::copy(clip("negative.mp4"), Path::new(&input).join("good.mp4")).unwrap();
    let told = events(&dry(&["--json"]));
    assert_eq!(told[1]["action"], "score");
    assert_eq!(told[1]["reason"], "its content has changed");
    assert_eq!(
        told[2],
        serde_json::json!({"event": "plan", "score": 2, "skip": 0, "fail": 0})
    );
}

#[test]
fn what_happens_is_told_to_programs_an_object_a_line() {
    let (_folder, input, out) = clips();
    let told = |expected: i32| {
        let (code, lines, said) = run(&["run", &input, "--out", &out, "--json"]);
        assert_eq!(code, expected, "{said}");
        events(&lines)
    };
    let told_first = told(1);
    let names = |told: &[Value]| -> Vec<String> {
        told.iter()
            .map(|told| told["event"].as_str().unwrap().to_owned())
            .collect()
    };
    let first = names(&told_first);
    assert_eq!(
        first.first().map(String::as_str),
        Some("begin"),
        "{first:?}"
    );
    assert_eq!(
        first.last().map(String::as_str),
        Some("summary"),
        "{first:?}"
    );
    let of = |told: &[Value], event: &str, name: &str| {
        let is = |told: &&Value| {
            told["event"] == event
                && told["path"]
                    .as_str()
                    .is_some_and(|path| path.ends_with(name))
        };
        let at = told.iter().position(|told| is(&told));
        let at = at.unwrap_or_else(|| panic!("no {event} of {name}: {told:?}"));
        (at, told[at].clone())
    };
    let (started, _) = of(&told_first, "started", "good.mp4");
    let (progress, reached) = of(&told_first, "progress", "good.mp4");
    let (done, event) = of(&told_first, "done", "good.mp4");
    assert!(started < progress && progress < done, "{first:?}");
    assert!(reached["reached_s"].as_f64().unwrap() > 1.0);
    let report = event["report"].as_str().unwrap();
    let last = fs::read_to_string(report).unwrap();
    let last: Value = serde_json::from_str(last.lines().last().unwrap()).unwrap();
    assert_eq!(event["summary"]["sentiment"], last["sentiment"]);
    let (_, failed) = of(&told_first, "failed", "bad.mp4");
    assert_eq!(failed["cause"], "content");
    assert!(
        failed["error"]
            .as_array()
            .is_some_and(|error| !error.is_empty())
    );
    let summary = told_first.last().unwrap();
    assert_eq!([&summary["done"], &summary["failed"]], [1, 1]);

    let again = told(1);
    assert_eq!(of(&again, "skipped", "good.mp4").1["by_another_run"], false);
    assert_eq!(again.last().unwrap()["skipped"], 1);
}

#[test]
fn who_wants_quiet_hears_of_failures_only() {
    let (_folder, input, out) = clips();
    let (code, shown, said) = run(&["run", &input, "--out", &out, "-q"]);
    assert_eq!((code, &*shown), (1, ""));
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.contains("bad.mp4: failed: decode"), "{said}");

    fs::remove_file(Path::new(&input).join("bad.mp4")).unwrap();
    let (code, shown, said) = run(&["run", &input, "--out", &out, "--force", "--quiet"]);
    assert_eq!((code, &*shown, &*said), (0, "", ""));
    let (code, _, said) = run(&["run", &input, "--out", &out, "--force", "--verbose"]);
    assert_eq!(code, 0);
    assert!(
        said.contains("DEBUG") && said.contains("good.mp4: done"),
        "{said}"
    );
    assert_eq!(run(&["run", &input, "--out", &out, "-q", "-v"]).0, 2);
}
