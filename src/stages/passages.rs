//! Gathers consecutive utterances of a recording into passages, which the recogniser hears
//! together.

use undertone_engines::whisper::Window;
use undertone_types::{Passage, Utterance};

/// Gathers the utterances of one recording, by media time alone.
#[derive(Debug)]
pub struct PassageBuilder {
    window: Option<Window>,
    waiting: Vec<Utterance>,
    /// Length of what waits, in seconds; silence between utterances included.
    length_s: f64,
}

impl PassageBuilder {
    /// For a recogniser with this window; without one every utterance is a passage of its own.
    #[must_use]
    pub fn new(window: Option<Window>) -> Self {
        Self {
            window,
            waiting: Vec::new(),
            length_s: 0.0,
        }
    }

    /// Takes the next utterance; gives the passage that it does not fit into any more.
    pub fn add(&mut self, utterance: Utterance) -> Option<Passage> {
        let Some(window) = self.window else {
            return Some(Passage(vec![utterance]));
        };
        let own_s = utterance.end_s - utterance.start_s;
        let with_s = self.length_s + window.gap_s + own_s;
        let full = if with_s > window.length_s {
            self.take()
        } else {
            None
        };
        self.length_s = match self.waiting.is_empty() {
            true => own_s,
            false => with_s,
        };
        self.waiting.push(utterance);
        full
    }

    /// What waits at the end of the recording.
    pub fn take(&mut self) -> Option<Passage> {
        self.length_s = 0.0;
        match self.waiting.is_empty() {
            true => None,
            false => Some(Passage(std::mem::take(&mut self.waiting))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utterance(start_s: f64, end_s: f64) -> Utterance {
        Utterance {
            index: 0,
            start_s,
            end_s,
            audio: None,
            voiced_share: 1.0,
            frames: Vec::new(),
            said: None,
        }
    }

    fn lengths(window: Option<Window>, utterances: &[(f64, f64)]) -> Vec<usize> {
        let mut builder = PassageBuilder::new(window);
        let mut passages = Vec::new();
        for (start_s, end_s) in utterances {
            passages.extend(builder.add(utterance(*start_s, *end_s)));
        }
        passages.extend(builder.take());
        passages.iter().map(|passage| passage.0.len()).collect()
    }

    const WINDOW: Window = Window {
        length_s: 10.0,
        gap_s: 1.0,
    };

    #[test]
    fn utterances_share_a_window_until_it_is_full() {
        let three = [(0.0, 4.0), (5.0, 10.0), (90.0, 91.0)];
        assert_eq!(lengths(Some(WINDOW), &three), [2, 1]);
        let tight = [(0.0, 4.0), (5.0, 8.0), (90.0, 91.0)];
        assert_eq!(lengths(Some(WINDOW), &tight), [3]);
    }

    #[test]
    fn one_that_is_longer_than_the_window_is_alone() {
        let long = [(0.0, 2.0), (3.0, 15.0), (16.0, 17.0)];
        assert_eq!(lengths(Some(WINDOW), &long), [1, 1, 1]);
    }

    #[test]
    fn without_a_window_each_is_alone() {
        assert_eq!(lengths(None, &[(0.0, 1.0), (1.0, 2.0)]), [1, 1]);
        assert_eq!(lengths(Some(WINDOW), &[]), [0; 0]);
    }
}
