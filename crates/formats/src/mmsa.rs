//! MMSA's pickles (`aligned_50.pkl`, `unaligned_50.pkl`): a dict of splits, each a dict of
//! padded arrays `[utterances, time, width]`.

use std::collections::BTreeMap;
use std::path::Path;

use super::corpus::{padded, video_of};
use super::{Array, Corpus, Features, FormatError, Heading, Node, Part, Pickle, ReadFeatures};
use undertone_types::Matrix;

/// The keys of the splits.
const SPLITS: [(&str, Part); 4] = [
    ("train", Part::Train),
    ("valid", Part::Val),
    ("val", Part::Val),
    ("test", Part::Test),
];
/// The keys of the modalities: audio, text, video.
const MODALITIES: [&str; 3] = ["audio", "text", "vision"];

/// One split's arrays, still in the file.
struct Group {
    arrays: [Array; 3],
    /// Rows of each utterance that are no padding, where the file says so.
    lengths: [Option<Vec<usize>>; 3],
}

struct Reader {
    groups: Vec<Group>,
    /// Split and row of each heading.
    places: Vec<(usize, usize)>,
}

/// Reads an MMSA pickle; its arrays stay in the file.
///
/// # Errors
/// When it is no pickle, or lacks what MMSA's files have; the message names what.
pub fn read_mmsa(path: &Path) -> Result<Corpus, FormatError> {
    let pickle = Pickle::open(path)?;
    let root = pickle.root();
    let mut headings = Vec::new();
    let mut reader = Reader {
        groups: Vec::new(),
        places: Vec::new(),
    };
    let mut widths = None;
    for (key, part) in SPLITS {
        let Some(split) = root.find(key)? else {
            continue;
        };
        let own = read_headings(&split, part)?;
        let group = read_group(&split, own.len())?;
        let wide = group.arrays.each_ref().map(width);
        if let Some(expected) = widths.filter(|&widths| widths != wide) {
            let reason =
                format!("is {wide:?} wide, other splits {expected:?} (audio, text, vision)");
            return Err(split.error(&reason));
        }
        widths = Some(wide);
        (reader.places).extend((0..own.len()).map(|row| (reader.groups.len(), row)));
        reader.groups.push(group);
        headings.extend(own);
    }
    // A message that names the keys that there are instead.
    let Some(widths) = widths else {
        return Err(root
            .get("train")
            .err()
            .unwrap_or_else(|| root.error("no split")));
    };
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    let extractors = ["audio", "text", "video"].map(|name| (name.to_owned(), file.to_string()));
    Ok(Corpus {
        widths,
        extractors: BTreeMap::from(extractors),
        headings,
        remarks: Vec::new(),
        features: Box::new(reader),
    })
}

fn read_headings(split: &Node<'_>, part: Part) -> Result<Vec<Heading>, FormatError> {
    let ids = split.get("id")?.texts()?;
    let labels = split.get("regression_labels")?;
    let values = labels.numbers()?;
    let texts = match split.find("raw_text")? {
        Some(texts) => texts.texts()?,
        None => vec![String::new(); ids.len()],
    };
    if values.len() != ids.len() || texts.len() != ids.len() {
        let (count, labelled, said) = (ids.len(), values.len(), texts.len());
        let reason = format!("{count} ids, {labelled} labels and {said} texts do not fit together");
        return Err(split.error(&reason));
    }
    let all = ids.into_iter().zip(values).zip(texts);
    Ok(all
        .map(|((id, label), text)| Heading {
            source: video_of(&id).to_owned(),
            id,
            part,
            label,
            text,
        })
        .collect())
}

fn read_group(split: &Node<'_>, count: usize) -> Result<Group, FormatError> {
    let mut arrays = Vec::new();
    for key in MODALITIES {
        let node = split.get(key)?;
        let array = node.array()?;
        let is_fit = match *array.shape() {
            [rows, width] | [rows, _, width] => rows == count && width > 0,
            _ => false,
        };
        if !(is_fit && array.is_number()) {
            let shape = array.shape();
            let reason = format!("expected numbers [{count}, time, width], found shape {shape:?}");
            return Err(node.error(&reason));
        }
        arrays.push(array.clone());
    }
    let arrays = <[Array; 3]>::try_from(arrays).map_err(|_| split.error("no modalities"))?;
    let text = mask_lengths(split, count)?;
    let audio = lengths(split, "audio_lengths", count)?;
    let video = lengths(split, "vision_lengths", count)?;
    // Aligned files have no lengths: all modalities are as long as the text.
    let is_aligned = audio.is_none() && video.is_none() && {
        let [audio, words, video] = arrays.each_ref().map(|array| array.shape().get(1));
        audio == words && words == video
    };
    let lengths = match text {
        Some(text) if is_aligned => [Some(text.clone()), Some(text.clone()), Some(text)],
        text => [audio, text, video],
    };
    Ok(Group { arrays, lengths })
}

fn width(array: &Array) -> usize {
    array.shape().last().copied().unwrap_or(0)
}

fn lengths(split: &Node<'_>, key: &str, count: usize) -> Result<Option<Vec<usize>>, FormatError> {
    let Some(node) = split.find(key)? else {
        return Ok(None);
    };
    let lengths = node.numbers()?;
    if lengths.len() != count {
        return Err(node.error(&format!(
            "expected {count} lengths, found {}",
            lengths.len()
        )));
    }
    let whole = lengths.iter().enumerate().map(|(row, &length)| {
        if length.is_finite() && length >= 0.0 {
            return Ok(length as usize);
        }
        Err(node.error(&format!("the length of row {row} is {length}")))
    });
    whole.collect::<Result<_, _>>().map(Some)
}

/// Tokens of each utterance, from BERT's mask: `text_bert` is `[n, 3, tokens]` with ids, mask
/// and segments.
fn mask_lengths(split: &Node<'_>, count: usize) -> Result<Option<Vec<usize>>, FormatError> {
    let Some(node) = split.find("text_bert")? else {
        return Ok(None);
    };
    let array = node.array()?;
    let &[rows, 3, tokens] = array.shape() else {
        return Ok(None);
    };
    if rows != count {
        return Ok(None);
    }
    let mut lengths = Vec::with_capacity(count);
    for row in 0..count {
        let values = array.row_f32(row, 3)?;
        let mask = values.get(tokens..2 * tokens).unwrap_or_default();
        lengths.push(mask.iter().filter(|&&value| value != 0.0).count());
    }
    Ok(Some(lengths))
}

impl ReadFeatures for Reader {
    fn read(&mut self, at: usize) -> Result<Features, FormatError> {
        let (group, row) = self.places[at];
        let group = &self.groups[group];
        let matrix = |modality: usize| {
            let length = group.lengths[modality].as_ref().map(|lengths| lengths[row]);
            padded(&group.arrays[modality], row, length)
        };
        Ok(Features {
            audio: matrix(0)?,
            text: matrix(1)?,
            simulated: Matrix::empty(width(&group.arrays[1])),
            video: matrix(2)?,
        })
    }
}
