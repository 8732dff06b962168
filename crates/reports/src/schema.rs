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
    use std::collections::BTreeSet;

    use serde_json::Value;

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

    /// Fields of a line as the manual names them, for example `text.words[].word`. What an
    /// object holds is listed where its type occurs first.
    struct Fields<'s> {
        definitions: &'s Value,
        seen: BTreeSet<&'s str>,
        names: Vec<String>,
    }

    impl<'s> Fields<'s> {
        fn list(&mut self, object: &'s Value, parent: &str) {
            for (name, field) in object["properties"].as_object().into_iter().flatten() {
                let (name, field) = match &field["items"] {
                    Value::Object(_) => (format!("{parent}{name}[]"), &field["items"]),
                    _ => (format!("{parent}{name}"), field),
                };
                self.follow(field, &name);
                self.names.push(name);
            }
        }

        fn follow(&mut self, field: &'s Value, name: &str) {
            let either = field["anyOf"].as_array().into_iter().flatten();
            for kind in either.chain([field]) {
                let reference = kind["$ref"]
                    .as_str()
                    .and_then(|path| path.rsplit('/').next());
                let Some(reference) = reference else { continue };
                if self.seen.insert(reference) {
                    self.list(&self.definitions[reference], &format!("{name}."));
                }
            }
        }
    }

    #[test]
    fn the_manual_explains_every_field() {
        let manual = include_str!("../../../docs/report.md");
        let schema = report_schema();
        let mut fields = Fields {
            definitions: &schema["$defs"],
            seen: BTreeSet::new(),
            names: Vec::new(),
        };
        for line in schema["oneOf"].as_array().unwrap() {
            let kind = line["properties"]["kind"]["const"].as_str().unwrap();
            let heading = format!("\n## `{kind}`\n");
            let (_, section) = manual.split_once(&heading).unwrap();
            let section = section.split("\n## ").next().unwrap();
            fields.list(line, "");
            for name in fields.names.drain(..) {
                // An object may be explained by what it holds.
                let row = [format!("| `{name}` |"), format!("| `{name}.")];
                let is_there = row.iter().any(|row| section.contains(row));
                assert!(is_there, "{kind} has no row for {name} in docs/report.md");
            }
        }
        assert!(fields.seen.len() > 15, "{:?}", fields.seen);
    }
}
