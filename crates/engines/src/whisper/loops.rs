//! Texts that repeat themselves, or are longer than what can be said: Whisper does this on noise
//! and on unusual audio, with high probability for every token.

use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;

use crate::repetition::repeated;

/// Text tokens per second that nobody says; fast English has about seven.
const TOKENS_PER_S: f64 = 15.0;
/// Characters per second that nobody says.
const CHARS_PER_S: f64 = 40.0;
/// A text that compresses better than this repeats itself: the value of Whisper's makers, in
/// `transcribe.py`.
const COMPRESSION: f64 = 2.4;
/// Shorter texts say nothing about their compression, in bytes.
const COMPRESSIBLE: usize = 80;

/// Watches a text while it is decoded.
pub(super) struct LoopWatch {
    most_tokens: usize,
}

impl LoopWatch {
    /// For this much audio.
    pub(super) fn new(seconds: f64) -> Self {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a window lasts seconds"
        )]
        let most_tokens = ((seconds + 1.0) * TOKENS_PER_S) as usize;
        Self { most_tokens }
    }

    /// Whether the text must end here.
    pub(super) fn ends(&self, tokens: &[i32]) -> bool {
        tokens.len() > self.most_tokens || repeated(tokens).is_some()
    }
}

/// Whether a finished text repeats itself, or cannot be said in the time.
pub(super) fn is_loop(text: &str, seconds: f64) -> bool {
    text.chars().count() as f64 > (seconds + 1.0) * CHARS_PER_S
        || (text.len() >= COMPRESSIBLE && compression(text) > COMPRESSION)
}

/// How many times shorter zlib makes a text.
fn compression(text: &str) -> f64 {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    let compressed = encoder
        .write_all(text.as_bytes())
        .and_then(|()| encoder.finish());
    compressed.map_or(0.0, |bytes| text.len() as f64 / bytes.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_repetitions_are_speech() {
        let watch = LoopWatch::new(30.0);
        assert!(!watch.ends(&[7; 10]));
        assert!(!watch.ends(&[1, 2, 3, 1, 2, 3, 1, 2, 3, 4, 5, 6, 7]));
        let no_loop: Vec<i32> = (0..200).collect();
        assert!(!watch.ends(&no_loop));
    }

    #[test]
    fn the_same_again_and_again_is_a_loop() {
        for period in [1, 2, 5, 9, 20] {
            let sentence: Vec<i32> = (0..period).collect();
            let mut text = vec![99, 98];
            text.extend(sentence.iter().cycle().take(100));
            let ends = (0..=text.len()).find(|end| LoopWatch::new(30.0).ends(&text[..*end]));
            let repeated = ends.unwrap() - 2;
            assert!(
                repeated >= 24 && repeated <= 24.max(4 * period as usize),
                "{period}: {repeated}"
            );
        }
    }

    #[test]
    fn more_than_can_be_said_is_a_loop() {
        let text: Vec<i32> = (0..60).collect();
        assert!(LoopWatch::new(1.0).ends(&text));
        assert!(!is_loop("so many different words here", 0.0));
        assert!(is_loop(
            "This is far more than anybody could ever say in no time at all.",
            0.1
        ));
    }

    #[test]
    fn texts_that_compress_well_are_loops() {
        assert!(is_loop(&"Don't forget a jacket. ".repeat(12), 30.0));
        let speech = "The distinction between the two was not quite so clear to everybody who \
                      had been there that evening, as one of them told me later.";
        assert!(!is_loop(speech, 10.0));
    }
}
