//! Computational sequences of the CMU Multimodal SDK (.csd, HDF5): for each video features
//! `[rows, width]` and the interval of each row in seconds. The labels' intervals are the
//! utterances; each gets the rows of the modalities that overlap its interval.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::corpus::{matrix, remark};
use super::csd_file::{Rows, Sequence};
use super::{Corpus, Features, FormatError, Heading, ReadFeatures, Splits};
use undertone_types::{Matrix, Split};

/// The files of a data set.
#[derive(Clone, Debug)]
pub struct Sequences {
    /// The labels: their intervals are the utterances, their first column the sentiment.
    pub labels: PathBuf,
    /// Audio features.
    pub audio: PathBuf,
    /// Text features.
    pub text: PathBuf,
    /// Video features.
    pub video: PathBuf,
}

/// An utterance's video and interval.
struct Place {
    video: String,
    id: String,
    interval: [f64; 2],
}

struct Reader {
    sequences: [Sequence; 3],
    widths: [usize; 3],
    places: Vec<Place>,
    /// The rows that were read last, with their key: utterances of a video are consecutive.
    held: [Option<(String, Rows)>; 3],
}

/// Opens such files; features are read video by video.
///
/// # Errors
/// When a file is not a computational sequence, or has no numbers in it.
pub fn read_csd(paths: &Sequences, splits: &Splits) -> Result<Corpus, FormatError> {
    let labels = Sequence::open(&paths.labels)?;
    let files = [&paths.audio, &paths.text, &paths.video];
    let [audio, words, faces] = files.map(|path| Sequence::open(path));
    let sequences = [audio?, words?, faces?];
    let mut widths = [0; 3];
    for (width, sequence) in widths.iter_mut().zip(&sequences) {
        *width = sequence.width()?;
    }
    let videos: BTreeSet<String> = labels.keys().map(|key| video(key).to_owned()).collect();
    let splits = splits.divide(&videos);
    let cut = cut(&labels, &sequences, &splits)?;
    let unsplit = videos.iter().filter(|own| !splits.contains_key(*own));
    let unsplit: Vec<String> = unsplit.cloned().collect();
    let unlabelled = sequences.iter().filter_map(|own| unlabelled(own, &videos));
    let mut remarks: Vec<String> = unlabelled.collect();
    remarks.extend(remark("left out, not in the table of splits", &unsplit));
    remarks.extend(remark("left out, without features", &cut.without));
    Ok(Corpus {
        widths,
        extractors: extractors(&files),
        headings: cut.headings,
        remarks,
        features: Box::new(Reader {
            sequences,
            widths,
            places: cut.places,
            held: [None, None, None],
        }),
    })
}

/// The utterances that the labels cut the videos into.
#[derive(Default)]
struct Cut {
    headings: Vec<Heading>,
    places: Vec<Place>,
    /// Ids of those without any features.
    without: Vec<String>,
}

fn cut(
    labels: &Sequence,
    sequences: &[Sequence],
    splits: &BTreeMap<String, Split>,
) -> Result<Cut, FormatError> {
    let mut cut = Cut::default();
    for key in labels.keys() {
        let source = video(key).to_owned();
        let Some(&split) = splits.get(&source) else {
            continue;
        };
        let rows = labels.read(key)?;
        for (at, &interval) in rows.intervals.iter().enumerate() {
            // Aligned sequences have a group for each utterance.
            let id = if key == source {
                format!("{key}[{at}]")
            } else {
                key.to_owned()
            };
            if !(sequences.iter()).any(|own| own.has(&id) || own.has(&source)) {
                cut.without.push(id);
                continue;
            }
            cut.places.push(Place {
                video: source.clone(),
                interval,
                id: id.clone(),
            });
            cut.headings.push(Heading {
                label: f64::from(rows.values[at * rows.width]),
                source: source.clone(),
                text: String::new(),
                split,
                id,
            });
        }
    }
    Ok(cut)
}

/// A remark about features without a label; `None` when there are none.
fn unlabelled(own: &Sequence, videos: &BTreeSet<String>) -> Option<String> {
    let keys = own.keys().filter(|key| !videos.contains(video(key)));
    let keys: Vec<String> = keys.map(str::to_owned).collect();
    remark(
        &format!("no label for features in {}", own.path().display()),
        &keys,
    )
}

fn extractors(files: &[&PathBuf; 3]) -> BTreeMap<String, String> {
    let name = |path: &Path| {
        path.file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned()
    };
    let named = ["audio", "text", "video"].iter().zip(files);
    named
        .map(|(modality, path)| ((*modality).to_owned(), name(path)))
        .collect()
}

/// The video of a group's name, which may be `video` or `video[3]`.
fn video(key: &str) -> &str {
    match key.split_once('[') {
        Some((video, rest)) if rest.ends_with(']') => video,
        _ => key,
    }
}

/// Whether a row belongs to an utterance. A picture's interval is a point in time.
fn overlaps([start, end]: [f64; 2], [from, to]: [f64; 2]) -> bool {
    if start >= end {
        return (from..to).contains(&start);
    }
    start < to && end > from
}

impl Reader {
    fn modality(&mut self, modality: usize, at: usize) -> Result<Matrix, FormatError> {
        let (place, width) = (&self.places[at], self.widths[modality]);
        let sequence = &self.sequences[modality];
        let key = if sequence.has(&place.id) {
            &place.id
        } else {
            &place.video
        };
        if !sequence.has(key) {
            return Ok(Matrix::empty(width));
        }
        let held = &mut self.held[modality];
        if held.as_ref().is_none_or(|(own, _)| own != key) {
            *held = Some((key.clone(), sequence.read(key)?));
        }
        let Some((_, rows)) = held else {
            return Ok(Matrix::empty(width));
        };
        if rows.width != width {
            let (got, path) = (rows.width, sequence.path().to_owned());
            let reason = format!("{key} is {got} wide, the others are {width}");
            return Err(FormatError::Content { path, reason });
        }
        let is_own = *key == place.id;
        let values = (rows.intervals.iter().zip(rows.values.chunks_exact(width)))
            .filter(|(interval, _)| is_own || overlaps(**interval, place.interval))
            .flat_map(|(_, row)| row.iter().copied());
        Ok(matrix(width, values.collect()))
    }
}

impl ReadFeatures for Reader {
    fn read(&mut self, at: usize) -> Result<Features, FormatError> {
        Ok(Features {
            audio: self.modality(0, at)?,
            text: self.modality(1, at)?,
            simulated: Matrix::empty(self.widths[1]),
            video: self.modality(2, at)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_belong_where_they_overlap() {
        assert!(overlaps([0.9, 1.1], [1.0, 2.0]));
        assert!(!overlaps([0.9, 1.0], [1.0, 2.0]));
        assert!(overlaps([1.0, 1.0], [1.0, 2.0]));
        assert!(!overlaps([2.0, 2.0], [1.0, 2.0]));
        assert_eq!(video("a[b]c"), "a[b]c");
        assert_eq!(video("abc[3]"), "abc");
    }
}
