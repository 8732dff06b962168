//! Parquet: columns with types, compressed; values as they are in the reports.

use std::io::Write;
use std::sync::Arc;

use parquet::basic::{Compression, GzipLevel, LogicalType, Repetition, Type as Physical};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::types::Type;

use crate::ExportError;
use crate::columns::{COLUMNS, Kind, Row, Value};

/// Rows that are held until they are written as a group.
const GROUP: usize = 50_000;

pub(crate) struct Columns<W: Write + Send> {
    writer: SerializedFileWriter<W>,
    cells: Vec<Cells>,
    rows: usize,
}

/// Values of a column that wait to be written; where one is missing its level is 0.
struct Cells {
    levels: Vec<i16>,
    values: Values,
}

enum Values {
    Text(Vec<ByteArray>),
    Integer(Vec<i64>),
    Number(Vec<f64>),
    Flag(Vec<bool>),
}

impl<W: Write + Send> Columns<W> {
    pub(crate) fn begin(out: W) -> Result<Self, ExportError> {
        let properties = WriterProperties::builder()
            .set_compression(Compression::GZIP(GzipLevel::default()))
            .set_created_by(concat!("undertone ", env!("CARGO_PKG_VERSION")).to_owned())
            .build();
        Ok(Self {
            writer: SerializedFileWriter::new(out, Arc::new(schema()?), Arc::new(properties))?,
            cells: empty(),
            rows: 0,
        })
    }

    pub(crate) fn add(&mut self, row: &Row<'_>) -> Result<(), ExportError> {
        for (cells, column) in self.cells.iter_mut().zip(COLUMNS) {
            cells.push((column.value)(row));
        }
        self.rows += 1;
        if self.rows == GROUP {
            self.write_group()?;
        }
        Ok(())
    }

    pub(crate) fn finish(mut self) -> Result<W, ExportError> {
        if self.rows > 0 {
            self.write_group()?;
        }
        Ok(self.writer.into_inner()?)
    }

    fn write_group(&mut self) -> Result<(), ParquetError> {
        let cells = std::mem::replace(&mut self.cells, empty());
        self.rows = 0;
        let mut group = self.writer.next_row_group()?;
        for cells in &cells {
            if let Some(column) = group.next_column()? {
                cells.write(column)?;
            }
        }
        group.close()?;
        Ok(())
    }
}

fn schema() -> Result<Type, ParquetError> {
    let field = |column: &crate::Column| {
        let (physical, logical) = match column.kind {
            Kind::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
            Kind::Integer => (Physical::INT64, None),
            Kind::Number => (Physical::DOUBLE, None),
            Kind::Flag => (Physical::BOOLEAN, None),
        };
        let field = Type::primitive_type_builder(column.name, physical)
            .with_logical_type(logical)
            .with_repetition(Repetition::OPTIONAL);
        field.build().map(Arc::new)
    };
    let fields: Result<Vec<_>, _> = COLUMNS.iter().map(field).collect();
    Type::group_type_builder("utterances")
        .with_fields(fields?)
        .build()
}

fn empty() -> Vec<Cells> {
    let cells = COLUMNS.iter().map(|column| Cells {
        levels: Vec::new(),
        values: match column.kind {
            Kind::Text => Values::Text(Vec::new()),
            Kind::Integer => Values::Integer(Vec::new()),
            Kind::Number => Values::Number(Vec::new()),
            Kind::Flag => Values::Flag(Vec::new()),
        },
    });
    cells.collect()
}

impl Cells {
    fn push(&mut self, value: Value<'_>) {
        let is_there = match (&mut self.values, value) {
            (Values::Text(values), Value::Text(value)) => {
                values.push(value.as_bytes().to_vec().into());
                true
            }
            (Values::Integer(values), Value::Integer(value)) => {
                values.push(value);
                true
            }
            (Values::Number(values), Value::Number(value)) => {
                values.push(value);
                true
            }
            (Values::Flag(values), Value::Flag(value)) => {
                values.push(value);
                true
            }
            // Of another kind there is none: see the tests of the columns.
            _ => false,
        };
        self.levels.push(is_there.into());
    }

    fn write(&self, column: SerializedColumnWriter<'_>) -> Result<(), ParquetError> {
        match &self.values {
            Values::Text(values) => self.write_as::<ByteArrayType>(values, column),
            Values::Integer(values) => self.write_as::<Int64Type>(values, column),
            Values::Number(values) => self.write_as::<DoubleType>(values, column),
            Values::Flag(values) => self.write_as::<BoolType>(values, column),
        }
    }

    fn write_as<T: DataType>(
        &self,
        values: &[T::T],
        mut column: SerializedColumnWriter<'_>,
    ) -> Result<(), ParquetError> {
        column
            .typed::<T>()
            .write_batch(values, Some(&self.levels), None)?;
        column.close()
    }
}

#[cfg(test)]
mod tests {
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::record::Field;

    use super::*;
    use crate::Table;
    use crate::TableFormat;
    use crate::fixtures::{heard, report};

    /// Rows of a table of these reports, as names and values.
    fn read_back(reports: &[undertone_reports::Report]) -> Vec<Vec<(String, Field)>> {
        let mut bytes = Vec::new();
        let mut table = Table::begin(TableFormat::Parquet, &mut bytes).unwrap();
        reports.iter().for_each(|report| table.add(report).unwrap());
        table.finish().unwrap();
        let reader = SerializedFileReader::new(bytes::Bytes::from(bytes)).unwrap();
        let rows = reader.get_row_iter(None).unwrap();
        rows.map(|row| row.unwrap().into_columns()).collect()
    }

    fn of(row: &[(String, Field)], name: &str) -> Field {
        row.iter()
            .find(|(column, _)| column == name)
            .unwrap()
            .1
            .clone()
    }

    #[test]
    fn values_keep_their_types_and_texts_their_letters() {
        let mut unscored = heard(1800, "=1+1\n\"é\"");
        unscored.sentiment = None;
        let rows = read_back(&[report(vec![heard(0, "a"), unscored]), report(vec![])]);
        assert_eq!(rows.len(), 2);
        assert_eq!(of(&rows[0], "score"), Field::Double(-2.2636));
        assert_eq!(of(&rows[0], "class7"), Field::Long(-2));
        assert_eq!(of(&rows[0], "truncated"), Field::Bool(false));
        assert_eq!(of(&rows[1], "score"), Field::Null);
        assert_eq!(
            of(&rows[1], "transcript"),
            Field::Str("=1+1\n\"é\"".to_owned())
        );
        assert_eq!(of(&rows[1], "end_s"), Field::Double(3601.0));
    }

    #[test]
    fn no_row_is_lost_where_a_group_ends() {
        let utterances = (0..100).map(|index| heard(index, "a")).collect();
        let report = report(utterances);
        let reports = vec![report; GROUP / 100 + 1];
        assert_eq!(read_back(&reports).len(), GROUP + 100);
        assert!(read_back(&[]).is_empty());
    }
}
