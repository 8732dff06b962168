//! What `/metrics` shows.

mod names;

use std::process::{Child, Command};

use super::*;
use crate::core::FileRef;
use crate::protocol::StageHeartbeat;
use undertone_reports::fixtures;

fn heartbeat(busy_s: f64) -> Heartbeat {
    Heartbeat {
        stages: vec![StageHeartbeat {
            stage: Stage::Decode,
            busy_s,
            blocked_in_s: 0.0,
            blocked_out_s: 0.0,
            waiting: 3,
            at_work: true,
        }],
        movement: 1,
    }
}

/// A recording of 10 s.
fn scored(took_s: f64) -> Scored {
    Scored {
        file: FileRef {
            root: 0,
            relative: std::path::Path::new("a.mp4").into(),
        },
        duration_s: 10.0,
        took_s,
        summary: fixtures::summary(3),
    }
}

/// A process that does nothing.
fn idle() -> Child {
    Command::new("sleep").arg("60").spawn().unwrap()
}

#[test]
fn times_go_on_over_workers() {
    let metrics = Metrics::new();
    metrics.heartbeat(&heartbeat(2.0));
    metrics.heartbeat(&heartbeat(3.0));
    metrics.new_worker(None);
    metrics.heartbeat(&heartbeat(1.0));
    metrics.result(Result::Quarantined(Cause::Crashed));
    let text = metrics.text(Format::OpenMetrics);
    for line in [
        "undertone_stage_busy_seconds_total{stage=\"decode\"} 4.0",
        "undertone_queue_depth{stage=\"decode\"} 3",
        "undertone_failures_total{cause=\"crashed\"} 1",
        "undertone_outcomes_total{outcome=\"quarantined\"} 1",
        "# EOF",
    ] {
        assert!(
            text.lines().any(|said| said == line),
            "{line} is not in {text}"
        );
    }
}

#[test]
fn each_format_is_whole() {
    let metrics = Metrics::new();
    let open = metrics.text(Format::OpenMetrics);
    assert!(open.ends_with("\n# EOF\n"), "{open}");
    assert!(
        open.contains("# UNIT undertone_scored_seconds seconds\n"),
        "{open}"
    );
    let text = metrics.text(Format::Text);
    assert!(
        !text.contains("# EOF") && !text.contains("# UNIT"),
        "{text}"
    );
    assert!(
        text.contains("# TYPE undertone_scored_seconds_total counter\n"),
        "{text}"
    );
}

#[test]
fn what_has_waited_longest_is_shown_for_each_kind() {
    let metrics = Metrics::new();
    let waits = [
        (Class::Interrupted(1), 3),
        (Class::Interrupted(2), 9),
        (Class::Fresh, 2),
    ];
    let waits = waits.map(|(class, waited_s)| (class, Duration::from_secs(waited_s)));
    metrics.longest_waits(waits.into_iter());
    let value = |kind: &str| {
        let text = metrics.text(Format::Text);
        let name = format!("undertone_oldest_waiting_seconds{{kind=\"{kind}\"}} ");
        let line = text.lines().find_map(|line| line.strip_prefix(&name));
        line.unwrap_or_else(|| panic!("no {kind} in {text}"))
            .to_owned()
    };
    let all = ["interrupted", "new", "outdated"].map(value);
    assert_eq!(all, ["9.0", "2.0", "0.0"]);
    metrics.longest_waits(std::iter::empty());
    assert_eq!(["interrupted", "new"].map(value), ["0.0", "0.0"]);
}

#[test]
fn a_worker_that_is_no_process_of_its_own_has_no_usage_of_its_own() {
    let metrics = Metrics::new();
    let has = |name: &str| metrics.text(Format::Text).contains(&format!("\n{name} "));
    for name in [
        "process_resident_memory_bytes",
        "process_virtual_memory_bytes",
        "process_cpu_seconds_total",
        "process_open_fds",
        "process_start_time_seconds",
    ] {
        assert!(has(name), "{name}");
    }
    assert!(!has("undertone_worker_memory_bytes"));
    let mut child = idle();
    metrics.new_worker(Some(child.id()));
    assert!(has("undertone_worker_memory_bytes") && has("undertone_worker_cpu_seconds_total"));
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!has("undertone_worker_memory_bytes"), "it has ended");
}

#[test]
fn what_was_scored_is_timed() {
    let metrics = Metrics::new();
    let stamp = "undertone_last_scored_timestamp_seconds ";
    assert!(!metrics.text(Format::Text).contains(stamp));
    for took_s in [0.7, 20_000.0] {
        metrics.report(&scored(took_s));
    }
    let text = metrics.text(Format::Text);
    for line in [
        "undertone_scoring_seconds_bucket{le=\"0.5\"} 0",
        "undertone_scoring_seconds_bucket{le=\"1\"} 1",
        "undertone_scoring_seconds_bucket{le=\"+Inf\"} 2",
        "undertone_scoring_seconds_count 2",
        "undertone_scored_seconds_total 20.0",
    ] {
        assert!(
            text.lines().any(|said| said == line),
            "{line} is not in {text}"
        );
    }
    let line = text.lines().find_map(|line| line.strip_prefix(stamp));
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let age_s = now.as_secs_f64() - line.unwrap().parse::<f64>().unwrap();
    assert!((0.0..60.0).contains(&age_s), "{age_s}");
}
