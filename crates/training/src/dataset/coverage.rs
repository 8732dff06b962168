//! What the utterances of a data set have, and what they all lack.

use super::{Dataset, Example, Lengths};
use undertone_fusion::Modality;
use undertone_types::Split;

/// How many utterances have what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// All of them.
    pub utterances: usize,
    /// Those with audio.
    pub audio: usize,
    /// Those with real text.
    pub text: usize,
    /// Those with simulated text.
    pub simulated: usize,
    /// Those with video.
    pub video: usize,
    /// Those with anything that the text-missing flow takes.
    pub substitute: usize,
}

impl Coverage {
    fn add(&mut self, lengths: Lengths) {
        self.utterances += 1;
        self.audio += usize::from(lengths.audio > 0);
        self.text += usize::from(lengths.text > 0);
        self.simulated += usize::from(lengths.simulated > 0);
        self.video += usize::from(lengths.video > 0);
        self.substitute += usize::from(lengths.has_substitute());
    }

    /// The modalities that no utterance has; text may be real or simulated.
    #[must_use]
    pub fn absent(&self) -> Vec<Modality> {
        let has = |modality: &Modality| match modality {
            Modality::Audio => self.audio > 0,
            Modality::Text => self.text + self.simulated > 0,
            Modality::Video => self.video > 0,
        };
        let all = Modality::ALL.into_iter();
        all.filter(|modality| !has(modality)).collect()
    }
}

impl Dataset {
    /// The same utterances, of which some modalities are not taken.
    #[must_use]
    pub fn without(mut self, modalities: &[Modality]) -> Self {
        for entry in &mut self.entries {
            entry.lengths = entry.lengths.without(modalities);
        }
        self
    }

    /// What the utterances of a split, or of all, have that a network can use which was not trained
    /// on some modalities.
    #[must_use]
    pub fn coverage(&self, split: Option<Split>, untrained: &[Modality]) -> Coverage {
        let mut coverage = Coverage::default();
        let is_of = |own: Split| split.is_none_or(|split| split == own);
        for entry in self.entries().iter().filter(|entry| is_of(entry.split)) {
            coverage.add(entry.lengths.without(untrained));
        }
        coverage
    }
}

impl Lengths {
    /// Whether the text-missing flow is given anything: simulated text, audio or video.
    #[must_use]
    pub fn has_substitute(self) -> bool {
        self.simulated + self.audio + self.video > 0
    }

    /// Those that are left where some modalities do not count.
    #[must_use]
    pub fn without(mut self, modalities: &[Modality]) -> Self {
        for modality in modalities {
            match modality {
                Modality::Audio => self.audio = 0,
                Modality::Text => (self.text, self.simulated) = (0, 0),
                Modality::Video => self.video = 0,
            }
        }
        self
    }

    /// Rows of all matrices, a measure of the cost.
    pub(crate) fn rows(self) -> usize {
        self.audio + self.text + self.simulated + self.video
    }
}

impl Example {
    /// Whether the text-missing flow is given anything of it.
    pub(crate) fn has_substitute(&self) -> bool {
        let given = [&self.simulated, &self.audio, &self.video];
        given.iter().any(|matrix| !matrix.is_empty())
    }
}
