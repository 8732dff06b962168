//! Recordings that fail, and such that take the worker with them.

use super::daemon::Daemon;
use crate::reports::{read, schema};
use crate::undertone::clip;

#[test]
fn what_ends_the_worker_is_quarantined_and_nothing_else_suffers() {
    let mut daemon = Daemon::new(&[]).with("UNDERTONE_TEST_FAULT", "abort:poison");
    for (number, name) in ["a", "b", "poison", "c", "d"].iter().enumerate() {
        daemon.drop_clip(&format!("{name}.mkv"), number);
    }
    daemon.start();
    for name in ["a", "b", "c", "d"] {
        daemon.until_there(&format!("{name}.mkv.jsonl"));
    }
    let record = daemon.until("it is quarantined", |daemon| {
        daemon
            .failure("poison.mkv")
            .filter(|record| record["quarantined"] == true)
    });
    assert_eq!(record["attempts"], 2, "{record}");
    assert_eq!(record["cause"], "crashed");
    let error = record["error"].to_string();
    assert!(
        error.contains("SIGABRT") && error.contains("aborting on purpose"),
        "{error}"
    );
    assert!(schema().is_valid(&record), "{record}");
    let expected = [
        "a.mkv.jsonl",
        "b.mkv.jsonl",
        "c.mkv.jsonl",
        "d.mkv.jsonl",
        "poison.mkv.failed.json",
    ];
    assert_eq!(daemon.reports(), expected);
    let (_, status, _) = daemon.ask("status", &[]);
    assert!(status.contains("quarantined, failed 2 times"), "{status}");

    // It stays so over a restart; `retry` gives it one more chance, alone.
    daemon.kill();
    daemon.start();
    daemon.until_logged("ready: watching");
    daemon.until("the next one knows", |daemon| {
        daemon
            .ask("status", &[])
            .1
            .contains("4 done, 0 duplicates, 0 retrying, 0 failed, 1 quarantined")
            .then_some(())
    });
    let (code, said, _) = daemon.ask("retry", &["poison.mkv"]);
    assert_eq!((code, said.as_str()), (0, "1 will be retried now\n"));
    daemon.until("it was tried a third time", |daemon| {
        daemon
            .failure("poison.mkv")
            .filter(|record| record["attempts"] == 3 && record["quarantined"] == true)
    });
    let (code, _, said) = daemon.ask("retry", &["no-such.mkv"]);
    assert_eq!(code, 3, "{said}");
    assert!(
        said.contains("there is no failure record for no-such.mkv"),
        "{said}"
    );

    // Mended: forgotten, and scored.
    daemon.kill();
    let mut mended = daemon.with("UNDERTONE_TEST_FAULT", "");
    mended.start();
    mended.until_logged("ready: watching");
    assert_eq!(mended.ask("retry", &["--all", "--forget"]).0, 0);
    mended.until_there("poison.mkv.jsonl");
    assert!(mended.failure("poison.mkv").is_none());
}

#[test]
fn what_hangs_or_swells_is_stopped_and_named() {
    for (fault, setting, cause) in [
        ("hang", "limits.stall_s=1.5", "time"),
        ("hog", "limits.memory_mb=700", "memory"),
    ] {
        let mut daemon =
            Daemon::new(&[setting]).with("UNDERTONE_TEST_FAULT", format!("{fault}:poison"));
        daemon.drop_clip("poison.mkv", 1);
        daemon.start();
        let record = daemon.until("it is quarantined", |daemon| {
            daemon
                .failure("poison.mkv")
                .filter(|record| record["quarantined"] == true)
        });
        assert_eq!(record["cause"], cause, "{record}");
        assert!(
            record["hint"].as_str().unwrap().contains("limits."),
            "{record}"
        );
        daemon.drop_clip("good.mkv", 2);
        daemon.until_there("good.mkv.jsonl");
    }
}

#[test]
fn what_is_no_media_fails_once_and_is_scored_when_it_is() {
    let mut daemon = Daemon::new(&[]).started();
    std::fs::write(daemon.input("a.mp4"), "no media at all").unwrap();
    let record = daemon.until("it failed", |daemon| daemon.failure("a.mp4"));
    assert_eq!(
        (record["attempts"].as_u64(), record["cause"].as_str()),
        (Some(1), Some("content"))
    );
    assert!(record["next_try"].is_null());
    std::fs::copy(clip("negative.mp4"), daemon.input("a.mp4")).unwrap();
    daemon.until_there("a.mp4.jsonl");
    daemon.until("the record has gone", |daemon| {
        daemon.failure("a.mp4").is_none().then_some(())
    });
}

#[test]
fn without_isolation_it_scores_as_well() {
    let mut daemon = Daemon::new(&["worker.isolation=none"]).started();
    daemon.drop_clip("a.mkv", 1);
    let report = daemon.until_there("a.mkv.jsonl");
    assert!(daemon.stop().success(), "{}", daemon.log());
    read(&report, &schema());
}

/// A full disk can only be had by root.
#[test]
fn a_full_disk_is_waited_for() {
    let mut daemon = Daemon::new(&[]);
    std::fs::create_dir(daemon.out()).unwrap();
    let out = daemon.out().display().to_string();
    let mounted = std::process::Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=2m", "tmpfs", &out])
        .status();
    if !mounted.is_ok_and(|status| status.success()) {
        eprintln!("skipped: a small file system cannot be mounted here");
        return;
    }
    let unmount = Unmount(out);
    daemon.start();
    daemon.drop_clip("first.mkv", 1);
    daemon.until_there("first.mkv.jsonl");
    let ballast = daemon.out().join("ballast");
    // Fills what is left to the last byte.
    let full = std::fs::write(&ballast, vec![0; 4_000_000]);
    assert!(full.is_err());
    for number in 2..6 {
        daemon.drop_clip(&format!("{number}.mkv"), number);
    }
    daemon.until_logged("paused: ");
    assert!(daemon.is_running());
    let parts = daemon.reports();
    assert_eq!(parts, ["ballast", "first.mkv.jsonl"], "{}", daemon.log());
    std::fs::remove_file(&ballast).unwrap();
    for number in 2..6 {
        daemon.until_there(&format!("{number}.mkv.jsonl"));
    }
    daemon.until_logged("continuing");
    assert!(daemon.stop().success(), "{}", daemon.log());
    let schema = schema();
    for number in 2..6 {
        read(&daemon.out().join(format!("{number}.mkv.jsonl")), &schema);
    }
    assert_eq!(daemon.reports().len(), 5, "{:?}", daemon.reports());
    drop(unmount);
}

struct Unmount(String);

impl Drop for Unmount {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount")
            .args(["--lazy", &self.0])
            .status();
    }
}
