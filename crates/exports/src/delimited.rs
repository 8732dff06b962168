//! Tables as text: values separated by commas (RFC 4180) or tabs.
//!
//! Spreadsheets run what begins like a formula, and names of files are given by strangers: such
//! texts get an apostrophe in front.

use std::borrow::Cow;
use std::io::Write;

use csv::{Terminator, Writer, WriterBuilder};

use crate::ExportError;
use crate::columns::{COLUMNS, Row, Value};

/// Excel takes a file without it for one of the country's old encoding.
const BYTE_ORDER_MARK: &str = "\u{feff}";
/// What begins a formula, the wide forms of East Asian keyboards included.
const FORMULA: &[char] = &['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

pub(crate) struct Delimited<W: Write>(Writer<W>);

impl<W: Write> Delimited<W> {
    /// Commas, for spreadsheets.
    pub(crate) fn csv(mut out: W) -> Result<Self, ExportError> {
        out.write_all(BYTE_ORDER_MARK.as_bytes())?;
        let mut builder = WriterBuilder::new();
        Self::begin(builder.terminator(Terminator::CRLF), out)
    }

    /// Tabs, for programs.
    pub(crate) fn tsv(out: W) -> Result<Self, ExportError> {
        Self::begin(WriterBuilder::new().delimiter(b'\t'), out)
    }

    fn begin(builder: &mut WriterBuilder, out: W) -> Result<Self, ExportError> {
        let mut writer = builder.from_writer(out);
        writer.write_record(COLUMNS.iter().map(|column| column.name))?;
        Ok(Self(writer))
    }

    pub(crate) fn add(&mut self, row: &Row<'_>) -> Result<(), ExportError> {
        for column in COLUMNS {
            let field = match (column.value)(row) {
                Value::Missing => Cow::Borrowed(""),
                Value::Text(text) => without_formula(text),
                Value::Integer(number) => number.to_string().into(),
                Value::Number(number) => number.to_string().into(),
                Value::Flag(flag) => flag.to_string().into(),
            };
            self.0.write_field(&*field)?;
        }
        Ok(self.0.write_record(None::<&[u8]>)?)
    }

    pub(crate) fn finish(self) -> Result<W, ExportError> {
        self.0
            .into_inner()
            .map_err(|error| error.into_error().into())
    }
}

fn without_formula(text: Cow<'_, str>) -> Cow<'_, str> {
    match text.starts_with(FORMULA) {
        true => format!("'{text}").into(),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Table;
    use crate::TableFormat;
    use crate::fixtures::{heard, report, silent, text};

    fn written(format: TableFormat, transcripts: &[&str]) -> String {
        let utterances = (0..).zip(transcripts);
        let utterances = utterances
            .map(|(index, it)| heard(index * 1800, it))
            .collect();
        text(|out| {
            let mut table = Table::begin(format, out)?;
            table.add(&report(utterances))?;
            table.finish().map(drop)
        })
    }

    fn read(text: &str, delimiter: u8) -> Vec<csv::StringRecord> {
        let mut reader = csv::ReaderBuilder::new();
        let reader = reader.delimiter(delimiter).from_reader(text.as_bytes());
        reader.into_records().map(Result::unwrap).collect()
    }

    fn of(record: &csv::StringRecord, name: &str) -> String {
        let column = COLUMNS
            .iter()
            .position(|column| column.name == name)
            .unwrap();
        record[column].to_owned()
    }

    #[test]
    fn any_text_is_read_back() {
        let said = ["a, \"b\"\nc", "tab\there", "naïve 会議 🙂", ""];
        let csv = written(TableFormat::Csv, &said);
        assert!(csv.starts_with("\u{feff}path,utterance,"), "{csv}");
        assert!(csv.contains("\"a, \"\"b\"\"\nc\""), "{csv}");
        assert!(csv.ends_with("\r\n"), "{csv}");
        let tsv = written(TableFormat::Tsv, &said);
        assert!(tsv.starts_with("path\tutterance\t"), "{tsv}");
        for (text, delimiter) in [(csv, b','), (tsv, b'\t')] {
            let records = read(text.trim_start_matches('\u{feff}'), delimiter);
            let read: Vec<_> = records
                .iter()
                .map(|record| of(record, "transcript"))
                .collect();
            assert_eq!(read, said);
            assert_eq!(of(&records[2], "start_s"), "7200");
            assert_eq!(of(&records[0], "score"), "-2.2636");
            assert_eq!(of(&records[0], "truncated"), "false");
            assert_eq!(of(&records[0], "language"), "");
        }
    }

    #[test]
    fn nothing_that_was_said_is_a_formula() {
        for said in ["=1+1", "@SUM(A1)", "- no", "＝1", "\t=1"] {
            let records = read(&written(TableFormat::Tsv, &[said]), b'\t');
            assert_eq!(of(&records[0], "transcript"), format!("'{said}"));
        }
    }

    #[test]
    fn without_utterances_the_names_of_the_columns_stand_alone() {
        assert_eq!(written(TableFormat::Csv, &[]).lines().count(), 1);
        let empty = report(vec![]);
        let one = report(vec![silent(0)]);
        let written = text(|out| {
            let mut table = Table::begin(TableFormat::Tsv, out)?;
            table.add(&empty)?;
            table.add(&one)?;
            table.finish().map(drop)
        });
        assert_eq!(written.lines().count(), 2);
    }
}
