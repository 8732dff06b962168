//! Metrics for Prometheus, in the OpenMetrics text format.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicU64;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use super::protocol::Heartbeat;
use super::status::Counts;
use undertone_reports::SummaryLine;
use undertone_types::{Cause, Stage};

type Label = [(&'static str, &'static str); 1];
type Seconds = Counter<f64, AtomicU64>;
type Level = Gauge<f64, AtomicU64>;

/// All metrics. Updated by the daemon, read by the HTTP server.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    recordings: Family<Label, Gauge>,
    results: Family<Label, Counter>,
    failures: Family<Label, Counter>,
    utterances: Family<Label, Counter>,
    scored: Seconds,
    speed: Level,
    waiting: Family<Label, Gauge>,
    busy: Family<Label, Seconds>,
    blocked_in: Family<Label, Seconds>,
    blocked_out: Family<Label, Seconds>,
    memory: Gauge,
    replaced: Counter,
    paused: Gauge,
    /// Times of the current worker; they start at zero with each worker.
    before: Mutex<HashMap<(Stage, &'static str), f64>>,
}

/// The result of a recording, final or for now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Result {
    /// It has a report.
    Scored,
    /// Its report points to another.
    Duplicate,
    /// It is quarantined because another file with the same content is.
    QuarantinedAlike,
    /// It failed.
    Failed(Cause),
    /// It is quarantined.
    Quarantined(Cause),
}

impl Metrics {
    /// All metrics at zero.
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix("undertone");
        let version = Info::new(vec![("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "This program", version);
        macro_rules! measured {
            ($name:literal, $help:literal) => {{
                let metric = Default::default();
                registry.register($name, $help, Clone::clone(&metric));
                metric
            }};
            ($name:literal, $help:literal, $unit:expr) => {{
                let metric = Default::default();
                registry.register_with_unit($name, $help, $unit, Clone::clone(&metric));
                metric
            }};
        }
        Self {
            recordings: measured!("recordings", "Recordings by state"),
            results: measured!("outcomes", "Recordings by outcome"),
            failures: measured!("failures", "Failed attempts by cause"),
            utterances: measured!("utterances", "Utterances by source of their text"),
            scored: measured!("scored", "Length of the recordings scored", Unit::Seconds),
            speed: measured!("speed", "Speed relative to real time while there was work"),
            waiting: measured!("queue_depth", "Messages waiting for a stage"),
            busy: measured!("stage_busy", "Time that a stage worked", Unit::Seconds),
            blocked_in: measured!(
                "stage_idle",
                "Time that a stage waited for work",
                Unit::Seconds
            ),
            blocked_out: measured!(
                "stage_blocked",
                "Time that a stage waited for the next stage",
                Unit::Seconds
            ),
            memory: measured!("worker_memory", "Memory of the worker", Unit::Bytes),
            replaced: measured!("replaced_workers", "Workers that had to be replaced"),
            paused: measured!("paused", "1 while nothing is scored since the disk is full"),
            registry,
            before: Mutex::default(),
        }
    }

    /// All metrics, as text.
    pub fn text(&self) -> String {
        let mut text = String::new();
        encode(&mut text, &self.registry).expect("writing to a string does not fail");
        text
    }

    /// Recordings by state, and the speed relative to real time.
    pub fn state(&self, counts: &Counts, speed: f64, paused: bool, memory_bytes: Option<u64>) {
        for (state, count) in counts.named() {
            let gauge = self.recordings.get_or_create(&[("state", state)]);
            gauge.set(i64::try_from(count).unwrap_or(i64::MAX));
        }
        self.speed.set(speed);
        self.paused.set(i64::from(paused));
        let memory = memory_bytes.unwrap_or(0);
        self.memory.set(i64::try_from(memory).unwrap_or(i64::MAX));
    }

    /// Counts the result of a recording.
    pub fn result(&self, result: Result) {
        let name = match result {
            Result::Scored => "scored",
            Result::Duplicate => "duplicate",
            Result::Failed(_) => "failed",
            Result::Quarantined(_) | Result::QuarantinedAlike => "quarantined",
        };
        self.results.get_or_create(&[("outcome", name)]).inc();
        if let Result::Failed(cause) | Result::Quarantined(cause) = result {
            self.failures
                .get_or_create(&[("cause", cause.name())])
                .inc();
        }
    }

    /// A report was written.
    pub fn report(&self, duration_s: f64, summary: &SummaryLine) {
        self.scored.inc_by(duration_s.max(0.0));
        let count = |share: f64| (share * f64::from(summary.utterances)).round() as u64;
        let transcript = count(summary.text.transcribed);
        let simulated = count(summary.text.simulated);
        let none = u64::from(summary.utterances).saturating_sub(transcript + simulated);
        for (source, count) in [
            ("transcript", transcript),
            ("simulated", simulated),
            ("none", none),
        ] {
            self.utterances
                .get_or_create(&[("text", source)])
                .inc_by(count);
        }
    }

    /// A worker was replaced.
    pub fn replaced(&self) {
        self.replaced.inc();
    }

    /// A new worker's times begin at zero.
    pub fn new_worker(&self) {
        self.before
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }

    /// Takes over the numbers of a heartbeat.
    pub fn heartbeat(&self, heartbeat: &Heartbeat) {
        let mut before = self.before.lock().unwrap_or_else(PoisonError::into_inner);
        for stage in &heartbeat.stages {
            let label = [("stage", stage.stage.name())];
            let times = [
                (&self.busy, "busy", stage.busy_s),
                (&self.blocked_in, "in", stage.blocked_in_s),
                (&self.blocked_out, "out", stage.blocked_out_s),
            ];
            for (family, name, now_s) in times {
                let before_s = before.entry((stage.stage, name)).or_default();
                family
                    .get_or_create(&label)
                    .inc_by((now_s - *before_s).max(0.0));
                *before_s = now_s;
            }
            let waiting = i64::try_from(stage.waiting).unwrap_or(i64::MAX);
            self.waiting.get_or_create(&label).set(waiting);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::StageHeartbeat;

    #[test]
    fn times_go_on_over_workers() {
        let metrics = Metrics::new();
        let heartbeat = |busy_s| Heartbeat {
            stages: vec![StageHeartbeat {
                stage: Stage::Decode,
                busy_s,
                blocked_in_s: 0.0,
                blocked_out_s: 0.0,
                waiting: 3,
                at_work: true,
            }],
            movement: 1,
        };
        metrics.heartbeat(&heartbeat(2.0));
        metrics.heartbeat(&heartbeat(3.0));
        metrics.new_worker();
        metrics.heartbeat(&heartbeat(1.0));
        metrics.result(Result::Quarantined(Cause::Crashed));
        let text = metrics.text();
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
}
