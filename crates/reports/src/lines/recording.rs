//! The first line of a report: what was scored, with which models and settings.

use std::time::SystemTime;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::time::rfc3339_exact;

/// What was scored, with which models and settings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordingLine {
    /// Version of the format of all lines.
    pub schema: u32,
    /// Version of the program that wrote this.
    pub program: String,
    /// The file.
    pub source: SourceLine,
    /// Its streams.
    pub media: MediaLine,
    /// The models.
    pub bundle: BundleLine,
    /// The settings that change scores.
    pub config: ConfigLine,
    /// The subtitles beside the recording; absent where none were asked for (`text.sidecar`), or
    /// there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sidecar: Option<Box<SidecarLine>>,
}

/// Subtitles beside a recording, and what became of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SidecarLine {
    /// The file; characters that are not Unicode are replaced.
    pub path: String,
    /// BLAKE3 of what was read, lower-case hexadecimal; null where it cannot be read.
    pub blake3: Option<String>,
    /// Cues that became utterances; 0 where it was not used.
    pub cues: u32,
    /// What was left out, cut short or cannot be read, in sentences for people; absent where
    /// nothing was.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// The file that was scored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceLine {
    /// Where it was, a path or the address in an object store; characters that are not Unicode are
    /// replaced.
    pub path: String,
    /// Size in bytes.
    pub size_bytes: u64,
    /// Last modification (RFC 3339, UTC), if the file system knows it.
    pub modified: Option<String>,
    /// BLAKE3 of the content, lower-case hexadecimal; absent only in a failure record
    /// of a file that could not be read.
    pub blake3: Option<String>,
    /// The object store's name for the version that was scored (its entity tag); absent for files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
}

impl SourceLine {
    /// True when size and modification time are those of the file that was scored: without
    /// reading it, it counts as the same.
    #[must_use]
    pub fn is_unchanged(&self, size_bytes: u64, modified: Option<SystemTime>) -> bool {
        let modified = modified.map(rfc3339_exact);
        self.size_bytes == size_bytes && modified.is_some() && self.modified == modified
    }
}

/// The streams of a recording.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MediaLine {
    /// Length of the longest stream in seconds.
    pub duration_s: Option<f64>,
    /// Container, as the demuxer names it.
    pub container: Option<String>,
    /// The audio stream that was used.
    pub audio: Option<AudioLine>,
    /// The video stream that was used.
    pub video: Option<VideoLine>,
    /// All audio tracks; absent where there is at most one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub audio_tracks: Vec<AudioTrackLine>,
    /// True when the recording breaks off: less could be decoded than there should be.
    #[serde(default, skip_serializing_if = "is_false")]
    pub truncated: bool,
    /// Length that the streams of a truncated recording state, in seconds, if they do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub declared_s: Option<f64>,
    /// How it was noticed that a truncated recording breaks off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub truncated_why: Option<String>,
}

/// An audio track.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AudioTrackLine {
    /// Its number, from 1, as `decode.audio_track` takes it.
    pub track: u32,
    /// Codec.
    pub codec: Option<String>,
    /// Language code, as the file writes it.
    pub language: Option<String>,
    /// Title, as the file writes it.
    pub title: Option<String>,
    /// Whether the file names it as the one to be played by default.
    pub default: bool,
    /// Whether it was read.
    pub read: bool,
    /// Whether it was listened to and found silent.
    pub silent: bool,
}

/// An audio stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AudioLine {
    /// Codec.
    pub codec: String,
    /// Sampling rate.
    pub rate_hz: u32,
    /// Channels.
    pub channels: u32,
    /// Time of the first sample, in seconds.
    pub start_s: f64,
}

/// A video stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VideoLine {
    /// Codec.
    pub codec: String,
    /// Width in pixels.
    pub width_px: u32,
    /// Height in pixels.
    pub height_px: u32,
    /// Frames per second; 0 when variable or unknown.
    pub fps: f64,
    /// Time of the first frame, in seconds.
    pub start_s: f64,
}

/// The bundle that was used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BundleLine {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its purpose: scores of a "demo" bundle mean little on real recordings.
    pub purpose: String,
    /// Identifies its models and settings.
    pub fingerprint: String,
    /// Modalities ("audio", "text", "video") that no data taught its fusion network, which have
    /// no say in scores; absent where there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub untrained: Vec<String>,
}

/// The settings that change scores.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfigLine {
    /// Which text is used: auto, transcript, simulated or none.
    pub text_mode: String,
    /// Confidence from which on a transcript is trusted.
    pub gate: f64,
    /// Video frames sampled per second.
    pub frames_per_second: u32,
    /// Width to which frames were scaled.
    pub frame_width_px: u32,
    /// Length of windows without audio, in seconds.
    pub window_s: f64,
    /// Shortest utterance, in seconds.
    pub min_s: f64,
    /// Longest utterance, in seconds.
    pub max_s: f64,
    /// Sound kept around the voice, in seconds.
    pub pad_s: f64,
    /// Silence that ends an utterance, in seconds.
    pub pause_s: f64,
    /// Voice probability from which on sound counts as voice.
    pub voice_threshold: f64,
    /// The audio track that was asked for; absent where the choice was left to the program.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub audio_track: u32,
    /// Whether the times of words were asked for.
    #[serde(default, skip_serializing_if = "is_false")]
    pub words: bool,
    /// Whether explanations of scores were asked for.
    #[serde(default, skip_serializing_if = "is_false")]
    pub explain: bool,
    /// Whether pictures of faces were asked for.
    #[serde(default, skip_serializing_if = "is_false")]
    pub faces: bool,
}

/// As with [`is_false`].
#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// What is not set is not written, so that settings which reports of before did not know
/// compare as equal.
#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
pub(super) fn is_false(flag: &bool) -> bool {
    !flag
}
