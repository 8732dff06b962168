//! One .npz with an array per modality: `[utterances, width]` or `[utterances, time, width]`.

use std::collections::BTreeSet;
use std::path::Path;

use super::corpus::{one_file, video_of};
use super::npy::{Npz, Stored};
use super::padded::{Padded, whole_lengths};
use super::{Corpus, Features, FormatError, Heading, ReadFeatures, Splits};
use undertone_types::{Matrix, UnknownSplit};

/// Names under which such files keep what is needed; the first is the one to recommend.
const IDS: [&str; 4] = ["names", "ids", "id", "name"];
const LABELS: [&str; 4] = ["labels", "y", "label", "regression_labels"];
const SPLIT: [&str; 2] = ["split", "splits"];
const WORDS: [&str; 3] = ["raw_text", "transcripts", "sentences"];
const AUDIO: [&str; 2] = ["audio", "acoustic"];
const TEXT: [&str; 2] = ["text", "language"];
const VIDEO: [&str; 3] = ["video", "vision", "visual"];
const SIMULATED: [&str; 2] = ["simulated", "simulated_text"];

struct Reader {
    audio: Padded,
    text: Padded,
    simulated: Option<Padded>,
    video: Padded,
}

/// Reads such a file. The split of each utterance is that in the array `split`; without that
/// array, `splits` divides the videos.
///
/// # Errors
/// When an array is missing (the message names those that are there) or does not fit the others.
pub fn read_arrays(path: &Path, splits: &Splits) -> Result<Corpus, FormatError> {
    let mut npz = Npz::open(path)?;
    let (name, ids) = need(&mut npz, &IDS)?;
    let ids = match ids.texts()? {
        Some(ids) => ids,
        None => return Err(npz.error(format!("{name}: expected strings, found numbers"))),
    };
    let (name, labels) = need(&mut npz, &LABELS)?;
    let labels = numbers(&npz, name, &labels)?;
    if labels.len() != ids.len() {
        let (labels, ids) = (labels.len(), ids.len());
        return Err(npz.error(format!("{name} has {labels} values for {ids} names")));
    }
    let reader = Reader {
        audio: modality(&mut npz, &AUDIO, &ids)?,
        text: modality(&mut npz, &TEXT, &ids)?,
        simulated: match npz.first(&SIMULATED)? {
            Some((name, stored)) => Some(padded(&npz, name, stored, ids.len())?),
            None => None,
        },
        video: modality(&mut npz, &VIDEO, &ids)?,
    };
    if let Some(simulated) = &reader.simulated
        && simulated.width() != reader.text.width()
    {
        let (got, expected) = (simulated.width(), reader.text.width());
        return Err(npz.error(format!("simulated is {got} wide, text is {expected}")));
    }
    Ok(Corpus {
        widths: [&reader.audio, &reader.text, &reader.video].map(Padded::width),
        extractors: one_file(path),
        headings: headings(&mut npz, ids, &labels, splits)?,
        remarks: Vec::new(),
        features: Box::new(reader),
    })
}

fn need<'n>(npz: &mut Npz, names: &[&'n str]) -> Result<(&'n str, Stored), FormatError> {
    if let Some(found) = npz.first(names)? {
        return Ok(found);
    }
    let there = npz.names().join(", ");
    let wanted = names.join(" or ");
    Err(npz.error(format!("there is no array {wanted}, only {there}")))
}

fn numbers(npz: &Npz, name: &str, stored: &Stored) -> Result<Vec<f64>, FormatError> {
    match stored {
        Stored::Plain(array) if array.is_number() => array.numbers(),
        Stored::Plain(_) => Err(npz.error(format!("{name}: expected numbers, found strings"))),
        Stored::Objects(document) => document.root().numbers(),
    }
}

/// A modality under one of these names, with its lengths where the file has them.
fn modality(npz: &mut Npz, names: &[&str], ids: &[String]) -> Result<Padded, FormatError> {
    let (name, stored) = need(npz, names)?;
    let array = padded(npz, name, stored, ids.len())?;
    let name = format!("{name}_lengths");
    let Some(stored) = npz.find(&name)? else {
        return Ok(array);
    };
    let lengths = whole_lengths(&numbers(npz, &name, &stored)?, ids)
        .map_err(|reason| npz.error(format!("{name}: {reason}")))?;
    Ok(array.with_lengths(Some(lengths)))
}

fn padded(npz: &Npz, name: &str, stored: Stored, count: usize) -> Result<Padded, FormatError> {
    let padded = match stored {
        Stored::Plain(array) => Padded::new(array, count),
        Stored::Objects(_) => Err("expected numbers, found objects".to_owned()),
    };
    padded.map_err(|reason| npz.error(format!("{name}: {reason}")))
}

/// The strings of the first of these arrays that the file has, one for each utterance.
fn words(
    npz: &mut Npz,
    names: &[&'static str],
    count: usize,
) -> Result<Option<Vec<String>>, FormatError> {
    let Some((name, stored)) = npz.first(names)? else {
        return Ok(None);
    };
    let Some(words) = stored.texts()? else {
        return Err(npz.error(format!("{name}: expected strings, found numbers")));
    };
    if words.len() != count {
        let found = words.len();
        return Err(npz.error(format!(
            "{name} has {found} values, there are {count} names"
        )));
    }
    Ok(Some(words))
}

fn headings(
    npz: &mut Npz,
    ids: Vec<String>,
    labels: &[f64],
    splits: &Splits,
) -> Result<Vec<Heading>, FormatError> {
    let videos: BTreeSet<String> = ids.iter().map(|id| video_of(id).to_owned()).collect();
    let by_video = splits.divide(&videos);
    let named = words(npz, &SPLIT, ids.len())?;
    let texts = words(npz, &WORDS, ids.len())?;
    let mut headings = Vec::with_capacity(ids.len());
    for (at, id) in ids.into_iter().enumerate() {
        let source = video_of(&id).to_owned();
        let split = match &named {
            Some(named) => (named[at].trim().parse())
                .map_err(|error: UnknownSplit| npz.error(format!("split of {id}: {error}")))?,
            None => match by_video.get(&source) {
                Some(split) => *split,
                None => return Err(npz.error(format!("the table of splits lacks video {source}"))),
            },
        };
        headings.push(Heading {
            text: texts
                .as_ref()
                .map_or_else(String::new, |texts| texts[at].clone()),
            label: labels[at],
            split,
            source,
            id,
        });
    }
    Ok(headings)
}

impl ReadFeatures for Reader {
    fn read(&mut self, at: usize) -> Result<Features, FormatError> {
        Ok(Features {
            audio: self.audio.read(at)?,
            text: self.text.read(at)?,
            simulated: match &self.simulated {
                Some(simulated) => simulated.read(at)?,
                None => Matrix::empty(self.text.width()),
            },
            video: self.video.read(at)?,
        })
    }
}

/// All utterances for training.
#[must_use]
pub fn all_train() -> Splits {
    Splits::Shares {
        val: 0.0,
        test: 0.0,
        seed: 0,
    }
}
