//! Groups of voices that are alike.

use kodama::{Method, linkage};

use super::weights::{Placed, WEIGHTS};

/// Groups are joined while the mean likeness of their voices is above this. Measured on speakers
/// that the weights were not fitted to; below 0, so that one person who speaks in two ways is
/// rather not split.
const ALIKE: f32 = -5.0;
/// Whoever is heard for less time steps than this (2 s) is not told apart.
const LEAST_STEPS: u32 = 100;
/// So many voices, the longest, are compared with each other; the others join whom they are like.
/// It bounds memory and time for recordings of many hours.
const MOST: usize = 1000;

/// Voices of a recording, and which of them are compared.
pub(crate) struct Clusters<'a> {
    voices: &'a [Placed],
    /// Indexes of the longest.
    compared: Vec<usize>,
}

impl<'a> Clusters<'a> {
    pub(crate) fn new(voices: &'a [Placed]) -> Self {
        let mut compared: Vec<usize> = (0..voices.len()).collect();
        compared.sort_by_key(|&i| std::cmp::Reverse(voices[i].steps));
        compared.truncate(MOST);
        compared.sort_unstable();
        Self { voices, compared }
    }

    /// A group for each voice.
    pub(crate) fn groups(&self) -> Vec<usize> {
        if self.voices.is_empty() {
            return Vec::new();
        }
        let mut found = self.agglomerate();
        let steps = |group: &Vec<usize>| group.iter().map(|&i| self.voices[i].steps).sum::<u32>();
        let longest = found.iter().map(steps).max().unwrap_or_default();
        found.retain(|group| steps(group) >= LEAST_STEPS.min(longest));
        let mut groups = vec![None; self.voices.len()];
        for (number, members) in found.iter().enumerate() {
            for &member in members {
                groups[member] = Some(number);
            }
        }
        let all = groups.into_iter().zip(self.voices);
        all.map(|(group, voice)| group.unwrap_or_else(|| self.most_like(voice, &found)))
            .collect()
    }

    /// Joins the two groups that are most alike until none are.
    fn agglomerate(&self) -> Vec<Vec<usize>> {
        let count = self.compared.len();
        let mut unlike = Vec::with_capacity(count * count.saturating_sub(1) / 2);
        for (at, &i) in self.compared.iter().enumerate() {
            let (one, later) = (&self.voices[i], &self.compared[at + 1..]);
            unlike.extend(
                later
                    .iter()
                    .map(|&j| -WEIGHTS.likeness(one, &self.voices[j])),
            );
        }
        // Groups by their labels in the steps: first the voices, then each that was joined.
        let mut groups: Vec<Vec<usize>> = self.compared.iter().map(|&i| vec![i]).collect();
        for step in linkage(&mut unlike, count, Method::Average).steps() {
            if step.dissimilarity > -ALIKE {
                break;
            }
            let mut joined = std::mem::take(&mut groups[step.cluster1]);
            joined.append(&mut groups[step.cluster2]);
            groups.push(joined);
        }
        groups.retain(|group| !group.is_empty());
        groups
    }

    /// The group with which a voice has most in common.
    fn most_like(&self, voice: &Placed, groups: &[Vec<usize>]) -> usize {
        let likeness = |group: &Vec<usize>| {
            let each = group
                .iter()
                .map(|&i| WEIGHTS.likeness(voice, &self.voices[i]));
            each.sum::<f32>() / group.len() as f32
        };
        let all = groups.iter().map(likeness).enumerate();
        all.max_by(|a, b| a.1.total_cmp(&b.1))
            .map_or(0, |(number, _)| number)
    }
}
