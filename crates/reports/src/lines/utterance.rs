//! The line of an utterance.

use schemars::JsonSchema;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use super::explanation::ExplanationLine;
use super::recording::is_false;

/// An utterance and its sentiment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UtteranceLine {
    /// The recording's path, as in the first line: so that a line can be read alone.
    #[serde(default)]
    pub path: String,
    /// BLAKE3 of the recording's content, as in the first line.
    #[serde(default)]
    pub blake3: String,
    /// Position in the recording, from 0.
    pub index: u32,
    /// Start in seconds.
    pub start_s: f64,
    /// End in seconds.
    pub end_s: f64,
    /// Who speaks, numbered from 1 in the order in which they are first heard; absent without a voice,
    /// and where speakers are not told apart (`speakers.tell_apart`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speaker: Option<u32>,
    /// Its text, and the confidence in it.
    pub text: TextLine,
    /// Its sentiment; null where it could not be scored.
    pub sentiment: Option<SentimentLine>,
    /// Why there is no sentiment; absent where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sentiment_missing: Option<String>,
    /// Which of the network's two flows scored it; null without sentiment.
    pub flow: Option<FlowName>,
    /// Its modalities, and what each adds to the score.
    pub modalities: ModalitiesLine,
    /// What made the score; absent unless asked for (`report.explain`), and without a score.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explanation: Option<ExplanationLine>,
    /// What was left out, cut short or guessed, in sentences for people; absent where nothing
    /// was.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// The text of an utterance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TextLine {
    /// Which text the network used.
    pub source: TextSourceName,
    /// Who wrote the transcript down; absent where it was the recogniser.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<TextOriginName>,
    /// The transcript, trusted or not; absent when it is empty or was not made.
    pub transcript: Option<String>,
    /// What was simulated from the voice, where that is the source: words as the models make them out,
    /// not what was said; absent where nothing was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub simulated: Option<String>,
    /// Calibrated probability that the transcript can be trusted; null where there is none, or a
    /// person wrote it.
    #[schemars(range(min = 0, max = 1))]
    pub confidence: Option<f64>,
    /// Confidence from which on it is trusted.
    #[schemars(range(min = 0, max = 1))]
    pub gate: f64,
    /// The language that was heard; absent where the recogniser knows only one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<LanguageLine>,
    /// Why the transcript is not trusted whatever else speaks for it; absent where nothing
    /// speaks against it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doubt: Option<DoubtName>,
    /// The words with their times; absent unless asked for (`text.words`), empty where the
    /// recogniser gives no times.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<Vec<WordLine>>,
}

/// A language that was heard.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LanguageLine {
    /// As Whisper abbreviates it, for example "en".
    pub code: String,
    /// Its probability.
    #[schemars(range(min = 0, max = 1))]
    pub probability: f64,
}

/// Why a transcript is not trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum DoubtName {
    /// The recogniser repeated itself, or wrote more than can be said in the time.
    Loop,
    /// It is in a language that the bundle does not read.
    Language,
}

/// A word and when it is said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WordLine {
    /// The word, with its punctuation.
    pub word: String,
    /// Start in seconds.
    pub start_s: f64,
    /// End in seconds.
    pub end_s: f64,
    /// Mean probability of its parts.
    #[schemars(range(min = 0, max = 1))]
    pub probability: f64,
}

/// Which text the network used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum TextSourceName {
    /// The language model read the transcript.
    Transcript,
    /// The language model simulated text from the audio.
    Simulated,
    /// No text.
    None,
}

/// Who wrote a transcript down, other than the recogniser.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum TextOriginName {
    /// Somebody, in subtitles beside the recording, which the first line names. It is trusted.
    Sidecar,
}

/// The sentiment of an utterance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SentimentLine {
    /// From −3, most negative, to 3, most positive.
    #[schemars(range(min = -3, max = 3))]
    pub score: f64,
    /// The score as one of seven classes: rounded, half to even.
    #[schemars(range(min = -3, max = 3))]
    pub class7: i8,
    /// The sign of the class.
    pub polarity: Polarity,
    /// Where the truth lies in 90 % of utterances like this one; absent where the bundle does not know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval_90: Option<IntervalLine>,
}

/// A range of scores.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IntervalLine {
    /// Its lower end.
    #[schemars(range(min = -3, max = 3))]
    pub low: f64,
    /// Its upper end.
    #[schemars(range(min = -3, max = 3))]
    pub high: f64,
}

/// The sign of a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Polarity {
    /// Class −3 to −1.
    Negative,
    /// Class 0.
    Neutral,
    /// Class 1 to 3.
    Positive,
}

/// The two flows of the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FlowName {
    /// Voice, real text, face.
    Complete,
    /// Voice, simulated or no text, face.
    TextMissing,
}

/// The modalities of an utterance, and what each adds to the score.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ModalitiesLine {
    /// The voice.
    pub audio: ModalityLine,
    /// The words, real or simulated.
    pub text: ModalityLine,
    /// The face.
    pub video: FaceLine,
}

/// One modality.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ModalityLine {
    /// Whether it was present.
    pub present: bool,
    /// True when no data taught the network this modality: it then has no say.
    #[serde(default, skip_serializing_if = "is_false")]
    pub untrained: bool,
    /// The score minus the score without this modality; null where it takes no part in a score.
    #[serde(default)]
    pub contribution: Option<f64>,
    /// The network's attention, which older reports have and which says nothing of the score.
    #[serde(default, skip_serializing)]
    #[schemars(skip)]
    pub(crate) weight: IgnoredAny,
}

/// The video modality.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FaceLine {
    /// Whether a face was seen.
    pub present: bool,
    /// True when no data taught the network this modality: it then has no say.
    #[serde(default, skip_serializing_if = "is_false")]
    pub untrained: bool,
    /// The score minus the score without this modality; null where it takes no part in a score.
    #[serde(default)]
    pub contribution: Option<f64>,
    /// The network's attention, which older reports have and which says nothing of the score.
    #[serde(default, skip_serializing)]
    #[schemars(skip)]
    pub(crate) weight: IgnoredAny,
    /// Share of the sampled frames in which a face was found.
    #[schemars(range(min = 0, max = 1))]
    pub face_coverage: f64,
    /// The face in the middle of the utterance as the features saw it: a small grey PNG as a `data:`
    /// address; absent unless asked for (`report.faces`), and where there is no face.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thumbnail: Option<String>,
}
