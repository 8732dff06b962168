//! The two small files of a data set: its description and its index.

use std::collections::HashSet;
use std::path::Path;

use super::super::TrainError;
use super::{DatasetInfo, Entry, FORMAT};

/// The description of a data set.
pub(super) const INFO: &str = "dataset.json";
/// One line per utterance.
pub(super) const INDEX: &str = "index.jsonl";
/// How many culprits a message names.
const NAMED: usize = 5;

/// Reads the description.
pub(super) fn read_info(folder: &Path) -> Result<DatasetInfo, TrainError> {
    let path = folder.join(INFO);
    let info: DatasetInfo =
        serde_json::from_str(&read(&path)?).map_err(|source| TrainError::Json {
            line: source.line(),
            path,
            source,
        })?;
    if info.format == FORMAT {
        Ok(info)
    } else {
        let reason = format!("format {} is not {FORMAT}", info.format);
        Err(inconsistent(folder, reason))
    }
}

/// Reads the index; `lenient` leaves out a last line that was cut short.
pub(super) fn read_index(folder: &Path, lenient: bool) -> Result<Vec<Entry>, TrainError> {
    let path = folder.join(INDEX);
    if lenient && !path.exists() {
        return Ok(Vec::new());
    }
    let text = read(&path)?;
    let whole = match text.rfind('\n') {
        Some(end) if lenient => &text[..end],
        None if lenient => "",
        _ => text.as_str(),
    };
    let parse = |(number, line): (usize, &str)| {
        serde_json::from_str(line).map_err(|source| TrainError::Json {
            path: path.clone(),
            line: number + 1,
            source,
        })
    };
    whole.lines().enumerate().map(parse).collect()
}

/// Checks that ids are unique and labels finite.
pub(super) fn check_ids(entries: &[Entry]) -> Result<(), TrainError> {
    let mut seen = HashSet::new();
    let ids: Vec<String> = entries
        .iter()
        .filter(|entry| !seen.insert(&entry.id))
        .map(|entry| entry.id.clone())
        .take(NAMED)
        .collect();
    if let Some(entry) = entries.iter().find(|entry| !entry.label.is_finite()) {
        return Err(TrainError::Label {
            id: entry.id.clone(),
        });
    }
    if ids.is_empty() {
        Ok(())
    } else {
        Err(TrainError::Duplicate { ids })
    }
}

/// BLAKE3 of the description and the index.
pub(super) fn fingerprint(folder: &Path) -> Result<String, TrainError> {
    let mut hasher = blake3::Hasher::new();
    for name in [INFO, INDEX] {
        hasher.update(read(&folder.join(name))?.as_bytes());
    }
    Ok(hasher.finalize().to_hex().to_string())
}

fn read(path: &Path) -> Result<String, TrainError> {
    std::fs::read_to_string(path).map_err(|source| TrainError::Read {
        path: path.to_owned(),
        source,
    })
}

/// A data set that contradicts itself.
pub(super) fn inconsistent(folder: &Path, reason: String) -> TrainError {
    TrainError::Inconsistent {
        path: folder.to_owned(),
        reason,
    }
}
