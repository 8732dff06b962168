//! Tables of labelled clips: what this program's own look like, and MMSA-FET's.

mod mmsa_fet;
mod range;
mod table;

use std::path::{Path, PathBuf};

use serde::Deserialize;

use undertone_types::Split;

pub use range::{LabelRange, NotARange, narrow_labels};
use table::{Table, error_of};

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
    /// The table cannot be read as CSV with the columns `file`, `label` (or `valence`)
    /// and, if known, `text`, `speech`, `split` and `source`.
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
    /// No clip.
    #[error(
        "{} names no clip; each line after the first has a file and its label", path.display()
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
        line: usize,
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
        line: usize,
        /// The text.
        text: String,
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
            | Self::Contradiction { .. } => true,
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
/// relative to its folder. Without a column `split` every clip is for training; `none` in a column
/// `speech` says that nothing is said. MMSA-FET's `label.csv` is recognised by its columns.
///
/// # Errors
/// When it names no clip or a row is malformed; the message names table and line.
pub fn read_labels(table: &Path, range: LabelRange) -> Result<Vec<LabelledClip>, LabelError> {
    let opened = Table::open(table)?;
    let clips = match mmsa_fet::is_mmsa_fet(&opened) {
        true => mmsa_fet::read(table, opened, range)?,
        false => own(table, opened, range)?,
    };
    match clips.is_empty() {
        true => Err(LabelError::Empty {
            path: table.to_owned(),
        }),
        false => Ok(clips),
    }
}

/// The clips of a table of this program.
fn own(
    table: &Path,
    mut opened: Table,
    range: LabelRange,
) -> Result<Vec<LabelledClip>, LabelError> {
    // An empty file is no table without these columns, but one without clips.
    if !opened.columns.is_empty() {
        opened.must_have(table, ["file", "file"])?;
        opened.must_have(table, ["label", "valence"])?;
    }
    let folder = table.parent().unwrap_or(Path::new("."));
    let mut clips = Vec::new();
    for (index, row) in opened.reader.deserialize().enumerate() {
        let row: Row = row.map_err(|error| error_of(table, &error))?;
        let label = checked(table, index + 2, row.label, range)?;
        // With the folder's name, so that several tables make one data set.
        let id = match folder.file_name() {
            Some(name) => format!("{}/{}", name.to_string_lossy(), row.file),
            None => row.file.clone(),
        };
        let path = folder.join(&row.file);
        let text = row.said().map_err(|text| LabelError::Contradiction {
            path: table.to_owned(),
            line: index + 2,
            text,
        })?;
        clips.push(LabelledClip {
            source: row.source.unwrap_or_else(|| path.display().to_string()),
            path,
            id,
            label,
            text,
            split: row.split.unwrap_or(Split::Train),
        });
    }
    Ok(clips)
}

/// The label from −3 to 3, if it is in its range.
fn checked(table: &Path, line: usize, label: f32, range: LabelRange) -> Result<f32, LabelError> {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn table(text: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("labels.csv");
        std::fs::write(&path, text).unwrap();
        (folder, path)
    }

    #[test]
    fn columns_are_found_by_name() {
        let (folder, path) = table(
            "source,file,text,valence,split\nx,a.mp4,\"well, fine\",1.5,val\ny,b.mkv,,-3,test\n",
        );
        let clips = read_labels(&path, LabelRange::default()).unwrap();
        assert_eq!(clips[0].path, folder.path().join("a.mp4"));
        assert_eq!(clips[0].text.as_deref(), Some("well, fine"));
        assert_eq!((clips[0].label, clips[0].split), (1.5, Split::Val));
        assert_eq!(
            (clips[0].source.as_str(), clips[1].source.as_str()),
            ("x", "y")
        );
        assert_eq!(
            (clips[1].text.as_deref(), clips[1].split),
            (None, Split::Test)
        );
    }

    #[test]
    fn a_bad_row_is_named() {
        let (_folder, path) = table("file,label\na.mp4,0\nb.mp4,12\n");
        let error = read_labels(&path, LabelRange::default())
            .unwrap_err()
            .to_string();
        let expected = "line 3: the label must be a number from -3 to 3, got 12; --label-range";
        assert!(error.contains(expected), "{error}");
        let (_folder, path) = table("file,label\na.mp4,good\n");
        let error = read_labels(&path, LabelRange::default()).unwrap_err();
        assert!(
            std::error::Error::source(&error).is_none(),
            "it would be said twice"
        );
        let said = error.to_string();
        assert!(
            said.ends_with("line 2: column 2: invalid float literal"),
            "{said}"
        );
    }

    #[test]
    fn the_separator_is_found_and_named() {
        for separator in [";", "\t"] {
            let lines = ["file,label,text", "a.mp4,1.5,\"well, fine\"", "b.mp4,-1,no"];
            let text = lines.map(|line| line.replace(',', separator)).join("\n");
            let (_folder, path) = table(&text);
            let clips = read_labels(&path, LabelRange::default()).unwrap();
            assert_eq!((clips.len(), clips[0].label), (2, 1.5));
        }
        let (_folder, path) = table("datei;label\na.mp4;1\n");
        let said = read_labels(&path, LabelRange::default())
            .unwrap_err()
            .to_string();
        assert!(
            said.ends_with(
                "no column `file`; its columns, separated by semicolons, are: datei, label"
            ),
            "{said}"
        );
        let (_folder, path) = table("file|label\na.mp4|1\n");
        let said = read_labels(&path, LabelRange::default())
            .unwrap_err()
            .to_string();
        assert!(
            said.ends_with("separated by commas, are: file|label"),
            "{said}"
        );
    }

    #[test]
    fn a_table_without_clips_is_an_error() {
        for text in ["", "file,label\n", "video_id,clip_id,label\n"] {
            let (_folder, path) = table(text);
            let error = read_labels(&path, LabelRange::default()).unwrap_err();
            assert!(matches!(error, LabelError::Empty { .. }), "{error}");
        }
    }

    #[test]
    fn labels_of_another_range_are_mapped() {
        let (_folder, path) = table("file,label\na.mp4,-0.5\nb.mp4,1\n");
        let clips = read_labels(&path, "-1..1".parse().unwrap()).unwrap();
        assert_eq!((clips[0].label, clips[1].label), (-1.5, 3.0));
        let (_folder, path) = table("file,label\na.mp4,2\n");
        let said = read_labels(&path, "-1..1".parse().unwrap())
            .unwrap_err()
            .to_string();
        assert!(said.ends_with("from -1 to 1, got 2"), "{said}");
    }

    #[test]
    fn speech_none_says_that_nothing_is_said_and_a_blank_text_says_nothing() {
        let (_folder, path) = table("file,label,text,speech\na.wav,0,,none\nb.wav,0,  ,\n");
        let clips = read_labels(&path, LabelRange::default()).unwrap();
        assert_eq!(clips[0].text.as_deref(), Some(""));
        assert_eq!(clips[1].text, None);
        let (_folder, path) = table("file,label,text,speech\na.wav,0,hello,none\n");
        let error = read_labels(&path, LabelRange::default())
            .unwrap_err()
            .to_string();
        assert!(error.contains("line 2: the column speech says none, but"));
    }
}
