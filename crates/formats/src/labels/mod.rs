//! Tables of labelled clips or texts: what this program's own look like, and MMSA-FET's.

mod mmsa_fet;
mod range;
mod table;
#[cfg(test)]
mod tests;
mod texts;

use std::path::{Path, PathBuf};

use serde::Deserialize;

use undertone_types::Split;

pub use range::{LabelRange, NotARange, narrow_labels};
use table::Table;
pub use texts::{LabelledText, NoClips};

/// A table of labels, read.
#[derive(Clone, Debug, PartialEq)]
pub enum LabelTable {
    /// Its rows name clips.
    Clips(Vec<LabelledClip>),
    /// Its rows have words, and no clip.
    Texts(Vec<LabelledText>, NoClips),
}

impl LabelTable {
    /// The labels, in the order of the table.
    pub fn labels(&self) -> Box<dyn Iterator<Item = f32> + '_> {
        match self {
            Self::Clips(clips) => Box::new(clips.iter().map(|clip| clip.label)),
            Self::Texts(texts, _) => Box::new(texts.iter().map(|text| text.label)),
        }
    }

    fn is_empty(&self) -> bool {
        match self {
            Self::Clips(clips) => clips.is_empty(),
            Self::Texts(texts, _) => texts.is_empty(),
        }
    }
}

/// A clip and what is known of it.
#[derive(Clone, Debug, PartialEq)]
pub struct LabelledClip {
    /// Where it is.
    pub path: PathBuf,
    /// Folder and file, as the table names it; unique within a data set.
    pub id: String,
    /// The recording (or speaker) it was cut from: what folds and intervals keep together.
    pub source: String,
    /// Sentiment in [−3, 3].
    pub label: f32,
    /// What is said; empty when nothing is, `None` when the table does not know.
    pub text: Option<String>,
    /// Its part of the data set.
    pub split: Split,
}

/// What is wrong with a table of labels.
#[derive(Debug, thiserror::Error)]
pub enum LabelError {
    /// The table cannot be read as CSV with its columns.
    #[error("cannot read the table {}: {reason}", path.display())]
    Table {
        /// The table.
        path: PathBuf,
        /// What is wrong, with the line.
        reason: String,
    },
    /// A column is missing that every table has.
    #[error(
        "{} has no column `{name}`; its columns, separated by {separator}, are: {found}",
        path.display()
    )]
    NoColumn {
        /// The table.
        path: PathBuf,
        /// The column.
        name: &'static str,
        /// The separator that was found, in words.
        separator: &'static str,
        /// The columns that there are.
        found: String,
    },
    /// No clip and no text.
    #[error(
        "{} names no clip; each line after the first has a file (or a text) and its label",
        path.display()
    )]
    Empty {
        /// The table.
        path: PathBuf,
    },
    /// A row without a usable label.
    #[error(
        "{}: line {line}: the label must be a number from {range}, got {got}{}",
        path.display(),
        if *range == LabelRange::default() { "; --label-range names another range" } else { "" }
    )]
    Label {
        /// The table.
        path: PathBuf,
        /// Counted from 1, the header included.
        line: u64,
        /// Where labels may lie.
        range: LabelRange,
        /// What stands there.
        got: String,
    },
    /// `speech` is `none`, yet the row has a text.
    #[error(
        "{}: line {line}: the column speech says none, but there is a text ({text:?}); empty one of them",
        path.display()
    )]
    Contradiction {
        /// The table.
        path: PathBuf,
        /// Counted from 1, the header included.
        line: u64,
        /// The text.
        text: String,
    },
    /// A row without words in a table of texts.
    #[error(
        "{}: line {line}: the text is empty; this is a table of texts ({why}), so remove the line \
         or write its text",
        path.display()
    )]
    NoText {
        /// The table.
        path: PathBuf,
        /// Counted from 1, the header included.
        line: u64,
        /// Why it is a table of texts.
        why: NoClips,
    },
    /// MMSA-FET's columns, with neither clips nor words.
    #[error(
        "{} names clips by the columns video_id and clip_id, but there is no folder Raw with them \
         beside it, and no column `text` to do without them",
        path.display()
    )]
    NeitherClipsNorTexts {
        /// The table.
        path: PathBuf,
    },
}

