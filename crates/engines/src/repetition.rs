//! Texts that go round in circles, as generating models write them when they do not know what to say.

/// Tokens that a repetition fills before it counts as a loop: people say a word a few times.
const LOOP_TOKENS: usize = 24;
/// And how often it must come in a row.
const LOOP_TIMES: usize = 4;

/// Whether the end of `tokens` is the same few tokens again and again: how many tokens there are
/// when these are kept once.
pub(crate) fn repeated<T: PartialEq>(tokens: &[T]) -> Option<usize> {
    (1..=tokens.len() / LOOP_TIMES).find_map(|period| {
        let start = tokens
            .len()
            .checked_sub((period * LOOP_TIMES).max(LOOP_TOKENS))?;
        let mut runs = tokens[start..].windows(period + 1);
        runs.all(|run| run[0] == run[period])
            .then_some(start + period)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loop_is_kept_once() {
        let text = |start: &str, repeated: &str, times| -> Vec<char> {
            format!("{start}{}", repeated.repeat(times))
                .chars()
                .collect()
        };
        assert_eq!(repeated(&text("so", "a", 23)), None);
        assert_eq!(repeated(&text("so", "a", 24)), Some(3));
        assert_eq!(repeated(&text("so", "of all", 3)), None);
        assert_eq!(repeated(&text("so", "of all", 4)), Some(8));
        assert_eq!(repeated(&text("so", "long enough", 3)), None);
        assert_eq!(repeated(&text("so", "long enough", 4)), Some(13));
        assert_eq!(repeated::<u8>(&[]), None);
    }
}
