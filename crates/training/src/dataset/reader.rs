//! Reads data sets: the index at once, matrices when they are asked for.

use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::index::{INDEX, INFO, check_ids, fingerprint, inconsistent, read_index, read_info};
use super::shard::{self, OpenShard, Shard};
use super::{DatasetError, DatasetInfo, Entry, Example, finite};
use crate::Simulator;
use undertone_fusion::Modality;
use undertone_types::{Matrix, Split};

/// A finished data set. A clone copies the index and shares the rest.
#[derive(Clone, Debug)]
pub struct Dataset {
    pub(super) info: DatasetInfo,
    pub(super) entries: Vec<Entry>,
    pub(super) shards: Vec<Arc<Shard>>,
    pub(super) fingerprint: String,
    simulator: Option<Arc<Simulator>>,
}

/// What reading every value once found; none of it stops a training.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Findings {
    /// Values that were not finite; they count as zero.
    pub non_finite: Vec<NonFinite>,
    /// Utterances without audio.
    pub without_audio: usize,
    /// Utterances without real text.
    pub without_text: usize,
    /// Utterances without simulated text.
    pub without_simulated: usize,
    /// Utterances without video.
    pub without_video: usize,
    /// Utterances of which the text-missing flow is given nothing: no simulated text, no audio, no
    /// video. They do not count for it.
    pub without_substitute: usize,
    /// How many utterances there are.
    pub utterances: usize,
    /// Modalities that no training utterance has.
    pub untaught: Vec<Modality>,
}

/// Values of an utterance that were not finite.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NonFinite {
    /// Which utterance.
    pub id: String,
    /// How many values.
    pub count: usize,
}

impl Dataset {
    /// Opens a finished data set and checks its index.
    ///
    /// # Errors
    /// When it is unfinished, damaged, inconsistent, or has duplicate ids.
    pub fn open(folder: &Path) -> Result<Self, DatasetError> {
        let info = read_info(folder)?;
        let Some(count) = info.utterances else {
            return Err(DatasetError::Unfinished {
                path: folder.to_owned(),
            });
        };
        let entries = read_index(folder, false)?;
        if entries.len() != count {
            let lines = entries.len();
            return Err(inconsistent(
                folder,
                format!("{INFO} counts {count} utterances, {INDEX} has {lines}"),
            ));
        }
        check_ids(&entries)?;
        let shards = match entries.iter().map(|entry| entry.shard).max() {
            Some(last) => (0..=last)
                .map(|number| Shard::open(shard::path(folder, number)).map(Arc::new))
                .collect::<Result<_, _>>()?,
            None => Vec::new(),
        };
        Ok(Self {
            info,
            entries,
            shards,
            fingerprint: fingerprint(folder)?,
            simulator: None,
        })
    }

