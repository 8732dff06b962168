//! Two runs, or a run and a daemon, on one folder of reports.

use super::batch::Batch;
use crate::undertone::{command, run};

const RECORDINGS: usize = 16;

/// How many recordings a run scored, by its totals.
fn done(table: &str) -> usize {
    let totals = table.lines().find(|line| line.contains(" done"));
    let totals = totals.unwrap_or_else(|| panic!("no totals in {table}"));
    totals.split(' ').next().unwrap().parse().unwrap()
}

#[test]
fn two_runs_share_the_work() {
    let batch = Batch::new(&[]);
    (0..RECORDINGS).for_each(|number| batch.put(&format!("{number:02}.mkv"), number));
    let mut runs = [
        batch.start("table-0", "log-0"),
        batch.start("table-1", "log-1"),
    ];
    for (number, run) in runs.iter_mut().enumerate() {
        let log = |number| batch.text(&format!("log-{number}"));
        assert_eq!(run.wait().code(), Some(0), "{}", log(number));
    }
    let tables = [0, 1].map(|number| batch.text(&format!("table-{number}")));
    let done = tables.each_ref().map(|table| done(table));
    assert_eq!(done[0] + done[1], RECORDINGS, "each once: {tables:?}");
    for table in &tables {
        let rows = table.lines().filter(|line| line.contains(".mkv")).count();
        assert_eq!(rows, RECORDINGS, "all are in both tables: {table}");
    }
    let expected: Vec<_> = (0..RECORDINGS)
        .map(|number| format!("{number:02}.mkv.jsonl"))
        .collect();
    assert_eq!(batch.reports(), expected);
}

#[test]
fn what_another_run_had_when_it_was_killed_is_taken_over() {
    let hanging = Batch::new(&[]).with_fault("hang:a.mkv");
    hanging.put("a.mkv", 1);
    let mut first = hanging.start("table-0", "log-0");
    first.until("it has a worker", |run| run.worker());
    // Its claim comes before the worker is started.
    let mut batch = hanging;
    batch.set_fault("");
    let mut second = batch.start("table-1", "log-1");
    second.until("it waits", |_| {
        batch
            .text("log-1")
            .contains("another run works on")
            .then_some(())
    });
    first.kill();
    assert_eq!(second.wait().code(), Some(0), "{}", batch.text("log-1"));
    assert_eq!(done(&batch.text("table-1")), 1);
    assert_eq!(batch.reports(), ["a.mkv.jsonl"]);
}

#[test]
fn a_run_and_a_daemon_keep_out_of_each_others_way() {
    let batch = Batch::new(&[]).with_fault("hang:a.mkv");
    batch.put("a.mkv", 1);
    let mut running = batch.start("table", "log");
    running.until("it has a worker", |run| run.worker());
    let (input, out) = (batch.path("in"), batch.out());
    let (input, out) = (input.display().to_string(), out.display().to_string());
    let watch = ["watch", &input, "--out", &out, "--set", "metrics.listen="];
    let (code, _, said) = run(&watch);
    assert_eq!(code, 3, "{said}");
    assert!(said.contains("`undertone run` is writing to"), "{said}");
    running.kill();

    let log = std::fs::File::create(batch.path("daemon-log")).unwrap();
    let mut daemon = super::batch::Running(command(&watch).stderr(log).spawn().unwrap());
    daemon.until("it watches", |_| {
        batch
            .text("daemon-log")
            .contains("ready: watching")
            .then_some(())
    });
    let (code, _, said) = batch.run(&[]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("`undertone watch` (process"), "{said}");
}
