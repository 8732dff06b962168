//! The two small files of a data set: its description and its index.

use std::collections::HashSet;
use std::path::Path;

use super::{DatasetError, DatasetInfo, Entry, FORMAT};
use crate::files::{FileError, parse_line, read_json, read_text};

/// The description of a data set.
pub(super) const INFO: &str = "dataset.json";
/// One line per utterance.
pub(super) const INDEX: &str = "index.jsonl";
/// How many ids a message names.
const NAMED: usize = 5;

/// Reads the description.
pub(super) fn read_info(folder: &Path) -> Result<DatasetInfo, DatasetError> {
    let info: DatasetInfo = read_json(&folder.join(INFO))?;
    if info.format == FORMAT {
        return Ok(info);
    }
    let reason = format!("format {} is not {FORMAT}", info.format);
    Err(inconsistent(folder, reason))
}

/// Reads the index. `lenient` tolerates what an interrupted writer leaves: no index yet, or a
/// last line that was cut short.
pub(super) fn read_index(folder: &Path, lenient: bool) -> Result<Vec<Entry>, FileError> {
    let path = folder.join(INDEX);
    if lenient && !path.exists() {
        return Ok(Vec::new());
    }
    let text = read_text(&path)?;
    let whole = match text.rfind('\n') {
        Some(end) if lenient => &text[..end],
        None if lenient => "",
        _ => text.as_str(),
    };
    let lines = (1..).zip(whole.lines());
    lines
        .map(|(number, line)| parse_line(&path, number, line))
        .collect()
}

/// Checks that ids are unique and labels finite.
pub(super) fn check_ids(entries: &[Entry]) -> Result<(), DatasetError> {
    let mut seen = HashSet::new();
    let ids: Vec<String> = entries
        .iter()
        .filter(|entry| !seen.insert(&entry.id))
        .map(|entry| entry.id.clone())
        .take(NAMED)
        .collect();
    if let Some(entry) = entries.iter().find(|entry| !entry.label.is_finite()) {
        return Err(DatasetError::Label {
            id: entry.id.clone(),
        });
    }
    if ids.is_empty() {
        Ok(())
    } else {
        Err(DatasetError::DuplicateIds { ids })
    }
}

/// BLAKE3 of the description and the index.
pub(super) fn fingerprint(folder: &Path) -> Result<String, FileError> {
    let mut hasher = blake3::Hasher::new();
    for name in [INFO, INDEX] {
        hasher.update(read_text(&folder.join(name))?.as_bytes());
    }
    Ok(hasher.finalize().to_hex().to_string())
}

/// A data set that contradicts itself.
pub(super) fn inconsistent(folder: &Path, reason: String) -> DatasetError {
    DatasetError::Inconsistent {
        path: folder.to_owned(),
        reason,
    }
}
