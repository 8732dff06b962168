//! Decoded sound becomes contiguous mono blocks on the clock of the recording.

use super::clock::SoundClock;
use super::mixdown::Mixdown;
use undertone_types::RATE_HZ;

/// Sound with its time on the recording's clock.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Block {
    pub(super) start_s: f64,
    /// Mono.
    pub(super) samples: Vec<f32>,
}

/// Takes each block; false when nobody wants more.
type Emit<'a> = &'a mut dyn FnMut(Block) -> bool;

/// The sound of a stream.
#[derive(Debug)]
pub(super) struct Sound {
    channels: u32,
    clock: SoundClock,
    mixdown: Mixdown,
    /// Start of the samples that wait in `mixdown`, in samples.
    start: u64,
    /// End of the samples taken so far.
    end: u64,
}

impl Sound {
    pub(super) fn new(channels: u32) -> Self {
        Self {
            channels,
            clock: SoundClock::default(),
            mixdown: Mixdown::new(channels as usize),
            start: 0,
            end: 0,
        }
    }

    /// Takes interleaved samples that start at `start_s`, if that is known. False when `emit`
    /// returned false.
    pub(super) fn take(
        &mut self,
        start_s: Option<f64>,
        channels: u32,
        samples: &[f32],
        emit: Emit<'_>,
    ) -> bool {
        if channels != self.channels {
            // Some streams change in the middle.
            if !self.finish(emit) {
                return false;
            }
            self.channels = channels;
            self.mixdown = Mixdown::new(channels as usize);
        }
        let frames = samples.len() / channels.max(1) as usize;
        let Some(place) = self.clock.place(start_s, frames) else {
            return true;
        };
        if place.gap_from != self.end || self.end == self.start {
            // Out of reach of what came before.
            if !self.finish(emit) {
                return false;
            }
            (self.start, self.end) = (place.gap_from, place.gap_from);
        }
        let mut gap = place.start - place.gap_from;
        while gap > 0 {
            let zeros = gap.min(u64::from(RATE_HZ));
            let silence = vec![0.0; zeros as usize * channels as usize];
            if !self.mix(&silence, zeros, emit) {
                return false;
            }
            gap -= zeros;
        }
        let kept = &samples[place.skipped * channels as usize..];
        self.mix(kept, (frames - place.skipped) as u64, emit)
    }

    /// Gives what waits.
    pub(super) fn finish(&mut self, emit: Emit<'_>) -> bool {
        let rest = self.mixdown.finish();
        self.give(rest, emit)
    }

    fn mix(&mut self, samples: &[f32], frames: u64, emit: Emit<'_>) -> bool {
        self.end += frames;
        let mixed = self.mixdown.take(samples);
        self.give(mixed, emit)
    }

    fn give(&mut self, samples: Vec<f32>, emit: Emit<'_>) -> bool {
        if samples.is_empty() {
            return true;
        }
        let start_s = self.start as f64 / f64::from(RATE_HZ);
        self.start += samples.len() as u64;
        emit(Block { start_s, samples })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn placed(blocks: &[(f64, usize)], channels: u32) -> Vec<(f64, usize)> {
        let mut sound = Sound::new(channels);
        let mut placed = Vec::new();
        let mut emit = |block: Block| {
            placed.push((block.start_s, block.samples.len()));
            true
        };
        for &(start_s, frames) in blocks {
            let samples = vec![1.0; frames * channels as usize];
            assert!(sound.take(Some(start_s), channels, &samples, &mut emit));
        }
        assert!(sound.finish(&mut emit));
        placed
    }

    #[test]
    fn gaps_are_filled_and_overlaps_dropped() {
        let blocks = [(0.0, 1600), (1.6, 1600), (1.65, 1600)];
        assert_eq!(
            placed(&blocks, 1),
            [
                (0.0, 1600),
                (0.1, 16_000),
                (1.1, 8000),
                (1.6, 1600),
                (1.7, 800)
            ]
        );
        let all: usize = placed(&blocks, 3).iter().map(|block| block.1).sum();
        assert_eq!(all, 28_000);
    }

    #[test]
    fn a_huge_gap_stays_a_gap() {
        for channels in [1, 2] {
            assert_eq!(
                placed(&[(0.0, 1600), (1e6, 1600)], channels),
                [(0.0, 1600), (1e6, 1600)]
            );
        }
    }

    #[test]
    fn a_change_of_channels_loses_nothing() {
        let mut sound = Sound::new(2);
        let mut all = 0;
        let mut emit = |block: Block| {
            all += block.samples.len();
            true
        };
        assert!(sound.take(Some(0.0), 2, &[0.5; 3000], &mut emit));
        assert!(sound.take(Some(1500.0 / 16_000.0), 1, &[0.5; 1000], &mut emit));
        assert!(sound.finish(&mut emit));
        assert_eq!(all, 2500);
    }
}
