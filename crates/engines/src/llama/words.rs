//! Words of texts: how many fit, and which tokens are theirs.

use std::ops::Range;

/// A word of a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ReadWord {
    /// What stands between spaces.
    pub(super) text: String,
    /// Its tokens, without one of spaces alone that precedes it.
    pub(super) tokens: Range<usize>,
}

/// As many whole words from the start of `text` as have at most `room` tokens, and these tokens;
/// none where the first word is too long already.
pub(super) fn fitting<T>(
    text: &str,
    room: usize,
    tokenize: impl Fn(&str) -> Vec<T>,
) -> Option<(&str, Vec<T>)> {
    let tokens = tokenize(text);
    if tokens.len() <= room {
        return Some((text, tokens));
    }
    let ends = word_ends(text);
    let fitting = ends.partition_point(|end| tokenize(&text[..*end]).len() <= room);
    let text = &text[..*ends[..fitting].last()?];
    Some((text, tokenize(text)))
}

/// Where words end, in bytes.
fn word_ends(text: &str) -> Vec<usize> {
    text.split_whitespace()
        .map(|word| word.as_ptr().addr() - text.as_ptr().addr() + word.len())
        .collect()
}

/// The words of `tokens` tokens, of which `spelled(n)` gives the text of the first `n`. A token belongs to
/// the word in which its first letter lies; one of spaces alone to none.
pub(super) fn of_tokens(tokens: usize, spelled: impl Fn(usize) -> Vec<u8>) -> Vec<ReadWord> {
    let text = spelled(tokens);
    let is_space = |byte: &u8| byte.is_ascii_whitespace();
    let (mut words, mut end) = (Vec::<ReadWord>::new(), 0);
    let mut start_of_last = None;
    for token in 0..tokens {
        let start = end;
        // The last letter of a token may be completed by the next one.
        end = spelled(token + 1).len().clamp(start, text.len());
        let Some(letter) = text[start..end].iter().position(|byte| !is_space(byte)) else {
            continue;
        };
        let letter = start + letter;
        let before = text[..letter].iter().rposition(is_space);
        let start_of_word = before.map_or(0, |space| space + 1);
        match words.last_mut() {
            Some(word) if start_of_last == Some(start_of_word) => word.tokens.end = token + 1,
            _ => {
                let rest = &text[start_of_word..];
                let length = rest.iter().position(is_space).unwrap_or(rest.len());
                words.push(ReadWord {
                    text: String::from_utf8_lossy(&rest[..length]).into_owned(),
                    tokens: token..token + 1,
                });
                start_of_last = Some(start_of_word);
            }
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Words and their tokens, of texts of which these are the tokens.
    fn words_of(tokens: &[&[u8]]) -> Vec<(String, Range<usize>)> {
        let words = of_tokens(tokens.len(), |count| tokens[..count].concat());
        words
            .into_iter()
            .map(|word| (word.text, word.tokens))
            .collect()
    }

    #[test]
    fn tokens_are_joined_into_words() {
        let tokens: [&[u8]; 6] = [b" the", b" dread", b"ful", b" ", b"film", b"\n"];
        let expected = [("the", 0..1), ("dreadful", 1..3), ("film", 4..5)];
        assert_eq!(
            words_of(&tokens),
            expected.map(|(word, tokens)| (word.to_owned(), tokens))
        );
        assert_eq!(words_of(&[]), []);
    }

    #[test]
    fn letters_may_be_divided_among_tokens() {
        // "né" and "à", of which the accented letters have two bytes each.
        let tokens: [&[u8]; 5] = [b"n", b"\xc3", b"\xa9", b" \xc3", b"\xa0"];
        let expected = [("né", 0..3), ("à", 3..5)];
        assert_eq!(
            words_of(&tokens),
            expected.map(|(word, tokens)| (word.to_owned(), tokens))
        );
    }

    /// A token for each pair of letters of a word.
    fn pairs(text: &str) -> Vec<String> {
        let words = text.split_whitespace();
        let pairs = |word: &str| -> Vec<String> {
            let letters: Vec<char> = word.chars().collect();
            letters
                .chunks(2)
                .map(|pair| pair.iter().collect())
                .collect()
        };
        words.flat_map(pairs).collect()
    }

    #[test]
    fn a_text_that_fits_is_left_alone() {
        let (text, tokens) = fitting(" gut, sehr gut ", 7, pairs).unwrap();
        assert_eq!((text, tokens.len()), (" gut, sehr gut ", 6));
    }

    #[test]
    fn a_long_text_is_cut_at_the_end_of_a_word() {
        for (room, expected) in [
            (8, Some("schön  war es.\nJa")),
            (7, Some("schön  war es.")),
            (5, Some("schön  war")),
            (3, Some("schön")),
            (2, None),
            (0, None),
        ] {
            let found = fitting("schön  war es.\nJa", room, pairs);
            assert_eq!(found.map(|(text, _)| text), expected, "room for {room}");
        }
    }
}
