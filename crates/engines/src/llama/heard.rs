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

    /// How many positions that is.
    pub(super) fn positions(self) -> usize {
        self.first + usize::from(self.end)
    }

    /// These positions of a chunk's vectors, which are `width` wide, without the blanks: those that
    /// are shorter than `blank_below`. Where all but the two that begin and end a window are blanks, none.
    pub(super) fn of(self, vectors: &[f32], width: usize, blank_below: f32) -> Vec<f32> {
        let end = match self.end {
            true => vectors.len() - width,
            false => vectors.len(),
        };
        let positions = [&vectors[..self.first * width], &vectors[end..]].concat();
        if blank_below == 0.0 {
            return positions;
        }
        let is_said =
            |vector: &[f32]| vector.iter().map(|v| v * v).sum::<f32>().sqrt() >= blank_below;
        let count = positions.len() / width.max(1);
        let is_end = |at: usize| self.window == AudioWindow::Whole && (at == 0 || at + 1 == count);
        let said = |at: usize, vector: &[f32]| !is_end(at) && is_said(vector);
        let vectors = || positions.chunks_exact(width).enumerate();
        if !vectors().any(|(at, vector)| said(at, vector)) {
            return Vec::new();
        }
        let kept = vectors().filter(|(at, vector)| is_end(*at) || is_said(vector));
        kept.flat_map(|(_, vector)| vector).copied().collect()
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
        let heard = Heard::new(AudioWindow::Whole, 302, 16_001);
        assert_eq!(heard.positions(), 1 + 11 + 1 + 1);
        let vectors: Vec<f32> = (0..2 * 302).map(|number| number as f32).collect();
        let kept = heard.of(&vectors, 2, 0.0);
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
    }

    #[test]
    fn of_a_window_without_sound_nothing_is_heard() {
        let heard = Heard::new(AudioWindow::Whole, 302, 0);
        assert_eq!(heard.positions(), 0);
        assert!(heard.of(&[1.0; 302], 1, 0.0).is_empty());
    }

    #[test]
    fn blanks_are_left_out_between_the_ends() {
        let heard = Heard::new(AudioWindow::Whole, 6, 480_000);
        let vectors = [
            [0.1, 0.0],
            [0.0, 3.0],
            [1.0, 1.0],
            [-3.0, 4.0],
            [2.0, 0.0],
            [0.0, 0.1],
        ];
        let kept = [[0.1, 0.0], [0.0, 3.0], [-3.0, 4.0], [0.0, 0.1]];
        let of = |vectors: &[[f32; 2]]| heard.of(vectors.as_flattened(), 2, 2.5);
        assert_eq!(of(&vectors), kept.as_flattened());
        // The ends alone say nothing, however long they are.
        assert!(
            of(&[
                [9.0, 9.0],
                [1.0, 0.0],
                [1.0, 0.0],
                [1.0, 0.0],
                [1.0, 0.0],
                [9.0, 9.0]
            ])
            .is_empty()
        );
        // Without ends every vector counts.
        let fitting = Heard::new(AudioWindow::Fitting, 3, 1);
        assert_eq!(fitting.of(&[3.0, 1.0, -4.0], 1, 2.5), [3.0, -4.0]);
    }

    #[test]
    fn what_fits_is_heard_whole() {
        let heard = Heard::new(AudioWindow::Fitting, 3, 1);
        assert_eq!(heard.of(&[1.0, 2.0, 3.0], 1, 0.0), [1.0, 2.0, 3.0]);
        assert_eq!(Heard::new(AudioWindow::Whole, 2, 1).positions(), 2);
    }
}
