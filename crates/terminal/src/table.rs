//! Tables for people, and in the formats that papers and spreadsheets take.

use super::columns;
use super::columns::{have_room, width as room};
use super::sentences::wrapped;
use undertone_types::shown;

/// How a table is written.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum TableFormat {
    /// Columns for the terminal; a sentence for each line where it is too narrow for them.
    #[default]
    Text,
    /// Markdown.
    Markdown,
    /// LaTeX, with the rules of the package booktabs.
    Latex,
    /// Comma-separated values (RFC 4180).
    Csv,
}

/// Lines of as many cells, the heading first.
#[must_use]
pub fn table<L: AsRef<[String]>>(lines: &[L], format: TableFormat) -> String {
    match format {
        TableFormat::Text => match room() {
            limit if have_room(lines, limit) => columns(lines),
            limit => wrapped(&named(lines), limit),
        },
        TableFormat::Markdown => markdown(lines),
        TableFormat::Latex => latex(lines),
        TableFormat::Csv => csv(lines),
    }
}

/// Each line with the heading's names: "complete: n 48, MAE 0.5123".
fn named<L: AsRef<[String]>>(lines: &[L]) -> String {
    let Some((heading, body)) = lines.split_first() else {
        return String::new();
    };
    let line = |line: &L| {
        let (first, cells) = line.as_ref().split_first()?;
        let names = heading.as_ref().iter().skip(1);
        let cells = names
            .zip(cells)
            .map(|(name, cell)| format!("{name} {cell}"));
        let cells = cells.collect::<Vec<_>>().join(", ");
        Some(format!("{}: {}\n", shown(first), shown(&cells)))
    };
    body.iter().filter_map(line).collect()
}

fn markdown<L: AsRef<[String]>>(lines: &[L]) -> String {
    let row = |line: &L| {
        let cells = line.as_ref().iter().map(|cell| cell.replace('|', "\\|"));
        format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "))
    };
    let rule = format!("| {} |\n", vec!["---"; width(lines)].join(" | "));
    let mut rows: Vec<_> = lines.iter().map(row).collect();
    rows.insert(1.min(rows.len()), rule);
    rows.concat()
}

/// Columns.
fn width<L: AsRef<[String]>>(lines: &[L]) -> usize {
    lines.first().map_or(0, |line| line.as_ref().len())
}

fn latex<L: AsRef<[String]>>(lines: &[L]) -> String {
    let row = |line: &L| {
        let cells = line.as_ref().iter().map(|cell| escaped(cell));
        format!("{} \\\\\n", cells.collect::<Vec<_>>().join(" & "))
    };
    let (heading, body) = lines.split_at(1.min(lines.len()));
    let heading: String = heading.iter().map(row).collect();
    let body: String = body.iter().map(row).collect();
    // The first column names what the others measure.
    let sides = format!("l{}", "r".repeat(width(lines).saturating_sub(1)));
    format!(
        "\\begin{{tabular}}{{{sides}}}\n\\toprule\n{heading}\\midrule\n{body}\\bottomrule\n\\end{{tabular}}\n"
    )
}

fn escaped(cell: &str) -> String {
    let of = |letter: char| match letter {
        '&' | '%' | '$' | '#' | '_' | '{' | '}' => format!("\\{letter}"),
        '\\' => "\\textbackslash{}".to_owned(),
        '~' => "\\textasciitilde{}".to_owned(),
        '^' => "\\textasciicircum{}".to_owned(),
        '±' => "$\\pm$".to_owned(),
        '−' => "$-$".to_owned(),
        letter => letter.to_string(),
    };
    cell.chars().map(of).collect()
}

fn csv<L: AsRef<[String]>>(lines: &[L]) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for line in lines {
        // Lines of one length do not fail in memory.
        let _written = writer.write_record(line.as_ref());
    }
    let bytes = writer.into_inner().unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines() -> [[String; 3]; 2] {
        [["model", "MAE", "95 %"], ["a_b|c", "0.5 ± 0.1", "0.4, 0.6"]]
            .map(|line| line.map(str::to_owned))
    }

    #[test]
    fn cells_are_what_they_were_in_every_format() {
        let written = |format| table(&lines(), format);
        assert_eq!(
            written(TableFormat::Markdown),
            "| model | MAE | 95 % |\n| --- | --- | --- |\n| a_b\\|c | 0.5 ± 0.1 | 0.4, 0.6 |\n"
        );
        assert_eq!(
            written(TableFormat::Csv),
            "model,MAE,95 %\na_b|c,0.5 ± 0.1,\"0.4, 0.6\"\n"
        );
        assert_eq!(
            written(TableFormat::Latex),
            "\\begin{tabular}{lrr}\n\\toprule\nmodel & MAE & 95 \\% \\\\\n\\midrule\n\
             a\\_b|c & 0.5 $\\pm$ 0.1 & 0.4, 0.6 \\\\\n\\bottomrule\n\\end{tabular}\n"
        );
    }

    #[test]
    fn a_narrow_terminal_gets_names_and_values() {
        assert!(have_room(&lines(), None) && !have_room(&lines(), Some(20)));
        assert_eq!(named(&lines()), "a_b|c: MAE 0.5 ± 0.1, 95 % 0.4, 0.6\n");
        assert_eq!(named(&lines()[..1]), "");
    }

    #[test]
    fn a_table_without_lines_is_a_heading() {
        let heading = &lines()[..1];
        assert!(table(heading, TableFormat::Markdown).ends_with("| --- | --- | --- |\n"));
        assert!(table(heading, TableFormat::Latex).contains("\\midrule\n\\bottomrule"));
    }
}
