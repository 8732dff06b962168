//! One .npz with an array per modality: `[utterances, width]` or `[utterances, time, width]`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::corpus::{padded, video_of};
use super::npy::{Npz, Stored};
use super::{Array, Corpus, Features, FormatError, Heading, ReadFeatures, Splits};
use undertone_types::Matrix;

/// Names under which such files keep what is needed, the first is the one we suggest.
const IDS: [&str; 4] = ["names", "ids", "id", "name"];
const LABELS: [&str; 4] = ["labels", "y", "label", "regression_labels"];
const SPLIT: [&str; 2] = ["split", "splits"];
const WORDS: [&str; 3] = ["raw_text", "transcripts", "sentences"];
/// The modalities in our order, with the suggested name first.
const MODALITIES: [&[&str]; 3] = [
    &["audio", "acoustic"],
    &["text", "language"],
    &["video", "vision", "visual"],
];
const SIMULATED: [&str; 2] = ["simulated", "simulated_text"];

struct Reader {
    arrays: [Array; 3],
    simulated: Option<Array>,
    lengths: [Option<Vec<usize>>; 3],
}

/// Reads such a file. The part of each utterance is that of the array `split`, if there is
/// one, else of its video.
///
/// # Errors
/// When an array is missing or does not fit to the others; the message names those there are.
pub fn read_arrays(path: &Path, splits: &Splits) -> Result<Corpus, FormatError> {
    let mut npz = Npz::open(path)?;
    let (name, ids) = need(&mut npz, &IDS)?;
    let ids = match ids.texts()? {
        Some(ids) => ids,
        None => return Err(npz.error(format!("{name}: expected strings, found numbers"))),
    };
    let (name, labels) = need(&mut npz, &LABELS)?;
    let labels = numbers(&npz, name, &labels, ids.len())?;
    let mut arrays = Vec::new();
    let mut lengths = Vec::new();
    for names in MODALITIES {
        let (name, stored) = need(&mut npz, names)?;
        arrays.push(modality(&npz, name, stored, ids.len())?);
        lengths.push(match npz.find(&format!("{name}_lengths"))? {
            Some(stored) => {
                let values = numbers(&npz, name, &stored, ids.len())?;
                Some(
                    values
                        .iter()
                        .map(|&length| length.max(0.0) as usize)
                        .collect(),
                )
            }
            None => None,
        });
    }
    let simulated = match npz.first(&SIMULATED)? {
        Some((name, stored)) => Some(modality(&npz, name, stored, ids.len())?),
        None => None,
    };
    let (Ok(arrays), Ok(lengths)) = (<[Array; 3]>::try_from(arrays), lengths.try_into()) else {
        return Err(npz.error("no modalities"));
    };
    let widths = arrays.each_ref().map(width);
    if let Some(array) = &simulated
        && width(array) != widths[1]
    {
        let (got, expected) = (width(array), widths[1]);
        return Err(npz.error(format!("simulated is {got} wide, text is {expected}")));
    }
    let headings = headings(&mut npz, ids, &labels, splits)?;
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    let extractors = ["audio", "text", "video"].map(|name| (name.to_owned(), file.to_string()));
    Ok(Corpus {
        widths,
        extractors: BTreeMap::from(extractors),
        headings,
        remarks: Vec::new(),
        features: Box::new(Reader {
            arrays,
            simulated,
            lengths,
        }),
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

fn numbers(npz: &Npz, name: &str, stored: &Stored, count: usize) -> Result<Vec<f64>, FormatError> {
    let values = match stored {
        Stored::Plain(array) if array.is_number() => array.numbers()?,
        Stored::Plain(_) => {
            return Err(npz.error(format!("{name}: expected numbers, found strings")));
        }
        Stored::Objects(document) => document.root().numbers()?,
    };
    if values.len() == count {
        return Ok(values);
    }
    let got = values.len();
    Err(npz.error(format!("{name} has {got} values for {count} names")))
}

fn modality(npz: &Npz, name: &str, stored: Stored, count: usize) -> Result<Array, FormatError> {
    let Stored::Plain(array) = stored else {
        return Err(npz.error(format!("{name}: expected numbers, found objects")));
    };
    let is_fit = match *array.shape() {
        [rows, width] | [rows, _, width] => rows == count && width > 0,
        _ => false,
    };
    if is_fit && array.is_number() {
        return Ok(array);
    }
    let shape = array.shape();
    Err(npz.error(format!(
        "{name}: expected numbers [{count}, width] or [{count}, time, width], found shape {shape:?}"
    )))
}

fn width(array: &Array) -> usize {
    array.shape().last().copied().unwrap_or(0)
}

/// The strings of the first of these arrays that there is, one for each utterance.
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
        let part = match named.as_ref().map(|named| named.get(at)) {
            Some(Some(name)) => name.parse().map_err(|reason: String| npz.error(reason))?,
            Some(None) => return Err(npz.error("split has fewer values than there are names")),
            None => match by_video.get(&source) {
                Some(part) => *part,
                None => return Err(npz.error(format!("the table of splits lacks video {source}"))),
            },
        };
        headings.push(Heading {
            text: (texts.as_ref().and_then(|texts| texts.get(at)))
                .cloned()
                .unwrap_or_default(),
            label: labels[at],
            part,
            source,
            id,
        });
    }
    Ok(headings)
}

impl ReadFeatures for Reader {
    fn read(&mut self, at: usize) -> Result<Features, FormatError> {
        let matrix = |modality: usize| {
            let length = self.lengths[modality].as_ref().map(|lengths| lengths[at]);
            padded(&self.arrays[modality], at, length)
        };
        Ok(Features {
            audio: matrix(0)?,
            text: matrix(1)?,
            simulated: match &self.simulated {
                Some(array) => padded(array, at, None)?,
                None => Matrix::empty(width(&self.arrays[1])),
            },
            video: matrix(2)?,
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
