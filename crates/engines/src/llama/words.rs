//! Texts that are too long, and texts that go round in circles.

/// A run of tokens that occurs so often in a row is a loop. Speakers repeat themselves less often.
const TIMES: usize = 5;
/// Longest run of tokens that is looked for.
const LONGEST: usize = 16;

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

/// Where `tokens` end in a loop: how many tokens there are when the run that is repeated is said once.
pub(super) fn repeated<T: PartialEq>(tokens: &[T]) -> Option<usize> {
    (1..=LONGEST).find_map(|length| {
        let start = tokens.len().checked_sub(length * TIMES)?;
        let mut runs = tokens[start..].chunks(length);
        let first = runs.next()?;
        runs.all(|run| run == first).then_some(start + length)
    })
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

    #[test]
    fn a_loop_is_said_once() {
        let tokens = |text: &'static str| text.split(' ').collect::<Vec<_>>();
        assert_eq!(repeated(&tokens("a b b b b")), None);
        assert_eq!(repeated(&tokens("a b b b b b")), Some(2));
        assert_eq!(
            repeated(&tokens("a of all of all of all of all of all")),
            Some(3)
        );
        assert_eq!(
            repeated(&tokens("of all of all of all of all of the")),
            None
        );
        assert_eq!(repeated::<u8>(&[]), None);
    }
}
