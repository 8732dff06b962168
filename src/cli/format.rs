//! `--format`: how `eval` and `study` write their table.

use clap::ValueEnum;
use undertone_terminal::{TableFormat, messages};

use super::error::CliError;
use super::say;

/// How a table is written.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub enum Format {
    /// Columns for the terminal
    #[default]
    Text,
    /// Markdown
    Md,
    /// LaTeX, for the package booktabs
    Latex,
    /// Comma-separated values
    Csv,
}

impl Format {
    /// Says what belongs to the table: below it for people, else beside what is piped on.
    pub(super) fn note(self, notes: &str) -> Result<(), CliError> {
        match self {
            Self::Text => say(notes)?,
            _ => eprint!("{}", messages(notes)),
        }
        Ok(())
    }
}

impl From<Format> for TableFormat {
    fn from(format: Format) -> Self {
        match format {
            Format::Text => Self::Text,
            Format::Md => Self::Markdown,
            Format::Latex => Self::Latex,
            Format::Csv => Self::Csv,
        }
    }
}
