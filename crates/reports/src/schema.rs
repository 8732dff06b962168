//! The JSON Schema of every line, for other programs that read reports.

use schemars::generate::SchemaSettings;

use super::SCHEMA_VERSION;
use super::lines::Line;

/// The JSON Schema (2020-12) of one line of a report, or of a failure record.
/// `schema.json`, beside this file, holds a copy.
#[must_use]
pub fn report_schema() -> serde_json::Value {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let mut schema = settings.into_generator().into_root_schema_for::<Line>();
    let title = format!("A line of an Undertone report (schema {SCHEMA_VERSION})");
    schema.insert("title".to_owned(), title.into());
    schema.to_value()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `UNDERTONE_BLESS=1 cargo test -p undertone-reports schema` updates the copy.
    #[test]
    fn the_copy_is_current() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/schema.json");
        let current = serde_json::to_string_pretty(&report_schema()).unwrap() + "\n";
        if std::env::var_os("UNDERTONE_BLESS").is_some() {
            std::fs::write(path, &current).unwrap();
        }
        let kept = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            kept == current,
            "schema.json is stale; see the comment on this test"
        );
    }

    #[test]
    fn every_line_has_a_kind() {
        let schema = report_schema();
        let kinds: Vec<&str> = schema["oneOf"]
            .as_array()
            .unwrap()
            .iter()
            .map(|line| line["properties"]["kind"]["const"].as_str().unwrap())
            .collect();
        assert_eq!(
            kinds,
            ["recording", "utterance", "summary", "duplicate", "failure"]
        );
    }
}
