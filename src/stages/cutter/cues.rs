//! [`CueCutter`]: utterances that somebody has marked and written down.

use std::collections::VecDeque;
use std::sync::Arc;

use super::frames::FrameBuffer;
use undertone_types::{Cue, Frame, RATE_HZ, Utterance};

/// A shorter stretch holds no word, in seconds.
const SHORTEST_S: f64 = 0.1;
/// Memory is bounded by the longest utterance: a cue may not be longer, in seconds.
pub const LONGEST_CUE_S: f64 = 60.0;

/// Cues that can be cut, one after the other, and what was done to make them so.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CutCues {
    /// In the order of time; none begins before the one before has ended.
    pub cues: Vec<Cue>,
    /// Cues that were too short or too long.
    pub left_out: usize,
    /// Cues that end earlier, since the next one begins.
    pub shortened: usize,
}

impl CutCues {
    /// Makes cues, in the order of time, follow each other. Those that begin together become one.
    #[must_use]
    pub fn new(cues: Vec<Cue>) -> Self {
        let mut cut = Self::default();
        for cue in cues {
            let length_s = cue.end_s - cue.start_s;
            if !(SHORTEST_S..=LONGEST_CUE_S).contains(&length_s) {
                cut.left_out += 1;
                continue;
            }
            match cut.cues.last_mut() {
                Some(before) if cue.start_s < before.start_s + SHORTEST_S => {
                    before.text = format!("{} {}", before.text, cue.text);
                    before.end_s = before
                        .end_s
                        .max(cue.end_s)
                        .min(before.start_s + LONGEST_CUE_S);
                    continue;
                }
                Some(before) if cue.start_s < before.end_s => {
                    before.end_s = cue.start_s;
                    cut.shortened += 1;
                }
                _ => {}
            }
            cut.cues.push(cue);
        }
        cut
    }
}

/// Cuts a recording at cues.
#[derive(Debug)]
pub struct CueCutter {
    /// The cues that are not cut yet, with the sound of those that have begun.
    cues: VecDeque<(Cue, Vec<f32>)>,
    frames: FrameBuffer,
    /// All sound and frames before this time have arrived.
    reached_s: f64,
    /// The end of the recording, once it is known.
    end_s: Option<f64>,
    index: u32,
}

impl CueCutter {
    /// A cutter for one recording.
    #[must_use]
    pub fn new(cues: &CutCues) -> Self {
        let cues = cues.cues.iter().cloned().map(|cue| (cue, Vec::new()));
        Self {
            cues: cues.collect(),
            frames: FrameBuffer::new(LONGEST_CUE_S),
            reached_s: f64::NEG_INFINITY,
            end_s: None,
            index: 0,
        }
    }

    /// Takes sound that starts at `start_s` on the recording's clock.
    pub fn audio(&mut self, start_s: f64, samples: &[f32]) {
        self.reached_s = self.reached_s.max(start_s);
        let end_s = start_s + samples.len() as f64 / f64::from(RATE_HZ);
        for (cue, sound) in &mut self.cues {
            if cue.start_s >= end_s {
                break;
            }
            // Where the block begins in the cue, in samples.
            let offset = position(start_s - cue.start_s);
            let skipped = usize::try_from(-offset).unwrap_or(0).min(samples.len());
            let at = usize::try_from(offset).unwrap_or(0);
            let length = usize::try_from(position(cue.end_s - cue.start_s)).unwrap_or(0);
            let room = length.saturating_sub(at).min(samples.len() - skipped);
            if room > 0 {
                // A gap in the sound is silent.
                sound.resize(at, 0.0);
                sound.extend_from_slice(&samples[skipped..skipped + room]);
            }
        }
    }

    /// Takes a frame.
    pub fn frame(&mut self, frame: Frame) {
        self.reached_s = self.reached_s.max(frame.time_s);
        self.frames.push(frame);
    }

    /// The recording has ended, at `end_s` where its length is known.
    pub fn finish(&mut self, end_s: Option<f64>) {
        self.end_s = Some(end_s.unwrap_or(self.reached_s));
    }

