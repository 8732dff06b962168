//! The common form of all formats of data sets: utterances with labels, features on demand.

use std::collections::BTreeMap;
use std::path::Path;

use super::FormatError;
use undertone_types::{Matrix, Split};

/// How many names a remark gives.
const NAMED: usize = 5;

/// An utterance without its features.
#[derive(Clone, Debug, PartialEq)]
pub struct Heading {
    /// Its name.
    pub id: String,
    /// The video that it is cut from.
    pub source: String,
    /// Its part of the data set.
    pub split: Split,
    /// Sentiment, usually in [−3, 3].
    pub label: f64,
    /// What is said; empty when the format does not state it.
    pub text: String,
}

/// Features of an utterance, each `[time, width]`; without rows where the modality is absent.
#[derive(Clone, Debug, PartialEq)]
pub struct Features {
    /// Audio.
    pub audio: Matrix,
    /// Real text.
    pub text: Matrix,
    /// Simulated text.
    pub simulated: Matrix,
    /// Video.
    pub video: Matrix,
}

/// Reads features from open files.
pub trait ReadFeatures {
    /// Features of the heading with this number.
    ///
    /// # Errors
    /// When a file cannot be read, or does not hold what it should.
    fn read(&mut self, at: usize) -> Result<Features, FormatError>;
}

/// A data set of another program.
pub struct Corpus {
    /// Widths of audio, text and video.
    pub widths: [usize; 3],
    /// Where the features of each modality come from.
    pub extractors: BTreeMap<String, String>,
    /// Its utterances.
    pub headings: Vec<Heading>,
    /// What the user should know of it, one sentence each.
    pub remarks: Vec<String>,
    /// Their features.
    pub features: Box<dyn ReadFeatures>,
}

impl Corpus {
    /// Adds words to the utterances, by id. Words without an utterance, and utterances without
    /// words, become remarks.
    pub fn add_words(&mut self, mut words: BTreeMap<String, String>, from: &Path) {
        let mut without = Vec::new();
        for heading in &mut self.headings {
            match words.remove(&heading.id) {
                Some(text) => heading.text = text,
                None => without.push(heading.id.clone()),
            }
        }
        let stray: Vec<String> = words.into_keys().collect();
        let from = from.display();
        self.remarks.extend(remark(
            &format!("no utterance for {} transcripts in {from}", stray.len()),
            &stray,
        ));
        self.remarks.extend(remark(
            &format!("no transcript in {from} for {} utterances", without.len()),
            &without,
        ));
    }
}

/// The video part of an utterance's name: before `$_$`, `[` or the last `_`.
pub(super) fn video_of(name: &str) -> &str {
    let before = |mark| name.split_once(mark).map(|(video, _)| video);
    before("$_$")
        .or_else(|| before("["))
        .or_else(|| name.rsplit_once('_').map(|(video, _)| video))
        .filter(|video| !video.is_empty())
        .unwrap_or(name)
}

/// A sentence about several utterances, the first of them named; `None` when there are none.
pub(super) fn remark(what: &str, names: &[String]) -> Option<String> {
    let first = names.get(..names.len().min(NAMED))?;
    let more = match names.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    (!names.is_empty()).then(|| format!("{what}: {}{more}", first.join(", ")))
}

/// The extractors of a data set in one file: each modality is named after the file.
pub(super) fn one_file(path: &Path) -> BTreeMap<String, String> {
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    ["audio", "text", "video"]
        .map(|modality| (modality.to_owned(), file.to_string()))
        .into()
}

/// Whole rows as a matrix.
pub(super) fn matrix(width: usize, values: Vec<f32>) -> Matrix {
    let rows = values.len() / width.max(1);
    // The values are whole rows, except for a width of 0.
    Matrix::new(rows, width, values).unwrap_or_else(|_| Matrix::empty(width))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn videos_of_names() {
        for (name, video) in [
            ("abc$_$12", "abc"),
            ("a_b[3]", "a_b"),
            ("1DmNV9C1hbY_10", "1DmNV9C1hbY"),
            ("-a_b_c_1", "-a_b_c"),
            ("alone", "alone"),
            ("_1", "_1"),
        ] {
            assert_eq!(video_of(name), video, "{name}");
        }
    }

    #[test]
    fn remarks_name_a_few() {
        let names: Vec<String> = (0..7).map(|at| at.to_string()).collect();
        assert_eq!(
            remark("odd", &names).unwrap(),
            "odd: 0, 1, 2, 3, 4 and 2 more"
        );
        assert_eq!(remark("odd", &[]), None);
    }
}
