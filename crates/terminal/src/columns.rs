//! Cells in columns, within the width of the terminal.

use std::borrow::Cow;
use std::io;
use std::os::fd::AsFd;

use rustix::termios::tcgetwinsize;
use undertone_types::shown;

/// Between two columns.
const GAP: usize = 2;
/// Where a cell goes that has no room in its column.
pub(super) const INDENT: usize = 4;
/// A cell is broken into several lines where it is when these have room for so many characters.
const ENOUGH: usize = 20;
/// A narrower terminal is treated as one of this width.
const NARROWEST: usize = 40;

/// Lines of as many cells in columns; what a cell holds stays in its line. On a terminal too narrow for
/// them cells are continued below: nothing is left out.
#[must_use]
pub fn columns<L: AsRef<[String]>>(lines: &[L]) -> String {
    within(lines, width())
}

/// The width of the terminal; none for other programs, unless they name one.
pub(super) fn width() -> Option<usize> {
    width_of(io::stdout())
}

pub(super) fn width_of(stream: impl AsFd) -> Option<usize> {
    let named = std::env::var("COLUMNS").ok();
    let named = named.and_then(|columns| columns.trim().parse().ok());
    let real = || tcgetwinsize(stream).ok().map(|size| size.ws_col.into());
    let width = named.or_else(real).filter(|width| *width > 0);
    width.map(|width: usize| width.max(NARROWEST))
}

/// True when no cell has to be continued below.
pub(super) fn have_room<L: AsRef<[String]>>(lines: &[L], limit: Option<usize>) -> bool {
    let row = |row: &str| length(row) <= limit.unwrap_or(usize::MAX);
    within(lines, None).lines().all(row)
}

fn within<L: AsRef<[String]>>(lines: &[L], limit: Option<usize>) -> String {
    let lines = lines.iter().map(|line| {
        let cells = line.as_ref().iter().map(|cell| shown(cell));
        cells.collect::<Vec<_>>()
    });
    let lines: Vec<Vec<Cow<'_, str>>> = lines.collect();
    let mut widths = vec![0; lines.first().map_or(0, Vec::len)];
    for line in &lines {
        for (width, cell) in widths.iter_mut().zip(line) {
            *width = length(cell).max(*width);
        }
    }
    let whole = widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1);
    let limit = limit.filter(|limit| whole > *limit);
    if let Some(limit) = limit {
        // A long name must not push all other columns out.
        for width in &mut widths {
            *width = (*width).min(limit / 3);
        }
    }
    let mut text = String::new();
    for line in &lines {
        for row in rows(line, &widths, limit.unwrap_or(usize::MAX)) {
            text.push_str(row.trim_end());
            text.push('\n');
        }
    }
    text
}

/// One line of cells as the rows that it takes.
fn rows(cells: &[Cow<'_, str>], widths: &[usize], limit: usize) -> Vec<String> {
    let (mut done, mut row) = (Vec::new(), String::new());
    let mut column = 0;
    for (cell, width) in cells.iter().zip(widths) {
        let mut start = column;
        let room = limit.saturating_sub(start);
        if length(cell) > room && room < ENOUGH {
            start = INDENT;
        }
        // The cell before was longer than its column.
        if !row.is_empty() && length(&row) + GAP > start {
            done.push(std::mem::take(&mut row));
        }
        for (number, part) in broken(cell, limit - start).into_iter().enumerate() {
            if number > 0 {
                done.push(std::mem::take(&mut row));
            }
            row.extend(std::iter::repeat_n(' ', start - length(&row)));
            row.push_str(part);
        }
        column += width + GAP;
    }
    done.push(row);
    done
}

/// A text in parts of at most so many characters, broken at spaces where there are any.
pub(super) fn broken(text: &str, room: usize) -> Vec<&str> {
    let (mut parts, mut rest) = (Vec::new(), text);
    while let Some((end, _)) = rest.char_indices().nth(room) {
        let fits = &rest[..end];
        let at_space = rest[end..].starts_with(' ');
        let end = match fits.rfind(' ') {
            Some(space) if !at_space && space > 0 => space,
            _ => end,
        };
        parts.push(rest[..end].trim_end());
        rest = rest[end..].trim_start();
    }
    parts.push(rest);
    parts
}

pub(super) fn length(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines() -> Vec<[String; 3]> {
        let lines = [
            ["clip", "mean", "label"],
            ["short.mp4", "+1.25", "positive"],
            [
                "a/quite/long/name/of/a/recording/of/a/camera.mp4",
                "-",
                "failed: no decoder for this",
            ],
            [
                "b.mp4",
                "-",
                "failed: the recording ends before its container says that it does",
            ],
        ];
        lines.map(|line| line.map(str::to_owned)).into()
    }

    #[test]
    fn without_a_limit_every_line_is_a_row() {
        let text = within(&lines(), None);
        assert_eq!(text.lines().count(), 4);
        assert_eq!(within(&lines(), Some(200)), text);
    }

    #[test]
    fn a_narrow_terminal_gets_all_of_it_in_more_rows() {
        for limit in [40, 60, 80] {
            let text = within(&lines(), Some(limit));
            assert!(
                text.lines().all(|row| length(row) <= limit),
                "{limit}:\n{text}"
            );
            let letters = |text: &str| text.split_whitespace().collect::<String>();
            let all: String = lines().concat().iter().map(|cell| letters(cell)).collect();
            assert_eq!(letters(&text), all, "{limit}");
        }
        let text = within(&lines(), Some(60));
        let rows: Vec<_> = text.lines().collect();
        assert_eq!(rows[1], "short.mp4             +1.25  positive");
        assert_eq!(rows[2], "a/quite/long/name/of/a/recording/of/a/camera.mp4");
        assert_eq!(
            rows[3],
            "                      -      failed: no decoder for this"
        );
        assert_eq!(
            rows[5],
            "                             before its container says that"
        );
    }

    #[test]
    fn names_stay_in_their_line() {
        let text = within(&[["a\nb".to_owned(), "c\u{202e}".to_owned()]], None);
        assert_eq!(text, "a\\nb  c\\u{202e}\n");
    }
}
