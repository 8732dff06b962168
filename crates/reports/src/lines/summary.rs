//! The last line of a report.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::utterance::Polarity;

/// The whole recording at a glance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SummaryLine {
    /// How many utterances there are.
    pub utterances: u32,
    /// Length of all utterances together, in seconds.
    pub scored_s: f64,
    /// The scores together; absent without utterances.
    pub sentiment: Option<SpanLine>,
    /// Where texts came from.
    pub text: TextShares,
    /// Seconds of work on this recording, by stage.
    pub stage_s: BTreeMap<String, f64>,
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