    /// The next cue that is complete, as an utterance. Those that begin after the end of the
    /// recording never are.
    pub fn pop(&mut self) -> Option<Utterance> {
        let (cue, _) = self.cues.front()?;
        let end_s = match self.end_s {
            Some(end_s) if cue.start_s >= end_s => return None,
            Some(end_s) => cue.end_s.min(end_s),
            None if self.reached_s >= cue.end_s => cue.end_s,
            None => return None,
        };
        let (cue, sound) = self.cues.pop_front()?;
        let index = self.index;
        self.index += 1;
        Some(Utterance {
            index,
            start_s: cue.start_s,
            end_s,
            // Digital silence is no voice.
            audio: sound
                .iter()
                .any(|sample| *sample != 0.0)
                .then(|| sound.into()),
            voiced_share: 1.0,
            frames: self.frames.take(cue.start_s, end_s),
            said: Some(Arc::from(cue.text)),
        })
    }

    /// Cues cut so far.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.index
    }
}

/// A time in samples.
fn position(seconds: f64) -> i64 {
    (seconds * f64::from(RATE_HZ)).round() as i64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cue(start_s: f64, end_s: f64, text: &str) -> Cue {
        let text = text.to_owned();
        Cue {
            start_s,
            end_s,
            text,
        }
    }

    #[test]
    fn cues_follow_each_other_whatever_the_file_says() {
        let cut = CutCues::new(vec![
            cue(0.0, 3.0, "a"),
            cue(2.0, 4.0, "b"),
            cue(2.05, 5.0, "c"),
            cue(6.0, 6.05, "too short"),
            cue(7.0, 90.0, "too long"),
        ]);
        assert_eq!(cut.cues, [cue(0.0, 2.0, "a"), cue(2.0, 5.0, "b c")]);
        assert_eq!((cut.left_out, cut.shortened), (2, 1));
    }

    /// A second has 16,000 samples, each of which says where it is.
    fn sound(seconds: usize) -> Vec<f32> {
        let rate = RATE_HZ as usize;
        (1..=seconds * rate).map(|sample| sample as f32).collect()
    }

    proptest! {
        #[test]
        fn each_cue_gets_its_own_sound_in_blocks_of_any_size(
            block in 100..40_000usize, lengths in prop::collection::vec((1..20u32, 0..20u32), 1..6)
        ) {
            let mut at_s = 0.0;
            let cues = lengths.iter().map(|(length, gap)| {
                let start_s = at_s + f64::from(*gap) / 10.0;
                at_s = start_s + f64::from(*length) / 10.0;
                cue(start_s, at_s, "x")
            });
            let cues: Vec<Cue> = cues.collect();
            let samples = sound(24);
            let mut cutter = CueCutter::new(&CutCues { cues: cues.clone(), ..CutCues::default() });
            let mut cut = Vec::new();
            for (number, block_of) in samples.chunks(block).enumerate() {
                let start_s = (number * block) as f64 / f64::from(RATE_HZ);
                cutter.audio(start_s, block_of);
                cut.extend(std::iter::from_fn(|| cutter.pop()));
            }
            cutter.finish(Some(24.0));
            cut.extend(std::iter::from_fn(|| cutter.pop()));
            prop_assert_eq!(cut.len(), cues.len());
            for (utterance, cue) in cut.iter().zip(&cues) {
                let audio = utterance.audio.as_deref().unwrap();
                let (first, last) = (position(cue.start_s) as usize, position(cue.end_s) as usize);
                prop_assert!(audio.len().abs_diff(last - first) <= 1);
                prop_assert!((audio[0] - samples[first]).abs() <= 1.0);
            }
        }
    }

    #[test]
    fn what_lies_beyond_the_end_is_left() {
        let cues = [
            cue(0.5, 1.5, "in"),
            cue(1.8, 3.0, "half"),
            cue(4.0, 5.0, "beyond"),
        ];
        let mut cutter = CueCutter::new(&CutCues::new(cues.to_vec()));
        cutter.audio(0.0, &sound(2));
        let frame = |time_s| Frame { time_s, face: None };
        [0.2, 1.0, 1.9]
            .into_iter()
            .for_each(|time_s| cutter.frame(frame(time_s)));
        cutter.finish(Some(2.0));
        let cut: Vec<Utterance> = std::iter::from_fn(|| cutter.pop()).collect();
        let told: Vec<_> = cut
            .iter()
            .map(|one| (one.end_s, one.frames.len(), one.said.as_deref().unwrap()))
            .collect();
        assert_eq!(told, [(1.5, 1, "in"), (2.0, 1, "half")]);
        assert_eq!(cutter.count(), 2);
        assert_eq!(cut[1].audio.as_ref().unwrap().len(), 3200);
    }
}
