//! Which positions of an encoded audio the language model reads.

/// Positions of Whisper's encoder in its window of 30 s.
const WINDOW: usize = 1500;
/// Samples of sound for each of these positions.
const SAMPLES: usize = 320;
/// Samples of sound in the window.
pub(super) const WINDOW_SAMPLES: usize = WINDOW * SAMPLES;

/// What a projector makes of an utterance that is shorter than its window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AudioWindow {
    /// As many positions as the utterance needs, give or take a second.
    Fitting,
    /// Those of 30 s whatever the utterance's length, between a vector that begins and one that
    /// ends: a Whisper's encoder with neighbouring positions joined (llama.cpp's `glma`).
    Whole,
}

/// What is to be heard of a chunk: its positions from the start, and whether the last one follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Heard {
    window: AudioWindow,
    first: usize,
    end: bool,
}

impl Heard {
    /// Of a chunk of so many positions, in which this many samples of sound are.
    ///
    /// The silence that fills a window says nothing, and costs as much to read as speech: of a
    /// whole window the beginning and the end are kept, the positions over the sound, and one that
    /// ends it. Of a window without any sound, which llama.cpp makes after a full one, nothing is.
    pub(super) fn new(window: AudioWindow, positions: usize, samples: usize) -> Self {
        let all = Self {
            window,
            first: positions,
            end: false,
        };
        let within = positions.saturating_sub(2);
        if window == AudioWindow::Fitting || within == 0 {
            return all;
        }
        if samples == 0 {
            return Self { first: 0, ..all };
        }
        let joined = (WINDOW / within).max(1);
        let spoken = samples.div_ceil(SAMPLES * joined) + 1;
        match spoken < within {
            true => Self {
                first: 1 + spoken,
                end: true,
                ..all
            },
            false => all,
        }
    }

    /// Those of them that are of sound, of a chunk's vectors, which are `width` wide: a whole window
    /// begins with a vector that is not.
    pub(super) fn sound(self, vectors: &[f32], width: usize) -> &[f32] {
        let (begin, end) = match (self.window, self.first, self.end) {
            (AudioWindow::Fitting, first, _) => (0, first),
            (AudioWindow::Whole, first, true) => (1, first),
            (AudioWindow::Whole, first, false) => (1, first.saturating_sub(1)),
        };
        vectors.get(begin * width..end * width).unwrap_or_default()
    }

    /// How many positions that is.
    pub(super) fn positions(self) -> usize {
        self.first + usize::from(self.end)
    }

    /// These positions of a chunk's vectors, which are `width` wide.
    pub(super) fn of(self, vectors: &[f32], width: usize) -> Vec<f32> {
        let end = match self.end {
            true => vectors.len() - width,
            false => vectors.len(),
        };
        [&vectors[..self.first * width], &vectors[end..]].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_whole_window_the_sound_is_heard_and_both_its_ends() {
        // Five joined, 100 ms each: a second has ten.
        let heard = Heard::new(AudioWindow::Whole, 302, 16_000);
        assert_eq!(heard.positions(), 1 + 10 + 1 + 1);
        let vectors: Vec<f32> = (0..302).map(|number| number as f32).collect();
        assert_eq!(heard.sound(&vectors, 1), &vectors[1..12]);
        let heard = Heard::new(AudioWindow::Whole, 302, 16_001);
        assert_eq!(heard.positions(), 1 + 11 + 1 + 1);
        let vectors: Vec<f32> = (0..2 * 302).map(|number| number as f32).collect();
        let kept = heard.of(&vectors, 2);
        assert_eq!(kept[..2 * 13], vectors[..2 * 13]);
        assert_eq!(kept[2 * 13..], vectors[2 * 301..]);
    }

    #[test]
    fn a_full_window_is_heard_whole() {
        for samples in [478_400, 480_000, 9_999_999] {
            assert_eq!(
                Heard::new(AudioWindow::Whole, 302, samples).positions(),
                302
            );
        }
        let vectors: Vec<f32> = (0..302).map(|number| number as f32).collect();
        let heard = Heard::new(AudioWindow::Whole, 302, 480_000);
        assert_eq!(heard.sound(&vectors, 1), &vectors[1..301]);
    }

    #[test]
    fn of_a_window_without_sound_nothing_is_heard() {
        let heard = Heard::new(AudioWindow::Whole, 302, 0);
        assert!(heard.sound(&[1.0; 302], 1).is_empty());
        assert_eq!(heard.positions(), 0);
        assert!(heard.of(&[1.0; 302], 1).is_empty());
    }

    #[test]
    fn what_fits_is_heard_whole() {
        let heard = Heard::new(AudioWindow::Fitting, 3, 1);
        assert_eq!(heard.sound(&[1.0, 2.0, 3.0], 1), [1.0, 2.0, 3.0]);
        assert_eq!(heard.of(&[1.0, 2.0, 3.0], 1), [1.0, 2.0, 3.0]);
        assert_eq!(Heard::new(AudioWindow::Whole, 2, 1).positions(), 2);
    }
}
