//! Exports: reports in the formats that other programs load.
//!
//! A file for each format; [`write_report`] writes one report, [`Table`] all utterances of many,
//! [`export`] the files of a folder. All of them say the same of an utterance's words
//! ([`Words`]): what was heard is told apart from what was not. What must not live here: what a
//! report says (see `reports`), and pages for people to read.

mod audacity;
mod columns;
mod delimited;
mod elan;
mod files;
mod format;
mod parquet;
mod subrip;
mod table;
mod textgrid;
mod times;
mod webvtt;
mod whisperx;
mod words;

#[cfg(test)]
mod fixtures;

pub use columns::{COLUMNS, Column, Kind};
pub use files::{Exported, FileError, Plan, Problem, export};
pub use format::{Format, TableFormat};
pub use table::Table;
pub use words::Words;

use std::io::{self, Write};

use undertone_reports::Report;

/// Why a report cannot be written in a format.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// It cannot be written.
    #[error("cannot write")]
    Io(#[from] io::Error),
    /// Utterances overlap, which tiers of annotations cannot hold.
    #[error(
        "utterance {0} begins before the one before it ends, which {1} cannot hold; a table or subtitles \
         can"
    )]
    Overlap(u32, Format),
    /// Neither the recording's length nor an utterance says how long the tiers are.
    #[error("the recording has no length, which textgrid cannot hold")]
    NoLength,
    /// A table of values cannot be written.
    #[error("cannot write a row")]
    Csv(#[from] csv::Error),
    /// A table of columns cannot be written.
    #[error("cannot write the columns")]
    Parquet(#[from] ::parquet::errors::ParquetError),
    /// It cannot be expressed in JSON.
    #[error("cannot be written as JSON")]
    Json(#[from] serde_json::Error),
}

/// Writes one report in a format; a table then has a row for each utterance of it.
///
/// # Errors
/// When it cannot be written, or the format cannot hold it.
pub fn write_report(
    format: Format,
    report: &Report,
    out: &mut (dyn Write + Send),
) -> Result<(), ExportError> {
    match format {
        Format::Srt => subrip::write(report, out),
        Format::Vtt => webvtt::write(report, out),
        Format::Eaf => elan::write(report, out),
        Format::Audacity => audacity::write(report, out),
        Format::Textgrid => textgrid::write(report, out),
        Format::Json => whisperx::write(report, out),
        Format::Csv => write_table(TableFormat::Csv, report, out),
        Format::Tsv => write_table(TableFormat::Tsv, report, out),
        Format::Parquet => write_table(TableFormat::Parquet, report, out),
    }
}

fn write_table(
    format: TableFormat,
    report: &Report,
    out: &mut (dyn Write + Send),
) -> Result<(), ExportError> {
    let mut table = Table::begin(format, out)?;
    table.add(report)?;
    table.finish().map(drop)
}

/// That no utterance begins before the one before it ends.
fn without_overlaps(report: &Report, format: Format) -> Result<(), ExportError> {
    let pairs = report.utterances.windows(2);
    match pairs
        .map(|pair| (&pair[0], &pair[1]))
        .find(|(first, second)| second.start_s < first.end_s)
    {
        Some((_, second)) => Err(ExportError::Overlap(second.index, format)),
        None => Ok(()),
    }
}
