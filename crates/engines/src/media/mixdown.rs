//! Any number of channels to one, so that a voice survives.
//!
//! The plain mean loses a voice twice: where a channel is the inverse of another (a microphone
//! with swapped wires), and where one of many channels has the voice and the others nothing. No
//! layout is needed: field recorders state none.

use undertone_types::RATE_HZ;

/// A decision is made for so many samples.
const BLOCK: usize = RATE_HZ as usize / 4;
/// Channels with less than this share of the loudest one's power (−30 dB) are left out.
const AUDIBLE: f64 = 1e-3;
/// Where the mean of the channels has less than this share of the power that unrelated channels
/// would give it, they cancel each other.
const CANCELLED: f64 = 0.1;

/// Mixes interleaved channels. Power counts from the start of the recording on, so that the
/// choice does not jump; it depends on nothing but the sound before.
#[derive(Debug)]
pub(super) struct Mixdown {
    channels: usize,
    /// Interleaved samples that wait for the rest of their block.
    waiting: Vec<f32>,
    /// Power of each channel, and of the mean of those that are audible, so far.
    power: Vec<f64>,
    mixed_power: f64,
}

impl Mixdown {
    pub(super) fn new(channels: usize) -> Self {
        Self {
            channels: channels.max(1),
            waiting: Vec::new(),
            power: vec![0.0; channels.max(1)],
            mixed_power: 0.0,
        }
    }

    /// Takes interleaved samples, and returns the mono samples that are complete.
    pub(super) fn take(&mut self, samples: &[f32]) -> Vec<f32> {
        if self.channels == 1 {
            return samples.to_vec();
        }
        self.waiting.extend_from_slice(samples);
        let block = BLOCK * self.channels;
        let whole = self.waiting.len() / block * block;
        let rest = self.waiting.split_off(whole);
        let blocks = std::mem::replace(&mut self.waiting, rest);
        blocks
            .chunks(block)
            .flat_map(|block| self.mix(block))
            .collect()
    }

    /// The rest, at the end of the sound or before a gap.
    pub(super) fn finish(&mut self) -> Vec<f32> {
        let rest = std::mem::take(&mut self.waiting);
        self.mix(&rest)
    }

    fn mix(&mut self, block: &[f32]) -> Vec<f32> {
        let frames = block.chunks_exact(self.channels);
        for frame in frames.clone() {
            for (power, &sample) in self.power.iter_mut().zip(frame) {
                *power += f64::from(sample) * f64::from(sample);
            }
        }
        let loudest =
            (0..self.channels).reduce(|a, b| if self.power[b] > self.power[a] { b } else { a });
        let loudest = loudest.unwrap_or(0);
        let least = self.power[loudest] * AUDIBLE;
        let audible: Vec<usize> = (0..self.channels)
            .filter(|&c| self.power[c] >= least)
            .collect();
        let share = 1.0 / audible.len() as f32;
        let mean: Vec<f32> = frames
            .clone()
            .map(|frame| audible.iter().map(|&c| frame[c]).sum::<f32>() * share)
            .collect();
        let squares = mean
            .iter()
            .map(|&sample| f64::from(sample) * f64::from(sample));
        self.mixed_power += squares.sum::<f64>();
        let unrelated: f64 = audible.iter().map(|&c| self.power[c]).sum::<f64>();
        let expected = unrelated * f64::from(share) * f64::from(share);
        if self.mixed_power < expected * CANCELLED {
            return frames.map(|frame| frame[loudest]).collect();
        }
        mean
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn voice(len: usize) -> Vec<f32> {
        (0..len).map(|n| (n as f32 * 0.1).sin() * 0.5).collect()
    }

    fn mixed(channels: usize, sound: &[f32], part: usize) -> Vec<f32> {
        let mut mixdown = Mixdown::new(channels);
        let mut mixed = Vec::new();
        for part in sound.chunks(part * channels) {
            mixed.extend(mixdown.take(part));
        }
        mixed.extend(mixdown.finish());
        mixed
    }

    fn interleaved(len: usize, channels: &[&dyn Fn(usize) -> f32]) -> Vec<f32> {
        (0..len)
            .flat_map(|n| channels.iter().map(move |channel| channel(n)))
            .collect()
    }

    #[test]
    fn stereo_is_the_mean() {
        let sound = interleaved(
            9000,
            &[&|n| (n as f32 * 0.1).sin(), &|n| (n as f32 * 0.3).sin()],
        );
        let mixed = mixed(2, &sound, 700);
        assert_eq!(mixed.len(), 9000);
        for (frame, got) in sound.chunks(2).zip(mixed) {
            assert!((got - (frame[0] + frame[1]) / 2.0).abs() < 1e-6);
        }
    }

    #[test]
    fn channels_that_cancel_give_the_louder_one() {
        let voice = voice(9000);
        let sound = interleaved(9000, &[&|n| voice[n] * 0.9, &|n| -voice[n]]);
        let mixed = mixed(2, &sound, 9000);
        assert_eq!(
            mixed,
            voice.iter().map(|sample| -sample).collect::<Vec<_>>()
        );
    }

    #[test]
    fn one_voice_among_many_empty_channels_keeps_its_level() {
        let voice = voice(9000);
        let nothing: &dyn Fn(usize) -> f32 = &|_| 0.0;
        for channels in [3, 7, 9, 12] {
            let mut all = vec![nothing; channels];
            let speaks = |n: usize| voice[n];
            all[1] = &speaks;
            assert_eq!(
                mixed(channels, &interleaved(9000, &all), 123),
                voice,
                "{channels}"
            );
        }
    }

    #[test]
    fn silence_stays_silence() {
        assert_eq!(mixed(6, &[0.0; 6 * 5000], 5000), vec![0.0; 5000]);
    }

    proptest! {
        #[test]
        fn the_size_of_parts_does_not_matter(part in 1usize..9000, gain in -1.0f32..1.0) {
            let voice = voice(20_000);
            let sound = interleaved(20_000, &[&|n| voice[n], &|n| voice[n] * gain, &|_| 0.01]);
            prop_assert_eq!(mixed(3, &sound, part), mixed(3, &sound, 20_000));
        }
    }
}
