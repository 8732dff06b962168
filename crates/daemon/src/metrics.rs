//! Metrics for Prometheus.

mod format;
mod processes;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};
use strum::VariantNames as _;

use super::core::{Class, Scored};
use super::protocol::Heartbeat;
use super::status::Counts;
use undertone_types::{Cause, Stage};

pub use format::Format;
use processes::{WorkerProcess, register_processes};

/// Bounds of the times that recordings take, in seconds: from a short clip to a long day.
const SCORING_S: [f64; 14] = [
    0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0, 14_400.0,
];

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
    /// Without a value until a recording has been scored.
    last_scored: Family<[(&'static str, &'static str); 0], Level>,
    scoring: Histogram,
    longest_waits: Family<Label, Level>,
    replaced: Counter,
    paused: Gauge,
    healthy: Gauge,
    worker: WorkerProcess,
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
        let mut registry = Registry::default();
        let worker = register_processes(&mut registry);
        let ours = registry.sub_registry_with_prefix("undertone");
        let version = Info::new(vec![("version", env!("CARGO_PKG_VERSION"))]);
        ours.register("build", "This program", version);
        let scoring = Histogram::new(SCORING_S);
        let help = "Time from opening a recording to its report";
        ours.register_with_unit("scoring", help, Unit::Seconds, scoring.clone());
        macro_rules! measured {
            ($name:literal, $help:literal) => {{
                let metric = Default::default();
                ours.register($name, $help, Clone::clone(&metric));
                metric
            }};
            ($name:literal, $help:literal, $unit:expr) => {{
                let metric = Default::default();
                ours.register_with_unit($name, $help, $unit, Clone::clone(&metric));
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
            last_scored: measured!(
                "last_scored_timestamp",
                "When the last recording was scored, in seconds since 1970",
                Unit::Seconds
            ),
            scoring,
            longest_waits: measured!(
                "oldest_waiting",
                "Time that a recording has waited to be scored: the longest of each kind",
                Unit::Seconds
            ),
            replaced: measured!("replaced_workers", "Workers that had to be replaced"),
            paused: measured!("paused", "1 while nothing is scored since the disk is full"),
            healthy: measured!("healthy", "1 while /healthz says that all is well"),
            worker,
            registry,
            before: Mutex::default(),
        }
        .with_zeros()
    }

    /// A counter that appears only with its first event hides that event from whoever asks for
    /// the increase.
    fn with_zeros(self) -> Self {
        for outcome in ["scored", "duplicate", "failed", "quarantined"] {
            self.results
                .get_or_create(&[("outcome", outcome)])
                .inc_by(0);
        }
        for cause in Cause::ALL {
            self.failures
                .get_or_create(&[("cause", cause.name())])
                .inc_by(0);
        }
        for source in ["transcript", "simulated", "none"] {
            self.utterances.get_or_create(&[("text", source)]).inc_by(0);
        }
        self.longest_waits(std::iter::empty());
        self
    }

    /// All metrics, as text.
    pub fn text(&self, format: Format) -> String {
        let mut text = String::new();
        let written = format.write(&mut text, &self.registry);
        written.expect("writing to a string does not fail");
        text
    }

    /// How long the first recording of each class has waited; nothing waits in those left out.
    pub fn longest_waits(&self, waits: impl Iterator<Item = (Class, Duration)>) {
        let mut longest: HashMap<&str, Duration> = HashMap::new();
        for (class, waited) in waits {
            let longest = longest.entry(class.into()).or_default();
            *longest = waited.max(*longest);
        }
        for kind in Class::VARIANTS {
            let waited = longest.get(kind).copied().unwrap_or_default();
            let level = self.longest_waits.get_or_create(&[("kind", kind)]);
            level.set(waited.as_secs_f64());
        }
    }

    /// Recordings by state, and the speed relative to real time.
    pub fn state(&self, counts: &Counts, speed: f64, paused: bool) {
        for (state, count) in counts.named() {
            let gauge = self.recordings.get_or_create(&[("state", state)]);
            gauge.set(i64::try_from(count).unwrap_or(i64::MAX));
        }
        self.speed.set(speed);
        self.paused.set(i64::from(paused));
    }

    /// Whether the daemon is healthy, at the moment when somebody asks.
    pub fn healthy(&self, healthy: bool) {
        self.healthy.set(i64::from(healthy));
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
    pub fn report(&self, scored: &Scored) {
        let summary = &scored.summary;
        self.scored.inc_by(scored.duration_s.max(0.0));
        self.scoring.observe(scored.took_s);
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now_s = now.unwrap_or_default().as_secs_f64();
        self.last_scored.get_or_create(&[]).set(now_s);
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

    /// A new worker's times begin at zero. One in the daemon's own process has no number.
    pub fn new_worker(&self, process: Option<u32>) {
        self.worker.set(process.unwrap_or(0));
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
