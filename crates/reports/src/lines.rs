//! The lines of a report, as they are read and written.

mod duplicate;
mod explanation;
mod failure;
mod recording;
mod summary;
mod utterance;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use duplicate::{DuplicateLine, OriginalLine};
pub use explanation::{ExplanationLine, WordEffectLine};
pub use failure::FailureLine;
pub use recording::{
    AudioLine, AudioTrackLine, BundleLine, ConfigLine, MediaLine, RecordingLine, SidecarLine,
    SourceLine, VideoLine,
};
pub use summary::{SpanLine, SpeakerLine, SummaryLine, TextShares};
pub use utterance::{
    DoubtName, FaceLine, FlowName, IntervalLine, LanguageLine, ModalitiesLine, ModalityLine,
    Polarity, SentimentLine, TextLine, TextOriginName, TextSourceName, UtteranceLine, WordLine,
};

/// A line of a report, or the one line of a failure record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Line {
    /// The first line of a report: what was scored, with which models and settings.
    Recording(RecordingLine),
    /// An utterance and its sentiment, in order of time.
    Utterance(UtteranceLine),
    /// The last line of a report.
    Summary(SummaryLine),
    /// The only line of a duplicate's report: where the same content was scored before.
    Duplicate(DuplicateLine),
    /// The only line of a failure record: why a recording has no report.
    Failure(FailureLine),
}