impl LabelError {
    /// Whether the user can mend it in the table.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        match self {
            Self::Table { .. }
            | Self::NoColumn { .. }
            | Self::Empty { .. }
            | Self::Label { .. }
            | Self::Contradiction { .. }
            | Self::NoText { .. }
            | Self::NeitherClipsNorTexts { .. } => true,
        }
    }
}

/// One row; other columns are ignored.
#[derive(Deserialize)]
struct Row {
    file: String,
    #[serde(alias = "valence")]
    label: f32,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    split: Option<Split>,
    #[serde(default)]
    source: Option<String>,
    #[serde(default)]
    speech: Option<Speech>,
}

/// Whether anything is said: an empty `text` alone means that it is not known.
#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Speech {
    Yes,
    None,
}

impl Row {
    /// What is said, as [`LabelledClip::text`]; `Err` is a text where `speech` is `none`.
    fn said(&self) -> Result<Option<String>, String> {
        let text = self.text.as_ref().filter(|text| !text.trim().is_empty());
        match (self.speech, text) {
            (Some(Speech::None), Some(text)) => Err(text.clone()),
            (Some(Speech::None), None) => Ok(Some(String::new())),
            (_, text) => Ok(text.cloned()),
        }
    }
}

/// Reads a table with labels of this range, separated by commas, semicolons or tabs; files are
/// relative to its folder. Without a column `split` every row is for training; `none` in a column
/// `speech` says that nothing is said. MMSA-FET's `label.csv` is recognised by its columns. A table
/// with the column `text` and no clips (no column `file`, or no folder `Raw` beside MMSA-FET's) is
/// one of texts.
///
/// # Errors
/// When it has no row or a row is malformed; the message names table and line.
pub fn read_labels(table: &Path, range: LabelRange) -> Result<LabelTable, LabelError> {
    let opened = Table::open(table)?;
    let read = match mmsa_fet::is_mmsa_fet(&opened) {
        true if mmsa_fet::has_clips(table) => LabelTable::Clips(mmsa_fet::read(opened, range)?),
        true => LabelTable::Texts(mmsa_fet::read_texts(opened, range)?, NoClips::Folder),
        false if texts::is_of_texts(&opened) => {
            LabelTable::Texts(texts::read(opened, range)?, NoClips::Column)
        }
        false => LabelTable::Clips(own(opened, range)?),
    };
    match read.is_empty() {
        true => Err(LabelError::Empty {
            path: table.to_owned(),
        }),
        false => Ok(read),
    }
}

/// The clips of a table of this program.
fn own(mut table: Table, range: LabelRange) -> Result<Vec<LabelledClip>, LabelError> {
    // An empty file is no table without these columns, but one without clips.
    if !table.columns.is_empty() {
        table.must_have(["file", "file"])?;
        table.must_have(["label", "valence"])?;
    }
    let path = table.path.clone();
    let folder = path.parent().unwrap_or(Path::new("."));
    table.rows(|line, row: Row| {
        let label = checked(&path, line, row.label, range)?;
        let clip = folder.join(&row.file);
        let text = row.said().map_err(|text| LabelError::Contradiction {
            path: path.clone(),
            line,
            text,
        })?;
        Ok(LabelledClip {
            id: id(folder, &row.file),
            source: row.source.unwrap_or_else(|| clip.display().to_string()),
            path: clip,
            label,
            text,
            split: row.split.unwrap_or(Split::Train),
        })
    })
}

/// A name within a table, with the folder's name, so that several tables make one data set.
fn id(folder: &Path, name: &str) -> String {
    match folder.file_name() {
        Some(folder) => format!("{}/{name}", folder.to_string_lossy()),
        None => name.to_owned(),
    }
}

/// The label from −3 to 3, if it is in its range.
fn checked(table: &Path, line: u64, label: f32, range: LabelRange) -> Result<f32, LabelError> {
    match range.score(label.into()) {
        Some(score) => Ok(score as f32),
        None => Err(LabelError::Label {
            path: table.to_owned(),
            line,
            range,
            got: label.to_string(),
        }),
    }
}
