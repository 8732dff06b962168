//! What each modality adds to a score: the score with it minus the score without it.

use super::{FusionInput, Modality};
use undertone_types::{Contributions, Flow, Matrix};

impl FusionInput {
    /// The utterance without a modality, as the chain would meet it and as training left it out: voice
    /// and face are absent, in the flow that it is. An utterance without text goes through the
    /// text-missing flow, whichever flow it went through with it: the complete flow never learned to do
    /// without.
    #[must_use]
    pub fn without(&self, modality: Modality) -> Self {
        let mut without = self.clone();
        let absent = Matrix::empty(self.get(modality).cols());
        match modality {
            Modality::Audio => without.audio = absent,
            Modality::Video => without.video = absent,
            Modality::Text => {
                without.text = absent;
                without.flow = Flow::TextMissing;
            }
        }
        without
    }

    /// The modalities that take part in its score: those that are there and were taught.
    #[must_use]
    pub fn taking_part(&self, untrained: &[Modality]) -> Vec<Modality> {
        let takes_part =
            |modality: &Modality| !untrained.contains(modality) && !self.get(*modality).is_empty();
        Modality::ALL.into_iter().filter(takes_part).collect()
    }
}

/// The variants of an utterance whose scores tell what its modalities add.
pub(super) struct LeftOut {
    /// The utterance without each of `modalities`, in order; none where there is only one of them.
    pub(super) variants: Vec<FusionInput>,
    modalities: Vec<Modality>,
}

impl LeftOut {
    pub(super) fn of(input: &FusionInput, untrained: &[Modality]) -> Self {
        let modalities = input.taking_part(untrained);
        // The network never learned what to say of nothing.
        let variants = match modalities.len() {
            1 => Vec::new(),
            _ => modalities.iter().map(|m| input.without(*m)).collect(),
        };
        Self {
            variants,
            modalities,
        }
    }

    /// What each modality adds to `score`, given the scores of the variants in order. To what is alone
    /// belongs the whole score; what takes no part adds nothing.
    pub(super) fn contributions(&self, score: f32, without: &[f32]) -> Contributions {
        let of = |modality: Modality| {
            let at = self.modalities.iter().position(|m| *m == modality)?;
            Some(score - without.get(at).unwrap_or(&0.0))
        };
        Contributions {
            audio: of(Modality::Audio),
            text: of(Modality::Text),
            video: of(Modality::Video),
        }
    }
}
