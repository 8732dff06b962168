//! Tables of labelled texts: words without clips.

use std::fmt;
use std::path::Path;

use serde::Deserialize;

use super::table::Table;
use super::{LabelError, LabelRange, checked, id};
use undertone_types::Split;

/// A text and what is known of it.
#[derive(Clone, Debug, PartialEq)]
pub struct LabelledText {
    /// The column `id`, or folder, table and line; unique within a data set.
    pub id: String,
    /// The recording (or author) it is from: what folds and intervals keep together.
    pub source: String,
    /// Sentiment in [−3, 3].
    pub label: f32,
    /// The words, never empty.
    pub text: String,
    /// Its part of the data set.
    pub split: Split,
}

/// Why a table is one of texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoClips {
    /// It has no column that names files.
    Column,
    /// MMSA-FET's folder of clips is not beside it.
    Folder,
}

impl fmt::Display for NoClips {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Column => "it has no column `file`",
            Self::Folder => "there is no folder Raw beside it",
        })
    }
}

/// One row; other columns are ignored.
#[derive(Deserialize)]
struct Row {
    text: Option<String>,
    #[serde(alias = "valence")]
    label: f32,
    #[serde(default)]
    split: Option<Split>,
    #[serde(default)]
    source: Option<String>,
    #[serde(default)]
    id: Option<String>,
}

/// Whether a table of this program has texts and no clips.
pub(super) fn is_of_texts(table: &Table) -> bool {
    table.has("text") && !table.has("file")
}

/// The texts of such a table.
pub(super) fn read(mut table: Table, range: LabelRange) -> Result<Vec<LabelledText>, LabelError> {
    table.must_have(["label", "valence"])?;
    let path = table.path.clone();
    let folder = path.parent().unwrap_or(Path::new("."));
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    table.rows(|line, row: Row| {
        let id = row
            .id
            .unwrap_or_else(|| id(folder, &format!("{name}:{line}")));
        Ok(LabelledText {
            label: checked(&path, line, row.label, range)?,
            source: row.source.unwrap_or_else(|| id.clone()),
            id,
            text: words(&path, line, row.text, NoClips::Column)?,
            split: row.split.unwrap_or(Split::Train),
        })
    })
}

/// The words of a row.
pub(super) fn words(
    path: &Path,
    line: u64,
    text: Option<String>,
    why: NoClips,
) -> Result<String, LabelError> {
    let said = text.filter(|text| !text.trim().is_empty());
    said.ok_or_else(|| LabelError::NoText {
        path: path.to_owned(),
        line,
        why,
    })
}

#[cfg(test)]
mod tests {
    use super::super::{LabelTable, read_labels};
    use super::*;

    fn read(name: &str, rows: &str) -> Result<Vec<LabelledText>, LabelError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("reviews").join(name);
        std::fs::create_dir(path.parent().unwrap()).unwrap();
        std::fs::write(&path, rows).unwrap();
        match read_labels(&path, LabelRange::default())? {
            LabelTable::Texts(texts, NoClips::Column) => Ok(texts),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_table_without_files_is_one_of_texts() {
        let rows = "text,valence,split,source,id\n\"good,\nreally\",2,val,me,a1\nbad,-2,,,\n";
        let texts = read("all.csv", rows).unwrap();
        let (first, second) = (&texts[0], &texts[1]);
        assert_eq!((first.id.as_str(), first.source.as_str()), ("a1", "me"));
        assert_eq!((first.split, second.split), (Split::Val, Split::Train));
        assert_eq!((first.text.as_str(), first.label), ("good,\nreally", 2.0));
        // The first text takes two lines.
        assert_eq!(second.id, "reviews/all.csv:4");
        assert_eq!(second.source, second.id);
    }

    #[test]
    fn a_line_without_words_is_named() {
        let said = read("t.csv", "text,label\nfine,1\n  ,1\n")
            .unwrap_err()
            .to_string();
        assert!(said.contains("t.csv: line 3: the text is empty"), "{said}");
        let said = read("t.csv", "text,stars\nfine,1\n")
            .unwrap_err()
            .to_string();
        assert!(said.contains("no column `label`"), "{said}");
        let said = read("t.csv", "text,label\nfine,7\n")
            .unwrap_err()
            .to_string();
        assert!(said.contains("line 2: the label must be"), "{said}");
    }
}
