//! Killed, stopped and started again: a report exists exactly when it is complete.

use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use super::batch::{Batch, Running, until_gone};
use crate::reports::{outputs, read, report_path, schema};
use crate::undertone::{clip, command, run};

const COPIES: usize = 8;

/// A folder with copies of a clip, each with content of its own.
fn recordings(folder: &Path) -> Vec<String> {
    std::fs::create_dir_all(folder).unwrap();
    let content = std::fs::read(clip("positive-matroska.mkv")).unwrap();
    (0..COPIES)
        .map(|number| {
            let name = format!("{number}.mkv");
            let mut copy = content.clone();
            // What follows the last element of a Matroska file is ignored.
            copy.extend(std::iter::repeat_n(0, number));
            std::fs::write(folder.join(&name), copy).unwrap();
            name
        })
        .collect()
}

/// Waits until so many reports are there.
fn wait_for_reports(out: &Path, count: usize, child: &mut Child) {
    let patience = Instant::now() + Duration::from_secs(120);
    let reports = || {
        outputs(out)
            .iter()
            .filter(|name| name.ends_with(".jsonl"))
            .count()
    };
    while !out.exists() || reports() < count {
        assert!(Instant::now() < patience, "no report in two minutes");
        assert!(
            child.try_wait().unwrap().is_none(),
            "it ended before it could be interrupted"
        );
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn start(input: &Path, out: &Path) -> Child {
    let arguments = [
        "run",
        &input.display().to_string(),
        "--out",
        &out.display().to_string(),
    ];
    command(&arguments).spawn().unwrap()
}

/// The next run must leave one complete report for each recording and nothing else.
fn finish(input: &Path, out: &Path, names: &[String]) {
    let (code, _, said) = run(&[
        "run",
        &input.display().to_string(),
        "--out",
        &out.display().to_string(),
    ]);
    assert_eq!(code, 0, "{said}");
    let expected: Vec<String> = names.iter().map(|name| format!("{name}.jsonl")).collect();
    assert_eq!(outputs(out), expected);
    let schema = schema();
    for name in names {
        let report = read(&report_path(out, name), &schema);
        assert_eq!(report.utterances.len(), report.summary["utterances"]);
    }
}

#[test]
fn a_killed_run_is_completed_by_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let (input, out) = (folder.path().join("in"), folder.path().join("out"));
    let names = recordings(&input);
    for already in 1..=3 {
        let mut child = start(&input, &out);
        wait_for_reports(&out, already, &mut child);
        child.kill().unwrap();
        child.wait().unwrap();
    }
    finish(&input, &out, &names);
}

#[test]
fn the_first_signal_finishes_what_is_under_way() {
    let folder = tempfile::tempdir().unwrap();
    let (input, out) = (folder.path().join("in"), folder.path().join("out"));
    let names = recordings(&input);
    let mut child = start(&input, &out);
    wait_for_reports(&out, 1, &mut child);
    let sent = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(sent.success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let left = outputs(&out);
    assert!(left.iter().all(|name| name.ends_with(".jsonl")), "{left:?}");
    let schema = schema();
    for name in &left {
        read(&out.join(name), &schema);
    }
    finish(&input, &out, &names);
}

/// The worker is in a process group of its own, so that Ctrl-C on a terminal does not reach it;
/// and it ends with the run, however that ends.
#[test]
fn the_worker_ends_with_the_run_and_not_by_the_terminals_signals() {
    let batch = Batch::new(&[]).with_fault("hang:a.mkv");
    batch.put("a.mkv", 1);
    for end in ["two signals", "killed"] {
        let mut running = batch.start("table", "log");
        let worker = running.until("it has a worker", Running::worker);
        let group = |process: u32| {
            let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
            let (_, fields) = stat.rsplit_once(')').unwrap();
            fields.split_whitespace().nth(2).unwrap().to_owned()
        };
        running.until("the worker has a group of its own", |run| {
            (group(worker) != group(run.0.id())).then_some(())
        });
        match end {
            "killed" => running.kill(),
            _ => {
                // Before its models are loaded the worker would not be waited for.
                running.until("it is given the recording", |_| {
                    batch
                        .text("log")
                        .contains("hanging on purpose")
                        .then_some(())
                });
                running.signal("INT");
                running.until("it says what it waits for", |_| {
                    batch
                        .text("log")
                        .contains("a second signal stops at once")
                        .then_some(())
                });
                assert!(running.is_running(), "the first signal waits");
                running.signal("INT");
                assert_eq!(running.wait().code(), Some(130));
            }
        }
        until_gone(worker);
    }
}
