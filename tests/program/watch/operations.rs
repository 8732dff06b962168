//! What those need who run it: signals, health, numbers, systemd, hooks.

use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use super::daemon::{Daemon, rename};
use crate::reports::{read, schema};
use crate::undertone::{root, run};

#[test]
fn it_says_how_it_is() {
    let mut daemon = Daemon::new(&["metrics.listen=127.0.0.1:0"]).started();
    daemon.until_logged("ready: watching");
    daemon.drop_clip("a.mkv", 1);
    daemon.until_there("a.mkv.jsonl");
    assert_eq!(daemon.get("/healthz").0, 200);
    assert_eq!(daemon.get("/readyz").0, 200);
    daemon.until_logged("scored");
    // Stages are told of twice a second.
    std::thread::sleep(Duration::from_millis(1500));
    let text = daemon.get("/metrics").1;
    for name in [
        "undertone_outcomes_total{outcome=\"scored\"} 1",
        "undertone_utterances_total{text=\"transcript\"} 1",
        "undertone_scored_seconds_total",
        "undertone_speed",
        "undertone_stage_busy_seconds_total{stage=\"decode\"}",
        "undertone_queue_depth{stage=\"transcribe\"}",
        "undertone_worker_memory_bytes",
        "undertone_worker_start_time_seconds",
        "undertone_last_scored_timestamp_seconds",
        "undertone_scoring_seconds_bucket{le=\"+Inf\"} 1",
        "undertone_oldest_waiting_seconds{kind=\"new\"} 0",
        "undertone_healthy 1",
        "process_cpu_seconds_total",
    ] {
        assert!(text.contains(name), "{name} is not in {text}");
    }
    assert!(!text.contains("# EOF"), "{text}");
    let accept = "Accept: application/openmetrics-text;version=1.0.0,text/plain;q=0.5";
    let (head, text) = daemon.ask_for("/metrics", accept);
    assert!(
        head.contains("Content-Type: application/openmetrics-text; version=1.0.0"),
        "{head}"
    );
    assert!(text.ends_with("# EOF\n"), "{text}");
    let (_, status, _) = daemon.ask("status", &["--json"]);
    let status: serde_json::Value = serde_json::from_str(&status).unwrap();
    assert!(
        status["daemon"].is_u64() && status["snapshot"]["counts"].is_object(),
        "{status}"
    );
}

/// Who sweeps up what killed runs left asks processes for their name.
#[test]
fn the_worker_has_the_name_of_the_program() {
    let mut daemon = Daemon::new(&[]).started();
    daemon.until_logged("ready: watching");
    let process = daemon.process();
    let children = std::fs::read_to_string(format!("/proc/{process}/task/{process}/children"));
    let children = children.unwrap();
    let names: Vec<String> = children
        .split_whitespace()
        .map(|child| std::fs::read_to_string(format!("/proc/{child}/comm")).unwrap())
        .collect();
    assert_eq!(names, ["undertone\n"]);
}

#[test]
fn one_daemon_keeps_a_folder() {
    let mut daemon = Daemon::new(&[]).started();
    daemon.until_logged("ready: watching");
    let (input, out) = (daemon.path("in"), daemon.out());
    let second = [
        "watch",
        input.to_str().unwrap(),
        "--out",
        out.to_str().unwrap(),
    ];
    let (code, _, said) = run(&second);
    assert_eq!(code, 3, "{said}");
    assert!(said.contains("another daemon (process"), "{said}");
    let nested = ["watch", "/a", "/a/b", "--out", out.to_str().unwrap()];
    assert_eq!(run(&nested).0, 2);
}

#[test]
fn settings_are_read_anew() {
    let mut daemon = Daemon::new(&[]);
    let file = daemon.path("mine.toml");
    let quick = "metrics.listen = \"\"\nwatch.settle_s = 0.3\nwatch.poll_s = 0.2\n";
    std::fs::write(&file, quick).unwrap();
    let text = |path: std::path::PathBuf| path.display().to_string();
    let arguments = [
        "watch",
        &text(daemon.path("in")),
        "--out",
        &text(daemon.out()),
        "--config",
        &text(file.clone()),
    ]
    .map(ToOwned::to_owned);
    daemon.start_with(&arguments);
    daemon.drop_clip("a.mkv", 1);
    let report = daemon.until_there("a.mkv.jsonl");
    std::fs::write(&file, "watch.settle = 1\n").unwrap();
    daemon.signal("HUP");
    daemon.until_logged("the old settings stay in effect");
    assert!(
        daemon.log().contains("did you mean `watch.settle_s`"),
        "{}",
        daemon.log()
    );
    // Other settings, other scores: the report is made anew.
    std::fs::write(&file, format!("{quick}text.mode = \"none\"\n")).unwrap();
    daemon.signal("HUP");
    daemon.until("the report follows the new settings", |_| {
        std::fs::read_to_string(&report)
            .unwrap()
            .contains("\"text_mode\":\"none\"")
            .then_some(())
    });
    daemon.drop_clip("b.mkv", 2);
    let report = daemon.until_there("b.mkv.jsonl");
    assert_eq!(
        read(&report, &schema()).recording["config"]["text_mode"],
        "none"
    );
    assert!(daemon.stop().success(), "{}", daemon.log());
}

