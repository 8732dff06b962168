//! The resolved settings: plain data, complete, within range, with units.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::bundle_setting::BundleSetting;

/// All settings, resolved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The models.
    pub bundle: BundleSetting,
    /// Where the text of an utterance comes from.
    pub text: Text,
    /// How recordings are read.
    pub decode: Decode,
    /// How utterances are cut.
    pub utterances: Utterances,
    /// Queues and threads of the chain.
    pub stages: Stages,
    /// The fusion network.
    pub fuse: Fuse,
    /// What is in reports.
    pub report: Report,
    /// Who speaks.
    pub speakers: Speakers,
    /// The budget of cores.
    pub threads: Threads,
    /// What is logged, and how.
    pub log: Log,
    /// The process that scores.
    pub worker: Worker,
    /// Limits on memory and time.
    pub limits: Limits,
    /// Which files are recordings.
    pub files: Files,
    /// How folders are watched.
    pub watch: Watch,
    /// When failures that may pass are retried.
    pub retry: Retry,
    /// How the daemon stops.
    pub shutdown: Shutdown,
    /// Where the daemon answers `/metrics` and health checks.
    pub metrics: Metrics,
    /// Where the daemon shows its reports live.
    pub pages: Pages,
    /// Programs that the daemon calls.
    pub hooks: Hooks,
    /// Many machines that share a queue and a store.
    pub fleet: Fleet,
}

/// Where the text of an utterance comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// Which source is used.
    pub mode: TextMode,
    /// Confidence from which a transcript is trusted, in [0, 1]; `None`: the bundle's threshold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gate: Option<f32>,
    /// Whether reports have the times of words.
    pub words: bool,
    /// Whether subtitles beside a recording are its transcript.
    pub sidecar: bool,
}

/// Which source of text is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, strum::IntoStaticStr)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum TextMode {
    /// The transcript where it can be trusted, otherwise simulated text.
    Auto,
    /// Always the transcript.
    Transcript,
    /// Always simulated from the voice.
    Simulated,
    /// No text.
    None,
}

impl TextMode {
    /// The name in configuration and reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// How recordings are read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decode {
    /// Video frames examined per second.
    pub frames_per_second: u32,
    /// Width to which frames are scaled.
    pub frame_width_px: u32,
    /// Seconds without any data after which a recording has failed.
    pub stall_s: f64,
    /// The audio track that is read, from 1; 0 chooses one that has sound.
    pub audio_track: u32,
    /// Length of the windows that replace utterances where there is no audio, in seconds.
    pub window_s: f64,
}

/// How utterances are cut.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Utterances {
    /// Shortest utterance, in seconds.
    pub min_s: f64,
    /// Longest utterance, in seconds.
    pub max_s: f64,
    /// Audio kept before and after the voice, in seconds.
    pub pad_s: f64,
    /// Silence that ends an utterance, in seconds.
    pub pause_s: f64,
    /// Voice probability from which a stretch counts as voiced, in [0, 1].
    pub voice_threshold: f32,
}

/// Queues and threads of the chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stages {
    /// Messages that may wait between two stages.
    pub queue: usize,
    /// Replicas of `decode`.
    pub decode: Workers,
    /// Replicas of `transcribe`.
    pub transcribe: Workers,
    /// Replicas of `represent`.
    pub represent: Workers,
    /// Replicas of `observe`.
    pub observe: Workers,
    /// Replicas of `fuse`.
    pub fuse: Workers,
}

/// Most workers of a stage that are chosen by the program: each has a session of its model, and
/// more cores serve a session better than more sessions.
const MOST_WORKERS: usize = 8;

impl Stages {
    /// With a number of workers wherever it is 0: as many as a budget of `cores` can use.
    #[must_use]
    pub fn resolved(&self, cores: usize) -> Self {
        let resolved = |stage: Workers| Workers {
            workers: match stage.workers {
                0 => cores.clamp(1, MOST_WORKERS),
                workers => workers,
            },
        };
        Self {
            transcribe: resolved(self.transcribe),
            represent: resolved(self.represent),
            ..self.clone()
        }
    }
}

/// Replicas of a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Workers {
    /// Workers that do the stage's work; 0 (`transcribe` and `represent` only): as many as the
    /// budget of cores can use.
    pub workers: usize,
}

impl Workers {
    /// Threads of each worker, so that all of them use a budget of `cores`; at least 1.
    #[must_use]
    pub fn threads(&self, cores: usize) -> usize {
        (cores / self.workers.max(1)).max(1)
    }
}

/// The fusion network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fuse {
    /// Most utterances scored in one call.
    pub batch: usize,
}

/// What is in reports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// Whether they say what made the scores.
    pub explain: bool,
    /// Whether they have a picture of the face of each utterance.
    pub faces: bool,
}

/// Who speaks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Speakers {
    /// Whether the speakers of a recording are told apart.
    pub tell_apart: bool,
}

/// The budget of cores.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Threads {
    /// Cores that all engines together may use; 0 means every core of the machine.
    pub total: usize,
}

