//! Transcripts in a file beside the features.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use super::FormatError;

/// Columns with the name of an utterance, and with its words.
const NAMES: [&str; 3] = ["name", "id", "names"];
const WORDS: [&str; 4] = ["text", "english", "sentence", "chinese"];

#[derive(Deserialize)]
struct Line {
    #[serde(alias = "name")]
    id: String,
    text: String,
}

/// Reads transcripts by name: a CSV table (MERTools' `transcription.csv`: name and english,
/// text, sentence or chinese), or JSON lines with `id` (or `name`) and `text`.
///
/// # Errors
/// When a line is not understood.
pub fn read_transcripts(path: &Path) -> Result<BTreeMap<String, String>, FormatError> {
    let extension = path.extension().unwrap_or_default();
    if extension == "jsonl" || extension == "json" {
        json_lines(path)
    } else {
        table(path)
    }
}

fn json_lines(path: &Path) -> Result<BTreeMap<String, String>, FormatError> {
    let text = std::fs::read_to_string(path).map_err(|source| FormatError::Read {
        path: path.to_owned(),
        source,
    })?;
    let mut transcripts = BTreeMap::new();
    for (index, line) in text.lines().enumerate() {
        let line: Line = serde_json::from_str(line).map_err(|error| FormatError::Content {
            path: path.to_owned(),
            reason: format!("line {}: {error}", index + 1),
        })?;
        transcripts.insert(line.id, line.text);
    }
    Ok(transcripts)
}

fn table(path: &Path) -> Result<BTreeMap<String, String>, FormatError> {
    let failed = |source| FormatError::Table {
        path: path.to_owned(),
        source,
    };
    let mut reader = csv::Reader::from_path(path).map_err(failed)?;
    let headers = reader.headers().map_err(failed)?.clone();
    let column = |names: &[&str]| {
        let mut columns = names.iter();
        columns.find_map(|name| headers.iter().position(|own| own.trim() == *name))
    };
    let (Some(name), Some(words)) = (column(&NAMES), column(&WORDS)) else {
        return Err(FormatError::Content {
            path: path.to_owned(),
            reason: "needs the columns name (or id) and text (or english, sentence, chinese)"
                .to_owned(),
        });
    };
    let mut transcripts = BTreeMap::new();
    for row in reader.records() {
        let row = row.map_err(failed)?;
        let [name, words] = [name, words].map(|at| row.get(at).unwrap_or_default().to_owned());
        transcripts.insert(name, words);
    }
    Ok(transcripts)
}
