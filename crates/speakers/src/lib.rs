//! Tells the speakers of a recording apart by their voices.
//!
//! Each utterance has a [`Voice`], a few numbers for the whole of it. [`Voices`] collects them and
//! says at the end of the recording who speaks: pairs of voices are compared by probabilistic
//! linear discriminant analysis (how much likelier they are of one person than of two), and
//! agglomerative clustering joins them until no two groups are alike. `models/recipes/speakers.py`
//! fits the weights; `benches/speakers.py` measures the errors. What must not live here: how a voice
//! is measured (see `undertone-features`), who a speaker is, files.

mod clusters;
mod weights;

use undertone_types::Voice;

#[cfg(any(test, feature = "fixtures"))]
pub mod fixtures;

use clusters::Clusters;
use weights::{Placed, WEIGHTS};

/// The voices of a recording, in the order of its utterances. Memory: 150 bytes for each, and 2 MB
/// while they are told apart.
#[derive(Clone, Debug, Default)]
pub struct Voices(Vec<Option<Placed>>);

impl Voices {
    /// Adds the next utterance; `None` where it has no voice.
    pub fn push(&mut self, voice: Option<&Voice>) {
        self.0.push(voice.and_then(|voice| WEIGHTS.place(voice)));
    }

    /// The speaker of each utterance, numbered from 1 in the order in which they are first heard;
    /// `None` where it has no voice.
    #[must_use]
    pub fn tell_apart(self) -> Vec<Option<u32>> {
        let heard: Vec<Placed> = self.0.iter().flatten().cloned().collect();
        let mut groups = Clusters::new(&heard).groups().into_iter();
        let mut known: Vec<usize> = Vec::new();
        let mut number = |group: usize| {
            let at = known.iter().position(|one| *one == group);
            let at = at.unwrap_or_else(|| {
                known.push(group);
                known.len() - 1
            });
            u32::try_from(at + 1).unwrap_or(u32::MAX)
        };
        self.0
            .iter()
            .map(|voice| voice.as_ref().and_then(|_| groups.next()).map(&mut number))
            .collect()
    }
}

#[cfg(test)]
mod tests;
