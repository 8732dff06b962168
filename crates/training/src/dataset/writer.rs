//! Writes data sets so that an interrupted extraction can be continued.

use std::collections::HashMap;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::index::{INDEX, INFO, read_index, read_info};
use super::{DatasetError, DatasetInfo, Entry, Example, Lengths, finite, shard};
use crate::files::{FileError, create_folder, to_lines, write_file, write_json};
use undertone_types::Matrix;

/// Bytes of matrices that are collected before they become a shard.
const SHARD_BYTES: usize = 64 << 20;
/// Utterances that are collected before they become a shard: what a kill costs at most.
const SHARD_UTTERANCES: usize = 64;

/// Writes a data set, utterance by utterance. What was flushed survives a kill: opening the
/// same folder again continues after it.
#[derive(Debug)]
pub struct DatasetWriter {
    folder: PathBuf,
    info: DatasetInfo,
    /// Which utterances there are, with their words.
    texts: HashMap<String, String>,
    pending: Vec<(Example, usize)>,
    pending_bytes: usize,
    next_shard: u32,
    written: usize,
}

impl DatasetWriter {
    /// Starts a data set in a folder, or continues the one that the folder holds.
    ///
    /// # Errors
    /// When the folder cannot be written, or holds a data set of another origin.
    pub fn open(folder: &Path, mut info: DatasetInfo) -> Result<Self, DatasetError> {
        create_folder(folder)?;
        info.utterances = None;
        let former = info.former_fingerprint.take();
        let mut entries = Vec::new();
        if folder.join(INFO).exists() {
            let mut there = read_info(folder)?;
            there.utterances = None;
            if former.as_ref() == Some(&there.bundle.fingerprint) {
                info.bundle.fingerprint = there.bundle.fingerprint.clone();
            }
            if let Some(difference) = difference(&there, &info) {
                return Err(DatasetError::Other {
                    path: folder.to_owned(),
                    difference,
                });
            }
            entries = read_index(folder, true)?;
        }
        // A kill may have cut the last line short: only whole lines are kept.
        let index = folder.join(INDEX);
        write_file(&index, to_lines(&index, &entries)?.as_bytes())?;
        let writer = Self {
            folder: folder.to_owned(),
            info,
            texts: (entries.iter())
                .map(|entry| (entry.id.clone(), entry.text.clone()))
                .collect(),
            pending: Vec::new(),
            pending_bytes: 0,
            next_shard: entries
                .iter()
                .map(|entry| entry.shard + 1)
                .max()
                .unwrap_or(0),
            written: entries.len(),
        };
        writer.write_info()?;
        Ok(writer)
    }

    /// Whether the data set has an utterance of this id.
    #[must_use]
    pub fn contains(&self, id: &str) -> bool {
        self.texts.contains_key(id)
    }

    /// The words of an utterance that the data set has.
    #[must_use]
    pub fn text(&self, id: &str) -> Option<&str> {
        self.texts.get(id).map(String::as_str)
    }

    /// Adds an utterance. Values that are not finite become 0; their number is returned.
    ///
    /// # Errors
    /// When the id is taken, a width is wrong, the label is not finite, or the shard
    /// cannot be written.
    pub fn add(&mut self, mut example: Example) -> Result<usize, DatasetError> {
        if self.contains(&example.id) {
            return Err(DatasetError::DuplicateIds {
                ids: vec![example.id],
            });
        }
        if !example.label.is_finite() {
            return Err(DatasetError::Label { id: example.id });
        }
        let id = example.id.clone();
        let mut zeroed = 0;
        for (_, modality, matrix) in example.matrices_mut() {
            let expected = *self.info.widths.get(modality);
            if !matrix.is_empty() && matrix.cols() != expected {
                return Err(DatasetError::Width {
                    id,
                    modality,
                    expected,
                    got: matrix.cols(),
                });
            }
            if let Some((clean, count)) = finite(matrix) {
                *matrix = clean;
                zeroed += count;
            }
            self.pending_bytes += size_of_val(matrix.as_slice());
        }
        self.texts.insert(id, example.text.clone());
        self.pending.push((example, zeroed));
        if self.pending_bytes >= SHARD_BYTES || self.pending.len() >= SHARD_UTTERANCES {
            self.flush()?;
        }
        Ok(zeroed)
    }

    /// Writes what was added so far to disk.
    ///
    /// # Errors
    /// When the shard or the index cannot be written.
    pub fn flush(&mut self) -> Result<(), DatasetError> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let mut matrices = Vec::new();
        let mut entries = Vec::new();
        for (example, zeroed) in &self.pending {
            matrices.extend(named(example));
            entries.push(entry(example, self.next_shard, *zeroed));
        }
        shard::write(&shard::path(&self.folder, self.next_shard), &matrices)?;
        let index = self.folder.join(INDEX);
        append(&index, &to_lines(&index, &entries)?).map_err(FileError::write(&index))?;
        self.next_shard += 1;
        self.written += self.pending.len();
        self.pending.clear();
        self.pending_bytes = 0;
        Ok(())
    }

    /// Finishes the data set: only now can it be read.
    ///
    /// # Errors
    /// When the last shard or the description cannot be written.
    pub fn finish(mut self) -> Result<DatasetInfo, DatasetError> {
        self.flush()?;
        self.info.utterances = Some(self.written);
        self.write_info()?;
        Ok(self.info)
    }

    fn write_info(&self) -> Result<(), FileError> {
        write_json(&self.folder.join(INFO), &self.info)
    }
}

/// Why data sets of these descriptions cannot be one; `None` when they can.
fn difference(there: &DatasetInfo, wanted: &DatasetInfo) -> Option<String> {
    if there.widths != wanted.widths {
        let (there, wanted) = (there.widths, wanted.widths);
        return Some(format!("its widths are {there:?}, not {wanted:?}"));
    }
    if there.bundle != wanted.bundle {
        let (there, wanted) = (&there.bundle, &wanted.bundle);
        return Some(format!("its bundle is {there:?}, not {wanted:?}"));
    }
    if there.extractors != wanted.extractors {
        let (there, wanted) = (&there.extractors, &wanted.extractors);
        return Some(format!("its extractors are {there:?}, not {wanted:?}"));
    }
    (there != wanted).then(|| format!("its format is {}", there.format))
}

/// The matrices that have rows, under the names they have in a shard.
fn named(example: &Example) -> impl Iterator<Item = (String, &Matrix)> {
    let all = [
        ("audio", &example.audio),
        ("text", &example.real),
        ("simulated", &example.simulated),
        ("video", &example.video),
    ];
    all.into_iter()
        .filter(|(_, matrix)| !matrix.is_empty())
        .map(|(kind, matrix)| (format!("{}/{kind}", example.id), matrix))
}

fn entry(example: &Example, shard: u32, zeroed: usize) -> Entry {
    Entry {
        id: example.id.clone(),
        source: example.source.clone(),
        split: example.split,
        label: example.label,
        text: example.text.clone(),
        shard,
        lengths: Lengths {
            audio: example.audio.rows(),
            text: example.real.rows(),
            simulated: example.simulated.rows(),
            video: example.video.rows(),
        },
        zeroed,
    }
}

fn append(path: &Path, text: &str) -> std::io::Result<()> {
    let mut file = File::options().append(true).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}
