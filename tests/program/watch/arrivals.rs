//! Files that come in every way that files come.

use std::io::Write;
use std::os::unix::fs::symlink;
use std::time::Duration;

use super::daemon::{Daemon, content, rename};
use crate::reports::{read, schema};
use crate::undertone::clip;

#[test]
fn whatever_way_a_recording_comes_it_is_scored_once_and_whole() {
    let mut daemon = Daemon::new(&["files.follow=true", "files.exclude=[\"draft-*\"]"]);
    // Before the start, and in a folder of its own.
    std::fs::create_dir(daemon.input("day")).unwrap();
    daemon.drop_clip("day/early.mkv", 1);
    daemon.start();
    daemon.until_logged("ready: watching");
    daemon.drop_clip("copied.mkv", 2);
    daemon.drop_clip("draft-1.mkv", 3);
    daemon.drop_clip("copied.mkv.part", 4);
    daemon.drop_clip(".hidden.mkv", 5);
    std::fs::write(daemon.path("elsewhere.mkv"), content(6)).unwrap();
    rename(&daemon.path("elsewhere.mkv"), &daemon.input("moved.mkv"));
    std::fs::write(daemon.path("target.mkv"), content(7)).unwrap();
    symlink(daemon.path("target.mkv"), daemon.input("link.mkv")).unwrap();
    symlink("/no/such", daemon.input("broken.mkv")).unwrap();
    // A whole folder at once.
    std::fs::create_dir(daemon.path("new")).unwrap();
    std::fs::write(daemon.path("new/inside.mkv"), content(8)).unwrap();
    rename(&daemon.path("new"), &daemon.input("folder"));
    // In pieces, with pauses longer than it takes to settle: the writer has it open.
    let mut slow = std::fs::File::create(daemon.input("slow.mkv")).unwrap();
    for piece in content(9).chunks(30_000) {
        slow.write_all(piece).unwrap();
        std::thread::sleep(Duration::from_millis(500));
    }
    drop(slow);
    for name in [
        "day/early",
        "copied",
        "moved",
        "link",
        "folder/inside",
        "slow",
    ] {
        daemon.until_there(&format!("{name}.mkv.jsonl"));
    }
    assert!(daemon.stop().success(), "{}", daemon.log());
    let expected = [
        "copied",
        "day/early",
        "folder/inside",
        "link",
        "moved",
        "slow",
    ];
    assert_eq!(
        daemon.reports(),
        expected.map(|name| format!("{name}.mkv.jsonl"))
    );
    let schema = schema();
    for name in expected {
        let report = read(&daemon.out().join(format!("{name}.mkv.jsonl")), &schema);
        assert_eq!(report.utterances.len(), 1, "{name}");
    }
}

#[test]
fn without_events_it_scans() {
    let mut daemon = Daemon::new(&["watch.events=poll"]).started();
    daemon.until_logged("watching by scanning");
    daemon.drop_clip("a.mkv", 1);
    daemon.until_there("a.mkv.jsonl");
}

#[test]
fn the_same_content_is_scored_once() {
    let mut daemon = Daemon::new(&["watch.combined=true"]).started();
    for name in ["a.mkv", "b.mkv", "c.mkv"] {
        daemon.drop_clip(name, 1);
    }
    for name in ["a.mkv", "b.mkv", "c.mkv"] {
        daemon.until_there(&format!("{name}.jsonl"));
    }
    daemon.until("pointers are counted", |daemon| {
        let (_, status, _) = daemon.ask("status", &[]);
        status.contains("1 done, 2 duplicates").then_some(())
    });
    let report = |name: &str| {
        std::fs::read_to_string(daemon.out().join(format!("{name}.mkv.jsonl"))).unwrap()
    };
    let texts = ["a", "b", "c"].map(report);
    let pointers: Vec<serde_json::Value> = texts
        .iter()
        .filter(|text| text.contains("\"duplicate\""))
        .map(|text| serde_json::from_str(text).unwrap())
        .collect();
    assert_eq!(pointers.len(), 2, "{texts:?}");
    let schema = schema();
    for pointer in &pointers {
        assert!(schema.is_valid(pointer), "{pointer}");
        let target = pointer["of"]["report"].as_str().unwrap();
        read(&daemon.out().join(target), &schema);
    }
    // The next start knows all of it, and the file of all reports holds each once.
    daemon.kill();
    daemon.start();
    daemon.until_logged("ready: watching");
    daemon.until("it is counted again", |daemon| {
        let (_, status, _) = daemon.ask("status", &[]);
        status.contains("1 done, 2 duplicates").then_some(())
    });
    assert!(daemon.stop().success());
    let combined = std::fs::read_to_string(daemon.out().join("reports.jsonl")).unwrap();
    assert_eq!(
        combined.lines().count(),
        texts.iter().map(|text| text.lines().count()).sum::<usize>()
    );
}

#[test]
fn a_folder_may_come_late_go_and_come_back() {
    let mut daemon = Daemon::new(&[]);
    std::fs::remove_dir(daemon.path("in")).unwrap();
    daemon.start();
    daemon.until_logged("the folder does not exist");
    std::fs::create_dir(daemon.path("in")).unwrap();
    daemon.drop_clip("a.mkv", 1);
    daemon.until_there("a.mkv.jsonl");
    rename(&daemon.path("in"), &daemon.path("away"));
    daemon.until_logged("the folder has gone");
    std::fs::create_dir(daemon.path("in")).unwrap();
    daemon.drop_clip("b.mkv", 2);
    daemon.until_there("b.mkv.jsonl");
    assert_eq!(daemon.reports(), ["a.mkv.jsonl", "b.mkv.jsonl"]);
}

#[test]
fn a_recording_that_changes_is_scored_anew() {
    let mut daemon = Daemon::new(&[]).started();
    daemon.drop_clip("a.mkv", 1);
    let report = daemon.until_there("a.mkv.jsonl");
    let before = std::fs::read_to_string(&report).unwrap();
    std::fs::write(
        daemon.input("a.mkv"),
        std::fs::read(clip("negative.mp4")).unwrap(),
    )
    .unwrap();
    let after = daemon.until("there is another report", |_| {
        let text = std::fs::read_to_string(&report).ok()?;
        (text != before).then_some(text)
    });
    assert!(after.contains("\"negative\""), "{after}");
}

#[test]
fn several_folders_have_a_folder_of_reports_each() {
    let mut daemon = Daemon::new(&[]);
    let folders = ["one", "two"].map(|name| daemon.path(name));
    for (number, folder) in folders.iter().enumerate() {
        std::fs::create_dir(folder).unwrap();
        std::fs::write(folder.join("a.mkv"), content(number)).unwrap();
    }
    let text = |path: &std::path::Path| path.display().to_string();
    let arguments = [
        "watch",
        &text(&folders[0]),
        &text(&folders[1]),
        "--out",
        &text(&daemon.out()),
    ]
    .map(ToOwned::to_owned);
    let quick = ["--set", "watch.settle_s=0.3", "--set", "metrics.listen="].map(ToOwned::to_owned);
    daemon.start_with(&[&arguments[..], &quick[..]].concat());
    daemon.until_there("one/a.mkv.jsonl");
    daemon.until_there("two/a.mkv.jsonl");
}
