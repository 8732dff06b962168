//! The sentiment of an utterance.

/// Which of the network's two flows an utterance went through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Flow {
    /// Audio, real text, video.
    Complete,
    /// Audio, simulated (or no) text, video.
    TextMissing,
}

/// How much each modality counted; as the network gives them, not normalised.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ModalityWeights {
    /// Voice.
    pub audio: f32,
    /// Words.
    pub text: f32,
    /// Face.
    pub video: f32,
}

/// The sentiment of an utterance.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sentiment {
    /// In [−3, 3]: negative to positive.
    pub score: f32,
    /// Which flow gave it.
    pub flow: Flow,
    /// The network's modality attention.
    pub weights: ModalityWeights,
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
