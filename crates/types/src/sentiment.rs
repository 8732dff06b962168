//! The sentiment of an utterance.

use serde::{Deserialize, Serialize};

/// Which of the network's two flows an utterance went through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Flow {
    /// Audio, real text, video.
    Complete,
    /// Audio, simulated (or no) text, video.
    TextMissing,
}

/// What each modality adds to a score, in the score's units: the score minus the score without it.
/// `None` for what takes no part: absent, or never taught to the network. They do not add up to the
/// score: what two modalities say alike is missed when both are gone, not when one is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Contributions {
    /// Voice.
    pub audio: Option<f32>,
    /// Words.
    pub text: Option<f32>,
    /// Face.
    pub video: Option<f32>,
}

/// How far from the scores of a flow the truth lies, as measured on labelled utterances that the
/// network was not trained on: within it for 90 % of them (split conformal prediction, Vovk et al.,
/// 2005; Lei et al., 2018).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Margin {
    /// Around the score of an utterance.
    pub utterance: f32,
    /// Around the mean of a recording; `None` where it was measured on too few.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recording: Option<RecordingMargin>,
    /// Utterances that it was measured on.
    pub utterances: usize,
}

/// How far from the mean score of a recording the truth lies: `factor * sqrt(shared² + own² / n)`
/// for `n` utterances.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordingMargin {
    /// Standard deviation of the error that all utterances of a recording have in common.
    pub shared: f32,
    /// Standard deviation of the error that is an utterance's own.
    pub own: f32,
    /// As many standard deviations of the mean hold the truth of 90 % of the recordings.
    pub factor: f32,
    /// Recordings that it was measured on.
    pub recordings: usize,
}

impl RecordingMargin {
    /// Around the mean of `n` utterances; of utterances that weigh differently, as many as would say
    /// the same alike.
    #[must_use]
    pub fn around_mean(&self, n: f64) -> f64 {
        let [shared, own] = [self.shared, self.own].map(|deviation| f64::from(deviation).powi(2));
        f64::from(self.factor) * (shared + own / n).sqrt()
    }
}

/// The sentiment of an utterance.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sentiment {
    /// In [−3, 3]: negative to positive.
    pub score: f32,
    /// Which flow gave it.
    pub flow: Flow,
    /// What each modality adds to the score.
    pub contributions: Contributions,
    /// How far the truth may be; `None` where it was not measured for what was scored.
    pub margin: Option<Margin>,
}

/// Why an utterance has no sentiment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::Display)]
pub enum NoSentiment {
    /// The bundle has no fusion network.
    #[strum(to_string = "the bundle has no fusion network")]
    NoNetwork,
    /// There is nothing to be scored.
    #[strum(to_string = "neither voice, words nor face")]
    Nothing,
    /// No data taught the network what there is.
    #[strum(to_string = "nothing that the network was trained with")]
    Untrained,
}