    /// The utterances that `split` gives a split, in that split; the others are left out.
    #[must_use]
    pub fn resplit(mut self, split: impl Fn(&Entry) -> Option<Split>) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(self.fingerprint.as_bytes());
        self.entries.retain_mut(|entry| {
            let given = split(entry);
            let name = given.map_or_else(String::new, |split| split.to_string());
            hasher.update(format!("{name};").as_bytes());
            entry.split = given.unwrap_or(entry.split);
            given.is_some()
        });
        self.fingerprint = hasher.finalize().to_hex().to_string();
        self
    }

    /// The same utterances with simulated text by this simulator.
    #[must_use]
    pub fn simulated_by(mut self, simulator: Simulator) -> Self {
        for entry in &mut self.entries {
            let has_input = entry.lengths.audio + entry.lengths.video > 0;
            entry.lengths.simulated = usize::from(has_input);
        }
        self.simulator = Some(Arc::new(simulator));
        self
    }

    /// What it was made of and by.
    #[must_use]
    pub fn info(&self) -> &DatasetInfo {
        &self.info
    }

    /// The index, in the order it was written.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// BLAKE3 of the description and the index.
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// Positions in the index of a split's utterances.
    #[must_use]
    pub fn split(&self, split: Split) -> Vec<usize> {
        (0..self.entries.len())
            .filter(|&at| self.entries[at].split == split)
            .collect()
    }

    /// Reads an utterance by its position in the index; what is not finite becomes 0.
    ///
    /// # Errors
    /// When its shard cannot be read or lacks what the index promises.
    pub fn example(&self, at: usize) -> Result<Example, DatasetError> {
        self.counted(at).map(|(example, _)| example)
    }

    /// Reads every utterance once, and reports values that are not finite and modalities that
    /// are absent.
    ///
    /// # Errors
    /// When a shard cannot be read or lacks what the index promises.
    pub fn check(&self) -> Result<Findings, DatasetError> {
        let mut findings = Findings {
            utterances: self.entries.len(),
            untaught: self.coverage(Some(Split::Train), &[]).absent(),
            ..Findings::default()
        };
        for (at, entry) in self.entries.iter().enumerate() {
            let (_, count) = self.counted(at)?;
            let count = count + entry.zeroed;
            if count > 0 {
                findings.non_finite.push(NonFinite {
                    id: entry.id.clone(),
                    count,
                });
            }
            findings.without_audio += usize::from(entry.lengths.audio == 0);
            findings.without_text += usize::from(entry.lengths.text == 0);
            findings.without_simulated += usize::from(entry.lengths.simulated == 0);
            findings.without_video += usize::from(entry.lengths.video == 0);
            findings.without_substitute += usize::from(!entry.lengths.has_substitute());
        }
        Ok(findings)
    }

    /// An utterance, and how many of its values were not finite.
    fn counted(&self, at: usize) -> Result<(Example, usize), DatasetError> {
        let entry = &self.entries[at];
        let lengths = entry.lengths;
        let shard = &self.shards[entry.shard as usize].reopen()?;
        let mut example = Example {
            id: entry.id.clone(),
            source: entry.source.clone(),
            split: entry.split,
            label: entry.label,
            text: entry.text.clone(),
            audio: self.matrix(shard, entry, "audio", Modality::Audio, lengths.audio)?,
            real: self.matrix(shard, entry, "text", Modality::Text, lengths.text)?,
            simulated: match self.simulator {
                Some(_) => Matrix::empty(self.info.widths.text),
                None => {
                    self.matrix(shard, entry, "simulated", Modality::Text, lengths.simulated)?
                }
            },
            video: self.matrix(shard, entry, "video", Modality::Video, lengths.video)?,
        };
        let mut zeroed = 0;
        for (_, _, matrix) in example.matrices_mut() {
            if let Some((clean, count)) = finite(matrix) {
                *matrix = clean;
                zeroed += count;
            }
        }
        if let Some(simulator) = &self.simulator {
            example.simulated = simulator.simulate(&example);
        }
        Ok((example, zeroed))
    }

    fn matrix(
        &self,
        shard: &OpenShard<'_>,
        entry: &Entry,
        kind: &str,
        modality: Modality,
        rows: usize,
    ) -> Result<Matrix, DatasetError> {
        let cols = *self.info.widths.get(modality);
        if rows == 0 {
            return Ok(Matrix::empty(cols));
        }
        let name = format!("{}/{kind}", entry.id);
        match shard.matrix(&name)? {
            Some(matrix) if matrix.cols() != cols => Err(DatasetError::Width {
                id: entry.id.clone(),
                modality,
                expected: cols,
                got: matrix.cols(),
            }),
            Some(matrix) if matrix.rows() == rows => Ok(matrix),
            Some(matrix) => Err(inconsistent(
                shard.folder(),
                format!("{name} has {} rows, {INDEX} says {rows}", matrix.rows()),
            )),
            None => Err(inconsistent(
                shard.folder(),
                format!("{} has no {name}", shard.name()),
            )),
        }
    }
}
