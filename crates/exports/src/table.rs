//! The table of all utterances of many reports: a row for each.

use std::io::Write;

use undertone_reports::Report;

use crate::columns::Row;
use crate::delimited::Delimited;
use crate::parquet::Columns;
use crate::{ExportError, TableFormat};

/// A table that is being written.
pub struct Table<W: Write + Send>(Kind<W>);

enum Kind<W: Write + Send> {
    Text(Box<Delimited<W>>),
    Parquet(Box<Columns<W>>),
}

impl<W: Write + Send> Table<W> {
    /// Begins a table.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn begin(format: TableFormat, out: W) -> Result<Self, ExportError> {
        Ok(Self(match format {
            TableFormat::Parquet => Kind::Parquet(Box::new(Columns::begin(out)?)),
            TableFormat::Csv => Kind::Text(Box::new(Delimited::csv(out)?)),
            TableFormat::Tsv => Kind::Text(Box::new(Delimited::tsv(out)?)),
        }))
    }

    /// Adds a row for each utterance of a report.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn add(&mut self, report: &Report) -> Result<(), ExportError> {
        for utterance in &report.utterances {
            let row = Row { report, utterance };
            match &mut self.0 {
                Kind::Text(table) => table.add(&row)?,
                Kind::Parquet(table) => table.add(&row)?,
            }
        }
        Ok(())
    }

    /// Writes what is left, and gives back what was written to. A table that is not finished is
    /// not complete.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(self) -> Result<W, ExportError> {
        match self.0 {
            Kind::Text(table) => table.finish(),
            Kind::Parquet(table) => table.finish(),
        }
    }
}
