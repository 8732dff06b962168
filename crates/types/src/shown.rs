//! Text of others (file names, messages of decoders) as it may be shown to people.

use std::borrow::Cow;
use std::fmt::Write;
use std::path::Path;

/// Marks that change the direction of the text around them: with them a name can pretend to be
/// another.
const DIRECTION_MARKS: &[char] = &[
    '\u{61c}', '\u{200e}', '\u{200f}', '\u{202a}', '\u{202b}', '\u{202c}', '\u{202d}', '\u{202e}',
    '\u{2066}', '\u{2067}', '\u{2068}', '\u{2069}',
];

/// The text in one line that says what it seems to say: line breaks, other control characters
/// and direction marks are escaped as Rust writes them (`\n`, `\u{202e}`).
#[must_use]
pub fn shown(text: &str) -> Cow<'_, str> {
    if !text.chars().any(must_be_escaped) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 8);
    for letter in text.chars() {
        if must_be_escaped(letter) {
            // Writing to a string cannot fail.
            let _ = write!(escaped, "{}", letter.escape_default());
        } else {
            escaped.push(letter);
        }
    }
    Cow::Owned(escaped)
}

/// A path as [`shown`] shows its name; what is not Unicode is replaced.
#[must_use]
pub fn shown_path(path: &Path) -> String {
    shown(&path.to_string_lossy()).into_owned()
}

/// A message of several lines, each of them as [`shown`] shows it: names in it should have gone
/// through [`shown`] before, since their line breaks cannot be told apart any more.
#[must_use]
pub fn shown_lines(text: &str) -> String {
    let lines: Vec<_> = text.split('\n').map(shown).collect();
    lines.join("\n")
}

/// U+2028 and U+2029 are line breaks to some terminals and editors.
fn must_be_escaped(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{2028}' | '\u{2029}')
        || DIRECTION_MARKS.contains(&letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_names_stay_as_they_are() {
        for name in ["jour/été 1.mp4", "שלום.mp4", "会議 (2).mkv", "a\\b 'c'.wav"] {
            assert!(matches!(shown(name), Cow::Borrowed(same) if same == name));
        }
    }

    #[test]
    fn what_breaks_or_turns_the_line_is_escaped() {
        let name = "a\nb\r\u{1b}[2J\u{85}\u{202e}4pm.exe\u{2066}\u{2028}\u{200f}";
        let expected = "a\\nb\\r\\u{1b}[2J\\u{85}\\u{202e}4pm.exe\\u{2066}\\u{2028}\\u{200f}";
        assert_eq!(shown(name), expected);
        assert_eq!(shown_lines("a\nb\u{202e}\n"), "a\nb\\u{202e}\n");
        assert_eq!(shown_path(Path::new("in/x\ty.mp4")), "in/x\\ty.mp4");
    }
}
