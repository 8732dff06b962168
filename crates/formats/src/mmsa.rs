//! MMSA's pickles (`aligned_50.pkl`, `unaligned_50.pkl`): a dict of splits, each a dict of
//! padded arrays `[utterances, time, width]`.

use std::path::Path;

use super::corpus::{one_file, video_of};
use super::padded::{Padded, whole_lengths};
use super::{Corpus, Features, FormatError, Heading, Node, Pickle, ReadFeatures};
use undertone_types::{Matrix, Split};

/// The keys of the splits.
const SPLITS: [(&str, Split); 4] = [
    ("train", Split::Train),
    ("valid", Split::Val),
    ("val", Split::Val),
    ("test", Split::Test),
];

/// The arrays of one split: audio, text, video.
type Group = [Padded; 3];

struct Reader {
    groups: Vec<Group>,
    /// Split and row of each heading.
    places: Vec<(usize, usize)>,
}

/// Reads an MMSA pickle; its arrays stay in the file.
///
/// # Errors
/// When it is not a pickle, or lacks what MMSA's files have; the message names what.
pub fn read_mmsa(path: &Path) -> Result<Corpus, FormatError> {
    let pickle = Pickle::open(path)?;
    let root = pickle.root();
    let mut headings = Vec::new();
    let mut reader = Reader {
        groups: Vec::new(),
        places: Vec::new(),
    };
    let mut widths = None;
    for (key, split) in SPLITS {
        let Some(node) = root.find(key)? else {
            continue;
        };
        let ids = node.get("id")?.texts()?;
        let group = read_group(&node, &ids)?;
        let wide = group.each_ref().map(Padded::width);
        if let Some(expected) = widths.filter(|&widths| widths != wide) {
            let reason =
                format!("is {wide:?} wide, other splits {expected:?} (audio, text, vision)");
            return Err(node.error(&reason));
        }
        widths = Some(wide);
        (reader.places).extend((0..ids.len()).map(|row| (reader.groups.len(), row)));
        reader.groups.push(group);
        headings.extend(read_headings(&node, split, ids)?);
    }
    // A message that names the keys that there are instead.
    let Some(widths) = widths else {
        return Err(root
            .get("train")
            .err()
            .unwrap_or_else(|| root.error("no split")));
    };
    Ok(Corpus {
        widths,
        extractors: one_file(path),
        headings,
        remarks: Vec::new(),
        features: Box::new(reader),
    })
}

fn read_headings(
    node: &Node<'_>,
    split: Split,
    ids: Vec<String>,
) -> Result<Vec<Heading>, FormatError> {
    let labels = node.get("regression_labels")?.numbers()?;
    let texts = match node.find("raw_text")? {
        Some(texts) => texts.texts()?,
        None => vec![String::new(); ids.len()],
    };
    if labels.len() != ids.len() || texts.len() != ids.len() {
        let (ids, labels, texts) = (ids.len(), labels.len(), texts.len());
        return Err(node.error(&format!(
            "{ids} ids, {labels} labels and {texts} texts do not fit together"
        )));
    }
    let all = ids.into_iter().zip(labels).zip(texts);
    Ok(all
        .map(|((id, label), text)| Heading {
            source: video_of(&id).to_owned(),
            id,
            split,
            label,
            text,
        })
        .collect())
}

fn read_group(node: &Node<'_>, ids: &[String]) -> Result<Group, FormatError> {
    let modality = |key: &str| {
        let node = node.get(key)?;
        Padded::new(node.array()?.clone(), ids.len()).map_err(|reason| node.error(&reason))
    };
    let [audio, text, video] = [modality("audio")?, modality("text")?, modality("vision")?];
    let tokens = mask_lengths(node, ids.len())?;
    let heard = lengths(node, "audio_lengths", ids)?;
    let seen = lengths(node, "vision_lengths", ids)?;
    // Aligned files state no lengths: all modalities are as long as the text.
    let time = audio.time();
    let is_aligned = heard.is_none()
        && seen.is_none()
        && time.is_some()
        && [&text, &video].iter().all(|other| other.time() == time);
    let (heard, seen) = if is_aligned {
        (tokens.clone(), tokens.clone())
    } else {
        (heard, seen)
    };
    Ok([
        audio.with_lengths(heard),
        text.with_lengths(tokens),
        video.with_lengths(seen),
    ])
}

fn lengths(node: &Node<'_>, key: &str, ids: &[String]) -> Result<Option<Vec<usize>>, FormatError> {
    let Some(node) = node.find(key)? else {
        return Ok(None);
    };
    let lengths = whole_lengths(&node.numbers()?, ids);
    lengths.map(Some).map_err(|reason| node.error(&reason))
}

/// Tokens of each utterance, from BERT's mask: `text_bert` is `[n, 3, tokens]` with ids, mask
/// and segments.
fn mask_lengths(node: &Node<'_>, count: usize) -> Result<Option<Vec<usize>>, FormatError> {
    let Some(node) = node.find("text_bert")? else {
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
        let [audio, text, video] = &self.groups[group];
        Ok(Features {
            audio: audio.read(row)?,
            text: text.read(row)?,
            simulated: Matrix::empty(text.width()),
            video: video.read(row)?,
        })
    }
}
