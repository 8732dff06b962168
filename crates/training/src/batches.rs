//! Batches: which utterances go through the network together.

use super::{Entry, Example};
use undertone_fusion::{Batch, Network, Rng, Sequences};
use undertone_types::Matrix;

/// Batches in a pool that is sorted by length. A larger pool wastes less on padding, a smaller
/// one mixes the utterances of a batch more from epoch to epoch.
const POOL: usize = 4;

/// An epoch's batches of positions: shuffled, then sorted by length within pools of a few
/// batches, then the batches shuffled.
pub(super) fn plan(
    mut positions: Vec<usize>,
    entries: &[Entry],
    batch: usize,
    rng: &mut Rng,
) -> Vec<Vec<usize>> {
    rng.shuffle(&mut positions);
    let mut batches = Vec::new();
    for pool in positions.chunks_mut(batch.saturating_mul(POOL)) {
        pool.sort_by_key(|&at| entries[at].lengths.rows());
        batches.extend(pool.chunks(batch).map(<[usize]>::to_vec));
    }
    rng.shuffle(&mut batches);
    batches
}

/// Projects the examples of a batch for both flows.
pub(super) fn batch(network: &Network, examples: &[Example]) -> Batch {
    let each = |of: fn(&Example) -> &Matrix| examples.iter().map(of).collect();
    let sequences = Sequences {
        audio: each(|example| &example.audio),
        real: each(|example| &example.real),
        simulated: each(|example| &example.simulated),
        video: each(|example| &example.video),
    };
    let labels: Vec<f32> = examples.iter().map(|example| example.label).collect();
    network.batch(&sequences, &labels)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Lengths;
    use undertone_types::Split;

    fn entry(audio: usize) -> Entry {
        Entry {
            id: String::new(),
            source: String::new(),
            split: Split::Train,
            label: 0.0,
            text: String::new(),
            shard: 0,
            lengths: Lengths {
                audio,
                ..Lengths::default()
            },
            zeroed: 0,
        }
    }

    #[test]
    fn texts_alone_are_sorted_by_their_length() {
        let text = |at: usize| {
            let mut entry = entry(0);
            entry.lengths.text = 1 + at * 7 % 40;
            entry
        };
        let entries: Vec<Entry> = (0..40).map(text).collect();
        for batch in plan((0..40).collect(), &entries, 10, &mut Rng::stream(&[2])) {
            let lengths = batch.iter().map(|&at| entries[at].lengths.text);
            let (least, most) = (lengths.clone().min().unwrap(), lengths.max().unwrap());
            assert_eq!(most - least, 9);
        }
    }

    #[test]
    fn every_utterance_is_in_one_batch() {
        let entries: Vec<Entry> = (0..103).map(|at| entry(at * 7 % 50)).collect();
        let plan = plan((0..103).collect(), &entries, 10, &mut Rng::stream(&[2]));
        assert_eq!(plan.len(), 11);
        let mut all = plan.concat();
        all.sort_unstable();
        assert_eq!(all, (0..103).collect::<Vec<_>>());
    }
}