#[test]
fn systemd_is_told_and_its_watchdog_fed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket
        .set_read_timeout(Some(Duration::from_secs(60)))
        .unwrap();
    let mut daemon = Daemon::new(&[])
        .with("NOTIFY_SOCKET", path.display().to_string())
        .with("WATCHDOG_USEC", "600000")
        .started();
    let wait_for = |words: &str| {
        let mut buffer = [0; 512];
        loop {
            let length = socket
                .recv(&mut buffer)
                .unwrap_or_else(|error| panic!("no {words}: {error}"));
            let said = String::from_utf8_lossy(&buffer[..length]);
            if said.contains(words) {
                return;
            }
        }
    };
    wait_for("READY=1");
    wait_for("WATCHDOG=1");
    wait_for("STATUS=");
    daemon.signal("HUP");
    wait_for("RELOADING=1");
    wait_for("READY=1");
    daemon.signal("TERM");
    wait_for("STOPPING=1");
}

#[test]
fn the_unit_file_is_sound() {
    let unit = root().join("packaging/undertone.service");
    let checked = std::process::Command::new("systemd-analyze")
        .arg("verify")
        .arg(&unit)
        .output();
    let Ok(checked) = checked else {
        eprintln!("skipped: systemd-analyze is not there");
        return;
    };
    let said = String::from_utf8_lossy(&checked.stderr);
    // The program is not installed where tests run; that is the only complaint there may be.
    let wrong: Vec<&str> = said
        .lines()
        .filter(|line| line.contains("undertone.service") && !line.contains("is not executable"))
        .collect();
    assert!(wrong.is_empty(), "{said}");
}

#[test]
fn a_hook_hears_of_each_report() {
    let mut daemon =
        Daemon::new(&["hooks.on_report=[\"sh\", \"-c\", \"echo $1 >> $0\", \"LIST\"]"]);
    let list = daemon.path("list");
    for setting in daemon.settings_mut() {
        *setting = setting.replace("LIST", list.to_str().unwrap());
    }
    daemon.start();
    daemon.drop_clip("a.mkv", 1);
    daemon.until("the hook heard", |_| {
        let heard = std::fs::read_to_string(&list).ok()?;
        heard.contains("a.mkv.jsonl").then_some(())
    });
}

#[test]
fn it_finishes_what_is_under_way_and_takes_no_more_time_than_it_may() {
    let mut daemon = Daemon::new(&["shutdown.grace_s=0"]).with("UNDERTONE_TEST_FAULT", "hang:slow");
    daemon.drop_clip("slow.mkv", 1);
    daemon.start();
    daemon.until("it is under way", |daemon| {
        daemon
            .ask("status", &[])
            .1
            .contains("1 running")
            .then_some(())
    });
    assert_eq!(daemon.stop().code(), Some(130));
    assert!(
        daemon.log().contains("the time to finish is over"),
        "{}",
        daemon.log()
    );
    assert!(daemon.reports().is_empty());
}

#[test]
fn the_daemon_counts_what_it_keeps_and_says_what_it_makes_anew() {
    let mut daemon = Daemon::new(&["text.mode=none"]).started();
    daemon.drop_clip("a.mkv", 0);
    daemon.until_there("a.mkv.jsonl");
    daemon.stop();

    *daemon.settings_mut() = vec![
        "watch.settle_s=0.3".to_owned(),
        "metrics.listen=".to_owned(),
        "watch.outdated=keep".to_owned(),
    ];
    daemon.start();
    daemon.until_logged("1 report is outdated (text.mode: none → auto); they are kept");
    daemon.until("it is counted", |daemon| {
        let (_, status, _) = daemon.ask("status", &[]);
        status.contains("1 outdated, 0 done").then_some(())
    });
    daemon.stop();

    daemon.settings_mut().pop();
    daemon.start();
    daemon.until_logged("1 report is outdated (text.mode: none → auto); those of recordings");
    daemon.until("it is made anew", |daemon| {
        let (_, status, _) = daemon.ask("status", &[]);
        status.contains("0 outdated, 1 done").then_some(())
    });
}

#[test]
fn excluded_folders_and_links_are_passed_over_until_they_are_asked_for() {
    let exclude = "files.exclude=[\"old/**\"]";
    let mut daemon = Daemon::new(&[exclude]).started();
    daemon.until_logged("ready: watching");
    for folder in ["in/old", "elsewhere"] {
        std::fs::create_dir(daemon.path(folder)).unwrap();
    }
    daemon.drop_clip("old/a.mkv", 1);
    let elsewhere = daemon.path("elsewhere");
    rename(&daemon.input("old/a.mkv"), &elsewhere.join("linked.mkv"));
    daemon.drop_clip("old/a.mkv", 2);
    std::os::unix::fs::symlink(&elsewhere, daemon.input("cam")).unwrap();
    daemon.drop_clip("b.mkv", 3);
    daemon.until_there("b.mkv.jsonl");
    daemon.stop();
    assert_eq!(daemon.reports(), ["b.mkv.jsonl"]);

    daemon.start();
    daemon.until_logged("passed over: 1 folder by files.exclude; 1 link");
    daemon.stop();
    daemon.settings_mut().push("files.follow=true".to_owned());
    daemon.start();
    daemon.until_there("cam/linked.mkv.jsonl");
    daemon.drop_clip("cam/later.mkv", 4);
    daemon.until_there("cam/later.mkv.jsonl");
    assert!(!daemon.out().join("old").exists());
}
