//! A recording's failure, as data on the channels.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::shown::shown;

/// The stages of the chain, in order.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    strum::Display,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Stage {
    /// Finds and hashes recordings.
    Source,
    /// GStreamer: audio, frames, utterances.
    Decode,
    /// Whisper: transcript and confidence.
    Transcribe,
    /// Language model: real or simulated text representation.
    Represent,
    /// Audio and video features.
    Observe,
    /// The fusion network.
    Fuse,
    /// Writes the reports.
    Report,
}

impl Stage {
    /// All of them, in order.
    pub const ALL: &'static [Self] = <Self as strum::VariantArray>::VARIANTS;

    /// The name used for threads, logs, config keys and reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// What kind of thing went wrong. It decides whether the daemon tries again.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    JsonSchema,
    strum::Display,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Cause {
    /// The recording: not media, or damaged. The same content fails again.
    Content,
    /// A file could not be read or written: disk, network, permissions. This may pass.
    Io,
    /// The decoder delivered nothing for too long. This may pass.
    Stalled,
    /// The installation: a library, plugin or model is missing or does not work. Somebody
    /// may repair it.
    Environment,
    /// A model's engine (whisper.cpp, llama.cpp, libtorch) returned an error. This may pass:
    /// the same utterance may succeed when there is more memory, for example.
    Engine,
    /// A bug in this program: a panic.
    Defect,
    /// The worker process ended while it worked on the recording: a decoder or model crashed.
    Crashed,
    /// The worker exceeded its memory limit.
    Memory,
    /// The recording exceeded its time limit.
    Time,
}

impl Cause {
    /// All causes.
    pub const ALL: &'static [Self] = <Self as strum::VariantArray>::VARIANTS;

    /// The name in failure records and metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// The messages of an error and its sources, outermost first.
#[must_use]
pub fn error_chain(error: &dyn std::error::Error) -> Vec<String> {
    std::iter::successors(Some(error), |error| error.source())
        .map(ToString::to_string)
        .collect()
}

/// Why a recording has no report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Failure {
    /// Where it happened.
    pub stage: Stage,
    /// What kind of thing went wrong.
    pub cause: Cause,
    /// The error and its causes, outermost first; lower-case fragments.
    pub chain: Vec<String>,
    /// What the user can do about it.
    pub hint: Option<String>,
}

impl Failure {
    /// A failure from an error and its chain of sources. What kind of cause it is cannot be
    /// seen from the error alone, so the caller must state it.
    #[must_use]
    pub fn new(stage: Stage, cause: Cause, error: &dyn std::error::Error) -> Self {
        Self {
            stage,
            cause,
            chain: error_chain(error),
            hint: None,
        }
    }

    /// Adds what the user can do.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.stage, shown(&self.chain.join(": ")))?;
        match &self.hint {
            Some(hint) => write!(f, " ({hint})"),
            None => Ok(()),
        }
    }
}
