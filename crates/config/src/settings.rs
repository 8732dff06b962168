//! The resolved settings: plain data, complete, within range, with units.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Everything that can be set, as it is meant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Folder of the bundle; absolute, or relative to the current folder.
    pub bundle: PathBuf,
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
    /// The budget of cores.
    pub threads: Threads,
    /// What is logged, and how.
    pub log: Log,
    /// Which files are recordings.
    pub files: Files,
    /// How folders are watched.
    pub watch: Watch,
    /// When failures that may pass are tried again.
    pub retry: Retry,
    /// What a recording may take.
    pub limits: Limits,
    /// How the daemon ends.
    pub shutdown: Shutdown,
    /// Where the daemon can be asked how it is.
    pub metrics: Metrics,
    /// What the daemon calls.
    pub hooks: Hooks,
}

/// Where the text of an utterance comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// Which source is taken.
    pub mode: TextMode,
    /// Confidence from which on a transcript is trusted, in [0, 1]; `None`: the bundle's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gate: Option<f32>,
}

/// Which source of text is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, strum::IntoStaticStr)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum TextMode {
    /// The transcript where it can be trusted, else simulated.
    Auto,
    /// Always the transcript.
    Transcript,
    /// Always simulated from the voice.
    Simulated,
    /// Left out.
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
    /// Video frames looked at per second.
    pub frames_per_second: u32,
    /// Width to which frames are scaled.
    pub frame_width_px: u32,
    /// Seconds without any data after which a recording has failed.
    pub stall_s: f64,
    /// Length of the windows that stand in for utterances without audio, in seconds.
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
    /// Sound kept before and after the voice, in seconds.
    pub pad_s: f64,
    /// Silence that ends an utterance, in seconds.
    pub pause_s: f64,
    /// Voice probability from which on a stretch is voiced, in [0, 1].
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

/// Replicas of a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Workers {
    /// Threads that do the stage's work.
    pub workers: usize,
}

/// The fusion network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fuse {
    /// Utterances scored together at most.
    pub batch: usize,
}

/// The budget of cores.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Threads {
    /// Cores that all engines together may use; 0 means all there are.
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
    /// And what looks wrong.
    Warn,
    /// And what happens.
    Info,
    /// And how.
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

/// Which files of a folder are recordings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Files {
    /// Patterns that are taken; none: every known ending.
    pub include: Vec<String>,
    /// Patterns that are left out.
    pub exclude: Vec<String>,
}

/// How folders are watched.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Watch {
    /// How new files are noticed.
    pub events: Events,
    /// Seconds between two looks without events.
    pub poll_s: f64,
    /// Seconds between two looks with events.
    pub rescan_s: f64,
    /// Seconds without a change after which a file is complete.
    pub settle_s: f64,
    /// Seconds after which a file that is not complete is reported.
    pub unsettled_s: f64,
    /// What becomes of a file with the content of another.
    pub duplicates: Duplicates,
    /// What becomes of reports made with another bundle or other settings.
    pub outdated: Outdated,
    /// Where recordings are scored.
    pub isolation: Isolation,
    /// Whether reports go into one file as well.
    pub combined: bool,
}

/// How new files are noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Events {
    /// By events where they arrive.
    Auto,
    /// By events.
    Native,
    /// By looking.
    Poll,
}

/// What becomes of a file with the content of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Duplicates {
    /// Its report points to the first.
    Point,
    /// It is scored again.
    Score,
}

/// What becomes of reports made with another bundle or other settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outdated {
    /// They are made anew.
    Score,
    /// They are left.
    Keep,
}

/// Where recordings are scored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Isolation {
    /// In a child process.
    Process,
    /// In the daemon itself.
    None,
}

/// When failures that may pass are tried again.
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

/// What a recording may take.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Megabytes (10⁶ bytes) of the worker process; 0: three quarters of the machine's.
    pub memory_mb: u64,
    /// Seconds in which nothing moves.
    pub stall_s: f64,
    /// Seconds for one recording, whatever its length.
    pub time_s: f64,
    /// And so many times its length.
    pub time_factor: f64,
}

/// How the daemon ends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shutdown {
    /// Seconds to finish what is under way.
    pub grace_s: f64,
}

/// Where the daemon can be asked how it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metrics {
    /// Address and port; empty: nowhere.
    pub listen: String,
}

/// What the daemon calls.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hooks {
    /// Program and arguments for each new report; empty: none.
    pub on_report: Vec<String>,
    /// Seconds after which it is stopped.
    pub timeout_s: f64,
}

impl Config {
    /// The settings as a TOML document that loads to the same settings.
    #[must_use]
    pub fn to_toml(&self) -> String {
        let mut shown = self.clone();
        // A path that is not UTF-8 cannot be written in TOML; show it as well as possible.
        shown.bundle = PathBuf::from(self.bundle.to_string_lossy().into_owned());
        toml::to_string(&shown).expect("plain structs with text keys always serialise")
    }
}
