//! The epochs of a run as a table, which programs that track experiments take.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

use super::{EpochReport, TrainError};
use crate::files::FileError;
use crate::publish::write_table;

/// What rows are named by, not measured.
const STEP: &str = "epoch";
/// The same in all rows: a setting.
const SETTING: &str = "epochs";

/// Writes a row for each epoch: its number, and every number of its report under its path
/// (`validation/complete/mae`). What an epoch does not have is left empty.
///
/// # Errors
/// When it cannot be written.
pub(super) fn write(reports: &[EpochReport], path: &Path) -> Result<(), TrainError> {
    let rows: Vec<BTreeMap<String, String>> = reports
        .iter()
        .map(|report| Ok(numbers(&serde_json::to_value(report)?)))
        .collect::<Result<_, serde_json::Error>>()
        .map_err(|error| FileError::write(path)(error.into()))?;
    let names: BTreeSet<&String> = rows.iter().flat_map(BTreeMap::keys).collect();
    let names: Vec<_> = names
        .into_iter()
        .filter(|name| ![STEP, SETTING].contains(&name.as_str()))
        .collect();
    let heading = std::iter::once(STEP.to_owned()).chain(names.iter().map(|name| (*name).clone()));
    let mut table = vec![heading.collect()];
    for row in &rows {
        let cell = |name: &str| row.get(name).cloned().unwrap_or_default();
        let cells = std::iter::once(cell(STEP)).chain(names.iter().map(|name| cell(name)));
        table.push(cells.collect());
    }
    Ok(write_table(path, &table)?)
}

/// Every number in a value, by its path; a truth counts as 1.
fn numbers(value: &Value) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut open = vec![(String::new(), value)];
    while let Some((path, value)) = open.pop() {
        match value {
            Value::Object(fields) => open.extend(fields.iter().map(|(name, value)| {
                let separator = if path.is_empty() { "" } else { "/" };
                (format!("{path}{separator}{name}"), value)
            })),
            Value::Number(number) => drop(found.insert(path, number.to_string())),
            Value::Bool(is) => drop(found.insert(path, u8::from(*is).to_string())),
            Value::Null | Value::String(_) | Value::Array(_) => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_number_has_its_path() {
        let value =
            json!({"epoch": 3, "best": true, "loss": {"total": 0.5, "none": null}, "name": "x"});
        let got = numbers(&value);
        let expected = [("best", "1"), ("epoch", "3"), ("loss/total", "0.5")];
        let expected = expected.map(|(name, text)| (name.to_owned(), text.to_owned()));
        assert_eq!(got, BTreeMap::from(expected));
    }
}
