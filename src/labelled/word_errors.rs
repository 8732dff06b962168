//! Word errors of transcripts.

/// Word error rate: the least number of substituted, deleted and inserted words, divided by the
/// number of words said. Where nothing was said it is the number of inserted words. Case and
/// punctuation do not count: recognisers write them, tables of words often do not.
#[must_use]
pub fn word_error_rate(said: &str, heard: &str) -> f64 {
    let (said, heard) = (words(said), words(heard));
    strsim::generic_levenshtein(&said, &heard) as f64 / said.len().max(1) as f64
}

/// The words of a text in lower case, without punctuation other than apostrophes within.
#[must_use]
pub fn words(text: &str) -> Vec<String> {
    let apart = |c: char| !c.is_alphanumeric() && c != '\'' && c != '’';
    text.split(apart)
        .map(|word| word.trim_matches(['\'', '’']))
        .filter(|word| !word.is_empty())
        .map(|word| word.to_lowercase().replace('’', "'"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_counted_in_words() {
        let said = "the film was fine";
        assert_eq!(word_error_rate(said, said), 0.0);
        assert_eq!(word_error_rate(said, "a film was"), 0.5);
        assert_eq!(word_error_rate("", "two words"), 2.0);
    }

    #[test]
    fn case_and_punctuation_are_no_errors() {
        let (said, heard) = ("it wasn't the phone", " It wasn’t - the 'phone'!");
        assert_eq!(word_error_rate(said, heard), 0.0);
        assert_eq!(word_error_rate("well-made", "well made"), 0.0);
    }
}
