//! Sentences, within the width of the terminal.

use std::io;

use super::columns::{INDENT, width, width_of};

/// Sentences on standard output, each continued below where the terminal is too narrow for it.
#[must_use]
pub fn sentences(text: &str) -> String {
    wrapped(text, width())
}

/// The same for standard error.
#[must_use]
pub fn messages(text: &str) -> String {
    wrapped(text, width_of(io::stderr()))
}

/// Words stay whole, so that paths and commands can be copied.
pub(super) fn wrapped(text: &str, limit: Option<usize>) -> String {
    let Some(limit) = limit else {
        return text.to_owned();
    };
    let mut rows = Vec::new();
    for line in text.lines() {
        let (mut rest, mut indent) = (line, 0);
        while let Some(end) = row_end(rest, limit - indent) {
            rows.push(" ".repeat(indent) + rest[..end].trim_end());
            (rest, indent) = (rest[end..].trim_start(), INDENT);
        }
        rows.push(" ".repeat(indent) + rest);
    }
    let end = if text.ends_with('\n') { "\n" } else { "" };
    rows.join("\n") + end
}

/// Where to break a line that has no room: at the last space that fits, else at the first.
fn row_end(line: &str, room: usize) -> Option<usize> {
    let (end, _) = line.char_indices().nth(room)?;
    let begin = line.len() - line.trim_start().len();
    let spaces = line.trim_end().match_indices(' ').map(|(at, _)| at);
    let spaces = spaces.filter(|at| *at > begin);
    let fitting = spaces.clone().take_while(|at| *at <= end).last();
    fitting.or_else(|| spaces.clone().next())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_are_continued_below() {
        let text = "busy: decode 7%, transcribe 81%, represent 40%, observe 2%\nend\n";
        assert_eq!(wrapped(text, None), text);
        assert_eq!(
            wrapped(text, Some(40)),
            "busy: decode 7%, transcribe 81%,\n    represent 40%, observe 2%\nend\n"
        );
    }

    #[test]
    fn what_is_to_be_copied_stays_whole() {
        let path = "/a/folder/with/a/long/name/below/another/one/a.mp4";
        let text = format!("error: cannot read {path}: it is gone");
        let expected = format!("error: cannot read\n    {path}:\n    it is gone");
        assert_eq!(wrapped(&text, Some(40)), expected);
        assert_eq!(wrapped(path, Some(40)), path);
        let indented = "  text.mod: there is no such setting; did you mean text.mode?\n";
        assert_eq!(
            wrapped(indented, Some(40)),
            "  text.mod: there is no such setting;\n    did you mean text.mode?\n"
        );
    }
}
