//! The last line of a report.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::recording::is_false;
use super::utterance::{IntervalLine, Polarity};

/// Summary of the whole recording.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SummaryLine {
    /// The recording's path, as in the first line: so that a line can be read alone.
    #[serde(default)]
    pub path: String,
    /// BLAKE3 of the recording's content, as in the first line.
    #[serde(default)]
    pub blake3: String,
    /// Number of utterances.
    pub utterances: u32,
    /// True when the recording breaks off: less could be decoded than there should be.
    #[serde(default, skip_serializing_if = "is_false")]
    pub truncated: bool,
    /// Length of a truncated recording as far as it could be decoded, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_s: Option<f64>,
    /// Length that the streams of a truncated recording state, in seconds, if they do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub declared_s: Option<f64>,
    /// Length of all utterances with a score together, in seconds.
    pub scored_s: f64,
    /// The scores together; null without any.
    pub sentiment: Option<SpanLine>,
    /// Why utterances have no sentiment; absent where all have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sentiment_missing: Option<String>,
    /// Which text was used.
    pub text: TextShares,
    /// The languages that were heard, with the share of the time of the utterances for which
    /// one was; absent where the recogniser knows only one.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub languages: BTreeMap<String, f64>,
    /// The speakers that were told apart by their voices; absent where none were.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub speakers: Vec<SpeakerLine>,
    /// Working time on this recording in seconds, by stage.
    pub stage_s: BTreeMap<String, f64>,
}

/// A speaker of the recording.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SpeakerLine {
    /// Number from 1, as in the utterances.
    pub speaker: u32,
    /// Number of utterances.
    pub utterances: u32,
    /// Their length together, in seconds.
    pub spoken_s: f64,
    /// Length of those with a score together, in seconds.
    pub scored_s: f64,
    /// The scores together; null without any.
    pub sentiment: Option<SpanLine>,
}

/// Mean and range of scores.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SpanLine {
    /// Mean, weighted by duration.
    pub mean: f64,
    /// Lowest.
    pub min: f64,
    /// Highest.
    pub max: f64,
    /// The sign of the mean's class.
    pub polarity: Polarity,
    /// Where the true mean lies in 90 % of recordings like this one; absent where the bundle does not know
    /// it for all of the utterances.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval_90: Option<IntervalLine>,
}

/// Shares of the utterances by the source of their text; 0 without utterances.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TextShares {
    /// From a transcript.
    #[schemars(range(min = 0, max = 1))]
    pub transcribed: f64,
    /// Simulated from the voice.
    #[schemars(range(min = 0, max = 1))]
    pub simulated: f64,
}
