//! Lays the utterances of a passage out in one window, and gives words back to them by time.

use undertone_types::{RATE_HZ, Word};

/// Least audio that is transcribed at once, in samples: whisper.cpp refuses a tenth of a
/// second, and its alignment needs a few positions.
const LEAST_SAMPLES: usize = RATE_HZ as usize;

/// Sound counts from this share of an utterance's loudest frame on: 30 dB below it.
const SOUND: f32 = 1e-3;
/// A frame in which loudness is measured: 20 ms.
const FRAME: usize = RATE_HZ as usize / 50;

/// Where an utterance lies in a window, in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Slot {
    start_s: f64,
    end_s: f64,
    /// Where its sound begins and ends: there is silence around a voice that no word is said in.
    sound_s: (f64, f64),
}

/// Utterances in a window, with silence between.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Layout {
    pub(super) samples: Vec<f32>,
    slots: Vec<Slot>,
}

impl Layout {
    pub(super) fn new(utterances: &[&[f32]], gap_s: f64) -> Self {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a gap lasts seconds"
        )]
        let gap = (gap_s * f64::from(RATE_HZ)) as usize;
        let (mut samples, mut slots) = (Vec::new(), Vec::new());
        let seconds = |samples: usize| samples as f64 / f64::from(RATE_HZ);
        for (index, utterance) in utterances.iter().enumerate() {
            if index > 0 {
                samples.resize(samples.len() + gap, 0.0);
            }
            let start_s = seconds(samples.len());
            samples.extend_from_slice(utterance);
            let (first, last) = sound(utterance);
            slots.push(Slot {
                start_s,
                end_s: seconds(samples.len()),
                sound_s: (start_s + seconds(first), start_s + seconds(last)),
            });
        }
        if samples.len() < LEAST_SAMPLES {
            samples.resize(LEAST_SAMPLES, 0.0);
        }
        Self { samples, slots }
    }

    /// The utterance of each word of the window, given in the order in which they are said.
    ///
    /// A word belongs where most of it is said. Silence counts to the word before or after it,
    /// as the alignment has it, so where a word begins or ends alone says little.
    pub(super) fn assign(&self, words: &[Word]) -> Vec<usize> {
        let mut at = 0;
        words
            .iter()
            .map(|word| {
                let heard =
                    |slot: &Slot| word.end_s.min(slot.end_s) - word.start_s.max(slot.start_s);
                let best = (at..self.slots.len())
                    // The first of equals: `max_by` gives the last.
                    .rev()
                    .max_by(|a, b| heard(&self.slots[*a]).total_cmp(&heard(&self.slots[*b])));
                at = best.unwrap_or(at);
                at
            })
            .collect()
    }

    /// A word of an utterance, with times from the utterance's start and within its sound.
    pub(super) fn within(&self, utterance: usize, word: &Word) -> Word {
        let Slot {
            start_s, sound_s, ..
        } = self.slots[utterance];
        let within = |time_s: f64| time_s.clamp(sound_s.0, sound_s.1) - start_s;
        Word {
            start_s: within(word.start_s),
            end_s: within(word.end_s),
            ..word.clone()
        }
    }
}

/// The samples from the first to the last frame with sound.
fn sound(utterance: &[f32]) -> (usize, usize) {
    let energy = |frame: &[f32]| frame.iter().map(|sample| sample * sample).sum::<f32>();
    let energies: Vec<f32> = utterance.chunks(FRAME).map(energy).collect();
    let least = energies.iter().copied().fold(0.0, f32::max) * SOUND;
    let heard = |energy: &f32| *energy >= least;
    let first = energies.iter().position(heard).unwrap_or(0);
    let last = energies.iter().rposition(heard).unwrap_or(energies.len());
    (first * FRAME, ((last + 1) * FRAME).min(utterance.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(start_s: f64, end_s: f64) -> Word {
        Word {
            text: String::new(),
            start_s,
            end_s,
            probability: 1.0,
        }
    }

    fn layout() -> Layout {
        // 0–2 s, 3–4 s, 5–6 s.
        let long = vec![0.1; 32_000];
        let short = vec![0.1; 16_000];
        Layout::new(&[&long, &short, &short], 1.0)
    }

    #[test]
    fn utterances_lie_apart_in_their_order() {
        let layout = layout();
        assert_eq!(layout.samples.len(), 6 * 16_000);
        assert_eq!(layout.samples[32_000..48_000], [0.0; 16_000]);
        assert_eq!(layout.samples[48_000], 0.1);
    }

    #[test]
    fn a_short_utterance_is_followed_by_silence() {
        assert_eq!(Layout::new(&[&[0.5; 3_000]], 1.0).samples.len(), 16_000);
    }

    #[test]
    fn a_word_belongs_where_most_of_it_is_said() {
        let words = [
            word(0.0, 0.5),
            // The silence after it counts as its own …
            word(1.8, 3.02),
            // … or that before it.
            word(2.1, 3.5),
            word(5.2, 5.8),
        ];
        assert_eq!(layout().assign(&words), [0, 0, 1, 2]);
    }

    #[test]
    fn words_never_go_back() {
        let words = [word(3.1, 3.5), word(0.0, 0.5), word(5.5, 9.0)];
        assert_eq!(layout().assign(&words), [1, 1, 2]);
    }

    #[test]
    fn no_word_is_said_in_the_silence_around_a_voice() {
        let mut utterance = vec![1e-4; 16_000];
        utterance[3_200..9_600].fill(0.1);
        let layout = Layout::new(&[&utterance], 1.0);
        let inside = layout.within(0, &word(0.0, 0.9));
        assert_eq!((inside.start_s, inside.end_s), (0.2, 0.6));
    }

    #[test]
    fn times_stay_within_the_utterance() {
        let inside = layout().within(1, &word(2.1, 3.5));
        assert_eq!((inside.start_s, inside.end_s), (0.0, 0.5));
    }
}
