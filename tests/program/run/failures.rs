//! Recordings that end the worker, or make it exceed a limit.

use std::io::Write;

use super::batch::Batch;
use crate::reports::schema;

#[test]
fn what_ends_the_worker_has_a_record_and_the_others_their_reports() {
    let mut batch = Batch::new(&[]).with_fault("abort:poison");
    for (number, name) in ["a", "b", "poison", "c", "d"].iter().enumerate() {
        batch.put(&format!("{name}.mkv"), number);
    }
    let (code, table, said) = batch.run(&[]);
    assert_eq!(code, 1, "{said}");
    let expected = [
        "a.mkv.jsonl",
        "b.mkv.jsonl",
        "c.mkv.jsonl",
        "d.mkv.jsonl",
        "poison.mkv.failed.json",
    ];
    assert_eq!(batch.reports(), expected);
    assert!(table.contains("4 done, 1 failed"), "{table}");
    let record = batch.failure("poison.mkv");
    assert!(schema().is_valid(&record), "{record}");
    assert_eq!(
        (&record["attempts"], &record["quarantined"]),
        (&2.into(), &true.into())
    );
    assert_eq!(record["cause"], "crashed");
    let error = record["error"].to_string();
    for part in ["SIGABRT", "aborting on purpose"] {
        assert!(error.contains(part), "{part} is not in {error}");
    }

    // The next run does not try it again, and says why and what to do.
    let (code, table, said) = batch.run(&[]);
    assert_eq!(code, 1, "{said}");
    assert!(
        table.contains("4 had a report already, 1 failed"),
        "{table}"
    );
    assert!(table.contains("SIGABRT"), "{table}");
    assert!(said.contains("--force tries it again"), "{said}");
    assert_eq!(batch.failure("poison.mkv"), record, "it was not tried");

    // It is tried again when that is asked for, and scored when it is mended.
    assert_eq!(batch.run(&["--force"]).0, 1);
    assert_eq!(batch.failure("poison.mkv")["attempts"], 4);
    batch.set_fault("");
    assert_eq!(batch.ask("retry", &["poison.mkv"]).0, 0);
    let (code, table, said) = batch.run(&[]);
    assert_eq!(code, 0, "{said}");
    assert!(table.contains("1 done, 4 had a report already"), "{table}");
    assert!(!batch.out().join("poison.mkv.failed.json").exists());
}

#[test]
fn what_hangs_or_swells_is_stopped_and_named() {
    for (fault, setting, cause) in [
        ("hang:poison", "limits.stall_s=1.5", "time"),
        ("hog:poison", "limits.memory_mb=700", "memory"),
    ] {
        let batch = Batch::new(&[setting]).with_fault(fault);
        batch.put("good.mkv", 1);
        batch.put("poison.mkv", 2);
        let (code, _, said) = batch.run(&[]);
        assert_eq!(code, 1, "{said}");
        assert_eq!(
            batch.reports(),
            ["good.mkv.jsonl", "poison.mkv.failed.json"]
        );
        let record = batch.failure("poison.mkv");
        assert_eq!(
            (&record["cause"], &record["quarantined"]),
            (&cause.into(), &true.into())
        );
        assert!(record["hint"].to_string().contains("limits."), "{record}");
    }
}

#[test]
fn without_isolation_it_scores_as_well() {
    let batch = Batch::new(&["worker.isolation=none"]);
    batch.put("a.mkv", 1);
    let (code, table, said) = batch.run(&[]);
    assert_eq!(code, 0, "{said}");
    assert!(
        table.contains("1 done") && table.contains("peak memory"),
        "{table}"
    );
    assert_eq!(batch.reports(), ["a.mkv.jsonl"]);
}

/// A full disk can only be had by root.
#[test]
fn a_full_disk_ends_the_run_with_the_cause() {
    let batch = Batch::new(&[]);
    (0..3).for_each(|number| batch.put(&format!("{number}.mkv"), number));
    std::fs::create_dir(batch.out()).unwrap();
    let out = batch.out().display().to_string();
    let root = |command: &str, arguments: &[&str]| {
        let done = std::process::Command::new(command).args(arguments).status();
        done.is_ok_and(|status| status.success())
    };
    if !root("mount", &["-t", "tmpfs", "-o", "size=64k", "tmpfs", &out]) {
        eprintln!("skipped: this user cannot mount");
        return;
    }
    // Empty files can still be made, but nothing can be written to them.
    let mut filler = std::fs::File::create(batch.out().join("filler")).unwrap();
    while filler.write_all(&[0; 4096]).is_ok() {}
    drop(filler);
    let (code, _, said) = batch.run(&[]);
    assert!(root("umount", &[&out]));
    assert_eq!(code, 3, "{said}");
    assert!(said.contains("No space left on device"), "{said}");
}

#[test]
fn a_folder_of_reports_that_is_a_file_is_named_before_anything_is_loaded() {
    let batch = Batch::new(&[]);
    batch.put("a.mkv", 1);
    std::fs::write(batch.out(), "a file").unwrap();
    let (code, _, said) = batch.run(&[]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("is a file, not a folder"), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
}
