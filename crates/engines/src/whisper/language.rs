//! Which language is spoken, from one step of the decoder over the window that was encoded last.

use undertone_types::Language;

/// Probability from which on another language than the bundle's is believed.
const SURE: f32 = 0.5;

/// The language of the highest probability, where it is sure to be another than `expected`;
/// otherwise `expected`. `logits` are those of the first step, `tokens` the languages with their
/// tokens.
pub(super) fn heard(
    logits: &[f32],
    tokens: &[(&'static str, i32)],
    expected: &str,
) -> Option<Language> {
    let logit = |token: i32| {
        let index = usize::try_from(token).ok()?;
        logits.get(index).copied().filter(|logit| logit.is_finite())
    };
    let heard: Vec<(&str, f32)> = tokens
        .iter()
        .filter_map(|(code, token)| Some((*code, logit(*token)?)))
        .collect();
    let highest = heard.iter().map(|(_, logit)| *logit).reduce(f32::max)?;
    let sum: f32 = heard.iter().map(|(_, logit)| (logit - highest).exp()).sum();
    let language = |(code, logit): &(&str, f32)| Language {
        code: (*code).to_owned(),
        probability: (logit - highest).exp() / sum,
    };
    let best = heard
        .iter()
        .max_by(|a, b| a.1.total_cmp(&b.1))
        .map(language)?;
    let known = heard.iter().find(|(code, _)| *code == expected);
    match known.map(language) {
        Some(known) if best.probability < SURE => Some(known),
        _ => Some(best),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKENS: [(&str, i32); 3] = [("en", 1), ("es", 2), ("zh", 3)];

    fn code(logits: [f32; 4]) -> String {
        heard(&logits, &TOKENS, "en").unwrap().code
    }

    #[test]
    fn another_language_must_be_sure() {
        assert_eq!(code([9.0, 1.0, 5.0, 0.0]), "es");
        assert_eq!(code([9.0, 1.0, 1.3, 1.2]), "en");
        assert_eq!(code([9.0, 3.0, 1.0, 1.0]), "en");
    }

    #[test]
    fn probabilities_are_among_languages_only() {
        let language = heard(&[50.0, 2.0, 2.0, 2.0], &TOKENS, "en").unwrap();
        assert!((language.probability - 1.0 / 3.0).abs() < 1e-6);
    }

    #[test]
    fn without_language_tokens_nothing_is_known() {
        assert_eq!(heard(&[1.0], &TOKENS, "en"), None);
    }
}
