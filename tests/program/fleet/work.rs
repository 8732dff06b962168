//! What a worker does in the ordinary case: the same as `run`.

use serde_json::Value;

use super::crew::{Crew, eventually};
use crate::reports::{read, schema};

fn tables_of(crew: &Crew) {
    assert_eq!(crew.outputs(".srt").len(), 3);
}

#[test]
fn what_is_submitted_is_scored_and_exported() {
    let crew = Crew::in_folders();
    for number in 0..3 {
        crew.put(&format!("day/{number}.mkv"), number);
    }
    assert_eq!(crew.submit()["sent"], 3);
    assert_eq!(crew.submit()["queued"], 3);
    let (code, said, log) = crew.work_to_the_end(&["--export", "srt"]);
    assert_eq!(code, 0, "{log}");
    assert!(said.starts_with("3 scored"), "{said}");
    tables_of(&crew);
    let report = read(&crew.report("day/1.mkv"), &schema());
    assert!(report.summary["sentiment"].is_object());
    assert_eq!(report.utterances.len(), 1);
    let path = crew.disk("in").join("day/1.mkv");
    assert_eq!(report.recording["source"]["path"], path.to_str().unwrap());

    // `run` finds the same reports done.
    let (source, out) = (crew.disk("in"), crew.disk("out"));
    let (source, out) = (source.to_str().unwrap(), out.to_str().unwrap());
    let (code, plan, _) = crate::undertone::run(&["run", source, "--out", out, "--dry-run"]);
    assert_eq!(code, 0);
    assert!(plan.contains("0 to score, 3 to skip"), "{plan}");
}

#[test]
fn a_worker_that_is_asked_to_stop_finishes_what_it_has_open() {
    let crew = Crew::in_folders();
    for number in 0..12 {
        crew.put(&format!("{number}.mkv"), number);
    }
    crew.submit();
    let mut worker = crew.start("log");
    eventually("something is scored", 60, || {
        !crew.outputs(".jsonl").is_empty()
    });
    assert_eq!(worker.terminate(), Some(0), "{}", crew.log("log"));
    let status = crew.status();
    let fleet = |key: &str| status["fleet"][key].as_u64().unwrap();
    assert_eq!(fleet("done") as usize, crew.outputs(".jsonl").len());
    assert_eq!(fleet("done") + fleet("waiting") + fleet("in_work"), 12);
    // What it left goes to others at once, not after the time for signs of life.
    let (code, _, log) = crew.work_to_the_end(&[]);
    assert_eq!(code, 0, "{log}");
    assert_eq!(crew.outputs(".jsonl").len(), 12);
}

#[test]
fn status_says_who_does_what_and_drain_ends_it() {
    let crew = Crew::in_folders();
    let mut worker = crew.start("log");
    eventually("it takes jobs", 60, || {
        crew.status()["fleet"]["workers"][0].is_object()
    });
    let (_, said, _) = crew.run(&["fleet", "status"]);
    assert!(
        said.contains("Bundle demo") || said.contains("bundle demo"),
        "{said}"
    );
    let (code, said, _) = crew.run(&["fleet", "drain"]);
    assert_eq!(code, 0);
    assert!(said.contains("told: 1 workers"), "{said}");
    assert_eq!(worker.0.wait().unwrap().code(), Some(0));
    let status: Value = crew.status();
    assert_eq!(status["fleet"]["workers"], Value::Array(vec![]));
}
