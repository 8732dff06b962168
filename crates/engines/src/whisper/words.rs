//! From tokens to words and texts. Whisper's marks for no speech are left out.

use undertone_types::{TokenProbability, Word};

/// A text token as whisper.cpp gives it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    /// Its bytes; a character may be split between two tokens.
    pub(super) bytes: Vec<u8>,
    pub(super) probability: TokenProbability,
    /// When it ends, in seconds; `None` where the model gives no times.
    pub(super) end_s: Option<f64>,
}

/// A word, its tokens, and whether it is a mark for no speech.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Spoken {
    pub(super) word: Word,
    pub(super) tokens: Vec<TokenProbability>,
    /// As it is written, with the space before it.
    pub(super) written: Vec<u8>,
    pub(super) is_mark: bool,
}

/// Groups tokens into words: one begins with a space, or where a script has none with a
/// character of its own. Each lasts from the end of the one before.
pub(super) fn words(tokens: &[Token]) -> Vec<Spoken> {
    let mut all: Vec<Spoken> = Vec::new();
    let mut before_s = 0.0;
    for token in tokens {
        let end_s = token.end_s.unwrap_or(before_s);
        match all.last_mut() {
            Some(spoken) if !begins_word(&token.bytes, &spoken.written) => {
                spoken.written.extend_from_slice(&token.bytes);
                spoken.tokens.push(token.probability);
                spoken.word.end_s = end_s;
            }
            _ => all.push(Spoken {
                word: Word {
                    text: String::new(),
                    start_s: before_s,
                    end_s,
                    probability: 0.0,
                },
                tokens: vec![token.probability],
                written: token.bytes.clone(),
                is_mark: false,
            }),
        }
        before_s = end_s;
    }
    for spoken in &mut all {
        let sum: f32 = spoken.tokens.iter().map(|token| token.p).sum();
        spoken.word.probability = sum / spoken.tokens.len() as f32;
        spoken.word.text = String::from_utf8_lossy(&spoken.written).trim().to_owned();
    }
    mark(&mut all);
    all
}

/// Whether these bytes begin a word after what was written before.
fn begins_word(bytes: &[u8], before: &[u8]) -> bool {
    if bytes.first() == Some(&b' ') {
        return true;
    }
    // Scripts without spaces: every whole character outside of the alphabets stands alone.
    let first = std::str::from_utf8(bytes)
        .ok()
        .and_then(|text| text.chars().next());
    std::str::from_utf8(before).is_ok() && first.is_some_and(is_unspaced)
}

/// Thai to Tibetan, Myanmar, Khmer, kana and the characters of Chinese.
fn is_unspaced(character: char) -> bool {
    matches!(
        u32::from(character),
        0x0E00..=0x0FFF | 0x1000..=0x109F | 0x1780..=0x17FF | 0x3040..=0x30FF | 0x3400..=0x9FFF
    )
}

/// Finds what stands in brackets, asterisks or notes: `[Music]`, `(chatter)`, `♪ la ♪`. What is
/// never closed is no mark.
fn mark(words: &mut [Spoken]) {
    let mut within: Option<(char, usize)> = None;
    for (index, spoken) in words.iter_mut().enumerate() {
        let (mut speech, mut marked) = (false, within.is_some());
        for character in spoken.word.text.chars() {
            match (within, closing(character)) {
                (Some((end, _)), _) if character == end => within = None,
                (Some(_), _) => {}
                (None, Some(end)) => (within, marked) = (Some((end, index)), true),
                (None, None) => speech |= character.is_alphanumeric(),
            }
        }
        spoken.is_mark = marked && !speech;
    }
    if let Some((_, opened)) = within {
        words[opened..]
            .iter_mut()
            .for_each(|word| word.is_mark = false);
    }
}

/// The character that ends a mark which begins with this one.
fn closing(character: char) -> Option<char> {
    match character {
        '[' => Some(']'),
        '(' => Some(')'),
        '*' => Some('*'),
        '♪' => Some('♪'),
        _ => None,
    }
}

/// The text of words, as it was written; empty without a letter or digit.
pub(super) fn text<'w>(words: impl Iterator<Item = &'w Spoken>) -> String {
    let bytes: Vec<u8> = words
        .flat_map(|word| word.written.iter().copied())
        .collect();
    let text = String::from_utf8_lossy(&bytes);
    match text.contains(char::is_alphanumeric) {
        true => text.trim().to_owned(),
        false => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spoken(tokens: &[&str]) -> Vec<Spoken> {
        let token = |(index, text): (usize, &&str)| Token {
            bytes: text.as_bytes().to_vec(),
            probability: TokenProbability {
                p: 0.5,
                log_p: 0.5_f32.ln(),
            },
            end_s: Some((index + 1) as f64),
        };
        let tokens: Vec<_> = tokens.iter().enumerate().map(token).collect();
        words(&tokens)
    }

    fn said(tokens: &[&str]) -> String {
        text(spoken(tokens).iter().filter(|word| !word.is_mark))
    }

    #[test]
    fn a_word_lasts_from_the_one_before() {
        let words = spoken(&[" Good", " mor", "ning", ",", " all"]);
        let times: Vec<_> = words
            .iter()
            .map(|w| (w.word.text.as_str(), w.word.start_s, w.word.end_s))
            .collect();
        assert_eq!(
            times,
            [
                ("Good", 0.0, 1.0),
                ("morning,", 1.0, 4.0),
                ("all", 4.0, 5.0)
            ]
        );
        assert_eq!(words[1].tokens.len(), 3);
    }

    #[test]
    fn marks_for_no_speech_are_no_words() {
        assert_eq!(said(&[" [", "Music", "]"]), "");
        assert_eq!(
            said(&[" [Sings", " in", " Spanish]", " Hello", " there."]),
            "Hello there."
        );
        assert_eq!(said(&[" (", "chatter", ")", " Well"]), "Well");
        assert_eq!(said(&[" *", "sighs", "*", " Yes."]), "Yes.");
        assert_eq!(said(&["♪", " la", " la", " ♪"]), "");
        assert_eq!(said(&[" ...", " -"]), "");
        assert_eq!(said(&[" Well", " -", " yes"]), "Well - yes");
        assert_eq!(said(&[" Yes", " (never", " closed"]), "Yes (never closed");
    }

    #[test]
    fn a_character_split_between_tokens_stays_whole() {
        let bytes = "é".as_bytes();
        let half = |bytes: &[u8], end_s| Token {
            bytes: bytes.to_vec(),
            probability: TokenProbability { p: 1.0, log_p: 0.0 },
            end_s: Some(end_s),
        };
        let words = words(&[
            half(b" caf", 0.0),
            half(&bytes[..1], 1.0),
            half(&bytes[1..], 1.5),
        ]);
        assert_eq!(words.len(), 1);
        assert_eq!(words[0].word.text, "café");
    }

    #[test]
    fn scripts_without_spaces_have_words_too() {
        assert_eq!(spoken(&["今天", "很", "好"]).len(), 3);
    }
}