impl Threads {
    /// The budget with 0 resolved to this machine's cores; at least 1.
    #[must_use]
    pub fn budget(&self) -> usize {
        match self.total {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            total => total,
        }
    }
}

/// What is logged, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// Least severe event that is logged.
    pub level: LogLevel,
    /// Form of a log line.
    pub format: LogFormat,
}

/// Severity of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, strum::IntoStaticStr)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum LogLevel {
    /// Failures only.
    Error,
    /// Also what looks wrong.
    Warn,
    /// Also what happens.
    Info,
    /// Also details.
    Debug,
    /// Everything.
    Trace,
}

impl LogLevel {
    /// The name in configuration and filters.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// Form of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object per line.
    Json,
}

/// The process that scores.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Worker {
    /// Where recordings are scored.
    pub isolation: Isolation,
}

/// Where recordings are scored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Isolation {
    /// In a child process.
    Process,
    /// In the process of the command itself.
    None,
}

/// Limits on memory and time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Megabytes (10⁶ bytes) of the worker process; 0: three quarters of the machine's.
    pub memory_mb: u64,
    /// Seconds without any progress.
    pub stall_s: f64,
    /// Seconds for one recording, whatever its length.
    pub time_s: f64,
    /// Plus this many times its length.
    pub time_factor: f64,
}

/// Which files of a folder are recordings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Files {
    /// Patterns of recordings; empty: every known file extension.
    pub include: Vec<String>,
    /// Exceptions from `include`, and folders that are not entered.
    pub exclude: Vec<String>,
    /// Whether symbolic links in folders are followed.
    pub follow: bool,
}

/// How folders are watched.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Watch {
    /// How new files are noticed.
    pub events: Events,
    /// Seconds between two scans where there are no events.
    pub poll_s: f64,
    /// Seconds between two scans where there are events.
    pub rescan_s: f64,
    /// Seconds without a change after which a file is complete.
    pub settle_s: f64,
    /// Seconds after which a file that is not complete is reported.
    pub unsettled_s: f64,
    /// What happens to a file with the same content as another.
    pub duplicates: Duplicates,
    /// What happens to reports made with another bundle or other settings.
    pub outdated: Outdated,
    /// Whether reports are also appended to one common file.
    pub combined: bool,
}

/// How new files are noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Events {
    /// By events; by polling on network file systems.
    Auto,
    /// By file system events.
    Native,
    /// By scanning.
    Poll,
}

/// What happens to a file with the same content as another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Duplicates {
    /// Its report names the first.
    Point,
    /// It is scored again.
    Score,
}

/// What happens to reports made with another bundle or other settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outdated {
    /// They are replaced.
    Score,
    /// They are kept.
    Keep,
}

/// When failures that may pass are retried.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retry {
    /// Attempts in all.
    pub attempts: u32,
    /// Seconds until the second; doubles with each.
    pub backoff_s: f64,
    /// Most seconds between two.
    pub longest_s: f64,
}

/// How the daemon stops.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shutdown {
    /// Seconds to finish the recordings at work.
    pub grace_s: f64,
}

/// Where the daemon answers `/metrics` and health checks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metrics {
    /// Address and port; empty: nowhere.
    pub listen: String,
}

/// Where the daemon shows its reports live.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pages {
    /// Address and port; empty: nowhere.
    pub listen: String,
}

/// Programs that the daemon calls.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hooks {
    /// Program and arguments for each new report; empty: none.
    pub on_report: Vec<String>,
    /// Seconds after which it is killed.
    pub timeout_s: f64,
}

/// Many machines that share a queue and a store. A text that is empty is not set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fleet {
    /// File with the credentials for the queue (NATS `.creds`).
    pub credentials: String,
    /// File with certificates of authorities that the queue's server is trusted by (PEM).
    pub ca: String,
    /// File with the certificate that is shown to the queue's server (PEM).
    pub certificate: String,
    /// File with its private key (PEM).
    pub key: String,
    /// Servers of a cluster that each keep the queue.
    pub replicas: u32,
    /// Seconds without a sign of life after which a job is given to another worker.
    pub ack_wait_s: f64,
    /// Jobs that a worker holds at once; 0: enough that no stage waits.
    pub jobs: usize,
    /// Folder in which fetched recordings lie while they are scored; empty: the system's.
    pub spool: String,
    /// Megabytes (10⁶ bytes) of recordings that lie there at once.
    pub spool_mb: u64,
    /// Address of an S3-compatible store; empty: that of the environment, or Amazon's.
    pub store_endpoint: String,
    /// Its region; empty: that of the environment.
    pub store_region: String,
    /// File with its credentials, as the AWS tools have it; empty: those of the environment.
    pub store_credentials: String,
}

impl Config {
    /// The settings as a TOML document that loads to the same settings.
    #[must_use]
    pub fn to_toml(&self) -> String {
        let mut shown = self.clone();
        // A path that is not UTF-8 cannot be written in TOML; show it as well as possible.
        let bundle = PathBuf::from(self.bundle.clone());
        shown.bundle = PathBuf::from(bundle.to_string_lossy().into_owned()).into();
        toml::to_string(&shown).expect("plain structs with text keys always serialise")
    }
}
