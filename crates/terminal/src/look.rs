//! What a terminal can show, and how it is used: width, colours, labelled lines.

use std::borrow::Cow;

use anstream::{AutoStream, ColorChoice};
use undertone_reports::Polarity;

use super::columns::{broken, length, width};

/// Characters of a bar to either side of nothing: two for each unit of a score.
const HALF: usize = 6;
/// Text has at least this much room, however narrow the terminal.
const LEAST: usize = 20;

/// Width and colours of where text is shown.
#[derive(Clone, Copy, Debug, Default)]
pub struct Look {
    /// Characters in a line; `None` for other programs, which get lines as long as they are.
    pub width: Option<usize>,
    /// Whether colours are shown.
    pub colours: bool,
}

/// How a part of a text is to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Paint {
    Strong,
    Faint,
    Score(Polarity),
}

impl Look {
    /// That of standard output, as the terminal and `COLUMNS`, `NO_COLOR`, `CLICOLOR` say.
    #[must_use]
    pub fn of_output() -> Self {
        Self {
            width: width(),
            colours: AutoStream::choice(&std::io::stdout()) != ColorChoice::Never,
        }
    }

    pub(super) fn paint<'t>(self, text: &'t str, paint: Paint) -> Cow<'t, str> {
        if !self.colours {
            return text.into();
        }
        // The colours that exported subtitles have: they can be told apart with any colour vision.
        let code = match paint {
            Paint::Strong => "1",
            Paint::Faint => "2",
            Paint::Score(Polarity::Positive) => "36",
            Paint::Score(Polarity::Negative) => "33",
            Paint::Score(Polarity::Neutral) => "39",
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m").into()
    }

    /// A text that begins after `indent` characters, and goes on there where the line is full.
    pub(super) fn indented(self, text: &str, indent: usize) -> String {
        let room = self.width.unwrap_or(usize::MAX).saturating_sub(indent);
        let rows = broken(text, room.max(LEAST));
        let margin = " ".repeat(indent);
        let rows: Vec<String> = rows.iter().map(|row| format!("{margin}{row}\n")).collect();
        rows.concat()
    }

    /// A text after its label, which stands `indent` characters from the margin; both in as many rows
    /// as they need.
    pub(super) fn labelled(self, label: &str, text: &str, indent: usize) -> String {
        let column = indent + LABEL;
        let rows = self.indented(text, column);
        let gap = " ".repeat(LABEL.saturating_sub(length(label)));
        let margin = " ".repeat(indent);
        let label = self.paint(label, Paint::Faint);
        format!("{margin}{label}{gap}{}", &rows[column..])
    }
}

/// Room for a label.
const LABEL: usize = 10;

/// A number with its sign and two digits.
pub(super) fn signed(number: f64) -> String {
    // Adding 0 makes -0 a plain 0.
    let rounded = (number * 100.0).round() / 100.0 + 0.0;
    format!("{rounded:+.2}")
}

/// A score as a bar to the left or right of nothing.
pub(super) fn bar(score: f64) -> String {
    let cells = (score.abs() / 3.0 * HALF as f64).round() as usize;
    let cells = cells.min(HALF);
    let (filled, empty) = ("█".repeat(cells), " ".repeat(HALF - cells));
    let nothing = " ".repeat(HALF);
    match score < 0.0 {
        true => format!("{empty}{filled}│{nothing}"),
        false => format!("{nothing}│{filled}{empty}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_as_wide_for_every_score() {
        for (score, expected) in [
            (-3.0, "██████│      "),
            (-0.5, "     █│      "),
            (0.0, "      │      "),
            (1.4, "      │███   "),
            (9.0, "      │██████"),
        ] {
            assert_eq!(bar(score), expected);
        }
    }

    #[test]
    fn a_labelled_text_goes_on_below_itself() {
        let look = Look {
            width: Some(40),
            colours: false,
        };
        let text = "it was not the film that we had hoped for";
        assert_eq!(
            look.labelled("heard", text, 2),
            "  heard     it was not the film that we\n            had hoped for\n"
        );
        let plain = Look::default().labelled("heard", text, 2);
        assert_eq!(plain, format!("  heard     {text}\n"));
    }

    #[test]
    fn colours_are_for_those_who_want_them() {
        let negative = Paint::Score(Polarity::Negative);
        assert_eq!(Look::default().paint("x", negative), "x");
        let coloured = Look {
            colours: true,
            ..Look::default()
        };
        assert_eq!(coloured.paint("x", negative), "\u{1b}[33mx\u{1b}[0m");
    }
}
