//! A recording's failure, as data on the channels.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The stages of the chain, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
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
    pub const ALL: [Self; 7] = [
        Self::Source,
        Self::Decode,
        Self::Transcribe,
        Self::Represent,
        Self::Observe,
        Self::Fuse,
        Self::Report,
    ];

    /// The name used for threads, logs, config keys and reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Decode => "decode",
            Self::Transcribe => "transcribe",
            Self::Represent => "represent",
            Self::Observe => "observe",
            Self::Fuse => "fuse",
            Self::Report => "report",
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What kind of thing went wrong: it says whether trying again can help.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Cause {
    /// The recording itself: it is no media, or broken. The same content fails again.
    Content,
    /// Reading or writing a file: the disk, the network, permissions. It may pass.
    Io,
    /// Nothing came for too long. It may pass.
    Stalled,
    /// This installation: a library or a part of it does not work. It may be mended.
    Environment,
    /// A defect of this program: a panic.
    Defect,
    /// The process that worked on it ended: a crash of a decoder or a model.
    Crashed,
    /// It took more memory than it may.
    Memory,
    /// It took more time than it may.
    Time,
}

impl Cause {
    /// The name in failure records and metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Content => "content",
            Self::Io => "io",
            Self::Stalled => "stalled",
            Self::Environment => "environment",
            Self::Defect => "defect",
            Self::Crashed => "crashed",
            Self::Memory => "memory",
            Self::Time => "time",
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
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
    /// A failure from an error and its chain of sources; the recording is at fault until
    /// [`because`](Self::because) says otherwise.
    #[must_use]
    pub fn new(stage: Stage, error: &dyn std::error::Error) -> Self {
        let mut chain = vec![error.to_string()];
        let mut cause = error.source();
        while let Some(error) = cause {
            chain.push(error.to_string());
            cause = error.source();
        }
        Self {
            stage,
            cause: Cause::Content,
            chain,
            hint: None,
        }
    }

    /// With another kind of cause.
    #[must_use]
    pub fn because(mut self, cause: Cause) -> Self {
        self.cause = cause;
        self
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
        write!(f, "{}: {}", self.stage, self.chain.join(": "))?;
        match &self.hint {
            Some(hint) => write!(f, " ({hint})"),
            None => Ok(()),
        }
    }
}
