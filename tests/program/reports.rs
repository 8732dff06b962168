//! Reads reports back, and holds each line to the schema that the program prints.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::undertone::run;

/// A report, line by line.
pub struct Report {
    pub recording: Value,
    pub utterances: Vec<Value>,
    pub summary: Value,
}

/// The schema, as `undertone schema` prints it.
pub fn schema() -> jsonschema::Validator {
    let (code, schema, _) = run(&["schema"]);
    assert_eq!(code, 0);
    jsonschema::validator_for(&serde_json::from_str(&schema).unwrap()).unwrap()
}

/// Where the report of a recording is.
pub fn report_path(out: &Path, recording: &str) -> PathBuf {
    out.join(format!("{recording}.jsonl"))
}

/// Reads a complete report; every line must be valid.
pub fn read(path: &Path, schema: &jsonschema::Validator) -> Report {
    let text = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let mut lines: Vec<Value> = text
        .lines()
        .map(|line| {
            let line = serde_json::from_str(line).unwrap();
            if let Err(error) = schema.validate(&line) {
                panic!("{}: {error}: {line}", path.display());
            }
            line
        })
        .collect();
    let summary = lines.pop().unwrap();
    let recording = lines.remove(0);
    assert_eq!(recording["kind"], "recording");
    assert_eq!(summary["kind"], "summary");
    for (index, line) in lines.iter().enumerate() {
        assert_eq!(line["kind"], "utterance");
        assert_eq!(line["index"], index);
    }
    Report {
        recording,
        utterances: lines,
        summary,
    }
}

/// All files below a folder of reports but those by which runs share it.
pub fn outputs(out: &Path) -> Vec<String> {
    let own = [".undertone/claims", ".undertone/lock"];
    let mut names = files(out);
    names.retain(|name| !own.contains(&name.as_str()));
    names
}

/// All files below a folder, also hidden ones.
pub fn files(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = walkdir::WalkDir::new(folder)
        .into_iter()
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_file())
        .map(|entry| {
            entry
                .path()
                .strip_prefix(folder)
                .unwrap()
                .display()
                .to_string()
        })
        .collect();
    names.sort();
    names
}
