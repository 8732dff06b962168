//! Texts that are too long.

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

#[cfg(test)]
mod tests {
    use super::*;

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
