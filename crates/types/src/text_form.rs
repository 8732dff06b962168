//! The form in which a language model gets to see text.
//!
//! Recognisers, data sets and people write the same words differently: in capitals, without
//! punctuation, with marks such as "(laughs)". What a network learns from one should hold for all.

use serde::{Deserialize, Serialize};
use unicode_general_category::{GeneralCategory, get_general_category};

/// The form in which a language model gets to see text.
///
/// `as-written` is not written: it is what bundles have whose fingerprints are older than this.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TextForm {
    /// As it is.
    #[default]
    AsWritten,
    /// Lower-case words with a space between them: letters and digits of any script, and
    /// apostrophes inside words. What stands in brackets or parentheses is left out.
    Words,
}

/// A text in the form that a language model gets to see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormedText {
    /// The text; empty where nothing of it is left.
    pub text: String,
    /// For each of its characters, how many characters had been written up to its end; `None`: it
    /// is as written.
    ends: Option<Vec<usize>>,
}

impl TextForm {
    /// Whether this is [`TextForm::AsWritten`].
    #[must_use]
    pub fn is_as_written(&self) -> bool {
        *self == Self::AsWritten
    }

    /// Brings a text into this form. What is in the form already stays as it is.
    #[must_use]
    pub fn of(self, written: &str) -> FormedText {
        match self {
            Self::AsWritten => FormedText {
                text: written.to_owned(),
                ends: None,
            },
            Self::Words => words(written),
        }
    }
}

impl FormedText {
    /// How many characters had been written up to the end of the first `characters` of the text.
    #[must_use]
    pub fn written(&self, characters: usize) -> usize {
        match (&self.ends, characters) {
            (None, _) => characters,
            (Some(_), 0) => 0,
            (Some(ends), characters) => ends
                .get(characters - 1)
                .or(ends.last())
                .copied()
                .unwrap_or_default(),
        }
    }
}

fn words(written: &str) -> FormedText {
    let characters: Vec<char> = written.chars().collect();
    let brackets = Brackets::of(&characters);
    let (mut text, mut ends) = (String::new(), Vec::new());
    let (mut at, mut is_inside) = (0, false);
    while let Some(&character) = characters.get(at) {
        if let Some(end) = brackets.end(&characters, at) {
            at = end;
            is_inside = false;
            continue;
        }
        at += 1;
        let is_followed = characters.get(at).copied().is_some_and(is_of_word);
        let is_apostrophe = matches!(character, '\'' | '’') && is_inside && is_followed;
        if !is_apostrophe && !is_of_word(character) {
            is_inside = false;
            continue;
        }
        if !is_inside && !text.is_empty() {
            text.push(' ');
            ends.push(at - 1);
        }
        is_inside = true;
        let character = if is_apostrophe { '\'' } else { character };
        for lower in character.to_lowercase() {
            text.push(lower);
            ends.push(at);
        }
    }
    FormedText {
        text,
        ends: Some(ends),
    }
}

/// A letter, a digit, or a mark that belongs to one, as vowels do in many scripts.
fn is_of_word(character: char) -> bool {
    use GeneralCategory::{EnclosingMark, NonspacingMark, SpacingMark};
    let is_mark = || {
        matches!(
            get_general_category(character),
            EnclosingMark | NonspacingMark | SpacingMark
        )
    };
    character.is_alphanumeric() || is_mark()
}

/// Where the last brackets of a text close: what opens later is not closed.
struct Brackets([(char, char, Option<usize>); 2]);

impl Brackets {
    fn of(characters: &[char]) -> Self {
        let last = |close| characters.iter().rposition(|&character| character == close);
        Self([('(', ')'), ('[', ']')].map(|(open, close)| (open, close, last(close))))
    }

    /// Where the brackets end that open here.
    fn end(&self, characters: &[char], at: usize) -> Option<usize> {
        let (_, close, last) = self.0.iter().find(|(open, ..)| *open == characters[at])?;
        let last = last.filter(|last| *last > at)?;
        let length = characters[at..=last]
            .iter()
            .position(|character| character == close)?;
        Some(at + length + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn formed(written: &str) -> String {
        TextForm::Words.of(written).text
    }

    #[test]
    fn the_same_words_have_the_same_form() {
        let words = "well i don't know it's a 10 out of 10";
        for written in [
            "Well, I don't know… it's a 10 out of 10!",
            "WELL I DON’T KNOW (UHH) IT’S A 10 OUT OF 10",
            "  [Music] well - i don't know\n\tit's a (laughs) 10 out of 10 ",
            words,
        ] {
            assert_eq!(formed(written), words, "{written}");
        }
    }

    #[test]
    fn apostrophes_stay_inside_words_only() {
        assert_eq!(
            formed("'tis the dogs' o'clock' ' ''x''"),
            "tis the dogs o'clock x"
        );
    }

    #[test]
    fn letters_of_any_script_are_letters() {
        assert_eq!(formed("ÜBER-Straße"), "über straße");
        assert_eq!(formed("फिल्म अच्छी थी।"), "फिल्म अच्छी थी");
        assert_eq!(formed("电影，很好。"), "电影 很好");
    }

    #[test]
    fn brackets_that_are_never_closed_are_punctuation() {
        assert_eq!(formed("so (what [now"), "so what now");
        assert_eq!(formed("un(uhh)fair"), "un fair");
    }

    #[test]
    fn of_marks_alone_nothing_is_left() {
        for written in ["", "(uhh)", "[Music] … ♪", "' - '"] {
            assert_eq!(formed(written), "", "{written}");
        }
    }

    #[test]
    fn what_is_in_the_form_stays() {
        for written in ["İstanbul's ŒUVRE", "Ὀδυσσεύς (x) 3.5"] {
            let once = formed(written);
            assert_eq!(formed(&once), once);
        }
    }

    #[test]
    fn characters_are_counted_as_they_were_written() {
        let formed = TextForm::Words.of("(uhh) Great, film");
        assert_eq!(formed.text, "great film");
        assert_eq!(
            [0, 5, 6, 10, 99].map(|read| formed.written(read)),
            [0, 11, 13, 17, 17]
        );
        assert_eq!(TextForm::AsWritten.of("(uhh) x").written(6), 6);
    }
}
