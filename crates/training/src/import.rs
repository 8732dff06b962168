//! Writes a data set of another program as one of this program.

use std::collections::HashSet;
use std::path::Path;

use super::{BundleId, DatasetError, DatasetInfo, DatasetWriter, Example, Lengths};
use undertone_formats::{Corpus, Features, FormatError, Heading};
use undertone_fusion::Widths;
use undertone_types::Split;

/// The bundle's name in imported data sets, which no bundle made.
const IMPORTED: &str = "imported";
/// How many utterances a message names.
const NAMED: usize = 5;

/// What was imported into one split.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedSplit {
    /// Which split.
    pub split: Split,
    /// How many utterances were written.
    pub utterances: usize,
    /// Values that were not finite, and became 0.
    pub zeroed: usize,
    /// Utterances without each modality.
    pub without: Lengths,
    /// Ids of utterances without any features, which were left out.
    pub empty: Vec<String>,
    /// Utterances that an earlier, interrupted import had written.
    pub present: usize,
}

/// A data set that cannot be imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// A file of the other program cannot be used.
    #[error(transparent)]
    Format(#[from] FormatError),
    /// The data set cannot be written, or has duplicate ids.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    /// It has no utterances.
    #[error("no utterance can be imported: neither the splits nor the labels name any")]
    Nothing,
    /// Labels outside of [−3, 3].
    #[error(
        "{count} labels are not from -3 to 3, which is what a network learns: {}; --label-range maps another range",
        named.join(", ")
    )]
    LabelRange {
        /// How many.
        count: usize,
        /// The first of them, with their values.
        named: Vec<String>,
    },
}

impl ImportError {
    /// Whether another file, or another command line, would help.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        match self {
            Self::Format(error) => error.is_usage(),
            Self::Dataset(error) => error.is_usage(),
            Self::Nothing | Self::LabelRange { .. } => false,
        }
    }
}

/// Writes all utterances of a corpus to a folder, a shard at a time; continues an interrupted
/// import. `on_utterance` is called with the number of utterances done.
///
/// # Errors
/// When ids are not unique, labels are out of [−3, 3], features cannot be read, or the folder
/// cannot be written or holds another data set.
pub fn import(
    corpus: &mut Corpus,
    out: &Path,
    on_utterance: &mut dyn FnMut(usize),
) -> Result<Vec<ImportedSplit>, ImportError> {
    check(&corpus.headings)?;
    let [audio, text, video] = corpus.widths;
    let bundle = BundleId {
        name: IMPORTED.to_owned(),
        fingerprint: fingerprint(&corpus.headings),
    };
    let widths = Widths { audio, text, video };
    let info = DatasetInfo::new(widths, corpus.extractors.clone(), bundle);
    let mut writer = DatasetWriter::open(out, info)?;
    let mut splits: Vec<ImportedSplit> = Split::ALL.into_iter().map(ImportedSplit::new).collect();
    for (at, heading) in corpus.headings.iter().enumerate() {
        let split = &mut splits[heading.split as usize];
        if writer.contains(&heading.id) {
            split.present += 1;
        } else {
            let features = corpus.features.read(at)?;
            split.add(&mut writer, heading, features)?;
        }
        on_utterance(at + 1);
    }
    writer.finish()?;
    Ok(splits)
}

impl ImportedSplit {
    fn new(split: Split) -> Self {
        Self {
            split,
            utterances: 0,
            zeroed: 0,
            without: Lengths::default(),
            empty: Vec::new(),
            present: 0,
        }
    }

    fn add(
        &mut self,
        writer: &mut DatasetWriter,
        heading: &Heading,
        features: Features,
    ) -> Result<(), ImportError> {
        let example = Example {
            id: heading.id.clone(),
            source: heading.source.clone(),
            split: heading.split,
            label: heading.label as f32,
            text: heading.text.clone(),
            audio: features.audio,
            real: features.text,
            simulated: features.simulated,
            video: features.video,
        };
        let empty = [
            &example.audio,
            &example.real,
            &example.simulated,
            &example.video,
        ]
        .map(|matrix| matrix.is_empty());
        if empty == [true; 4] {
            self.empty.push(example.id);
            return Ok(());
        }
        self.zeroed += writer.add(example)?;
        self.utterances += 1;
        let [audio, text, simulated, video] = empty.map(usize::from);
        self.without.audio += audio;
        self.without.text += text;
        self.without.simulated += simulated;
        self.without.video += video;
        Ok(())
    }
}

/// What distinguishes imports: utterances, labels and splits. The text that is hashed must not
/// change, or interrupted imports could not be continued by a later version.
fn fingerprint(headings: &[Heading]) -> String {
    let mut hasher = blake3::Hasher::new();
    for Heading {
        id,
        source,
        split,
        label,
        text,
    } in headings
    {
        hasher.update(format!("{id:?} {source:?} {split:?} {label} {text:?}\n").as_bytes());
    }
    hasher.finalize().to_hex()[..16].to_owned()
}

/// Checks all ids and labels, before anything is written.
fn check(headings: &[Heading]) -> Result<(), ImportError> {
    if headings.is_empty() {
        return Err(ImportError::Nothing);
    }
    let mut seen = HashSet::new();
    let ids: Vec<String> = (headings.iter())
        .filter(|own| !seen.insert(&own.id))
        .map(|own| own.id.clone())
        .take(NAMED)
        .collect();
    if !ids.is_empty() {
        return Err(DatasetError::DuplicateIds { ids }.into());
    }
    let named: Vec<String> = (headings.iter())
        .filter(|own| !(-3.0..=3.0).contains(&own.label))
        .map(|own| format!("{} ({})", own.id, own.label))
        .collect();
    match named.len() {
        0 => Ok(()),
        count => Err(ImportError::LabelRange {
            count,
            named: named[..count.min(NAMED)].to_vec(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::Dataset;
    use undertone_formats::read_mmsa;

    fn corpus() -> Corpus {
        let file = "../formats/src/tests/files/unaligned.pkl";
        read_mmsa(&PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap()
    }

    #[test]
    fn an_imported_data_set_is_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let mut corpus = corpus();
        let splits = import(&mut corpus, folder.path(), &mut |_| ()).unwrap();
        let counts: Vec<usize> = splits.iter().map(|split| split.utterances).collect();
        assert_eq!(counts, [8, 4, 4]);
        assert_eq!((splits[0].zeroed, splits[0].without.simulated), (1, 8));
        let dataset = Dataset::open(folder.path()).unwrap();
        assert_eq!(dataset.info().bundle.name, "imported");
        let example = dataset.example(0).unwrap();
        assert_eq!(
            (example.id.as_str(), example.text.as_str()),
            ("video0$_$0", "utterance 0")
        );
        assert_eq!(example.audio.row(0)[0], 0.0);
        let features = corpus.features.read(1).unwrap();
        assert_eq!(dataset.example(1).unwrap().real, features.text);
        // Again: everything is present.
        let again = import(&mut corpus, folder.path(), &mut |_| ()).unwrap();
        assert_eq!((again[0].utterances, again[0].present), (0, 8));
    }

    #[test]
    fn ids_and_labels_are_checked_before_anything_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("out");
        let mut double = corpus();
        double.headings[3].id = "video0$_$0".to_owned();
        let error = import(&mut double, &out, &mut |_| ()).unwrap_err();
        assert_eq!(error.to_string(), "duplicate ids: video0$_$0");
        let mut far = corpus();
        far.headings[3].label = 70.0;
        let error = import(&mut far, &out, &mut |_| ()).unwrap_err().to_string();
        assert!(error.contains("video1$_$1 (70)"), "{error}");
        assert!(!out.exists());
    }
}
