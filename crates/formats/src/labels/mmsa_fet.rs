//! The table `label.csv` of MMSA-FET's data sets: clips as `Raw/<video_id>/<clip_id>.<any>`, or, where
//! there is no `Raw`, texts alone.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::table::Table;
use super::{LabelError, LabelRange, LabelledClip, LabelledText, NoClips, checked, texts};
use undertone_types::Split;

/// The folder of the videos.
const RAW: &str = "Raw";

/// One row; the other columns are labels of single modalities, and the label as a word.
#[derive(Deserialize)]
struct Row {
    video_id: String,
    clip_id: String,
    label: f32,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    mode: Option<Split>,
}

/// Whether these are the headers of such a table.
pub(super) fn is_mmsa_fet(table: &Table) -> bool {
    table.has("video_id") && table.has("clip_id")
}

/// Whether the clips are beside such a table.
pub(super) fn has_clips(table: &Path) -> bool {
    folder(table).join(RAW).is_dir()
}

/// The clips of such a table. A clip whose file is missing gets its usual name, so that the
/// error of opening it names the file that should be there.
pub(super) fn read(mut table: Table, range: LabelRange) -> Result<Vec<LabelledClip>, LabelError> {
    let path = table.path.clone();
    let raw = folder(&path).join(RAW);
    table.rows(|line, row: Row| {
        Ok(LabelledClip {
            label: checked(&path, line, row.label, range)?,
            path: clip(&raw.join(&row.video_id), &row.clip_id),
            id: row.id(),
            source: row.video_id,
            text: row.text,
            split: row.mode.unwrap_or(Split::Train),
        })
    })
}

/// The texts of such a table.
pub(super) fn read_texts(
    mut table: Table,
    range: LabelRange,
) -> Result<Vec<LabelledText>, LabelError> {
    let path = table.path.clone();
    if !table.has("text") {
        return Err(LabelError::NeitherClipsNorTexts { path });
    }
    table.rows(|line, row: Row| {
        Ok(LabelledText {
            label: checked(&path, line, row.label, range)?,
            id: row.id(),
            source: row.video_id,
            text: texts::words(&path, line, row.text, NoClips::Folder)?,
            split: row.mode.unwrap_or(Split::Train),
        })
    })
}

impl Row {
    fn id(&self) -> String {
        format!("{}$_${}", self.video_id, self.clip_id)
    }
}

fn folder(table: &Path) -> &Path {
    table.parent().unwrap_or(Path::new("."))
}

/// The file of a clip, whatever its extension; `.mp4` is the usual one.
fn clip(folder: &Path, name: &str) -> PathBuf {
    let usual = folder.join(format!("{name}.mp4"));
    if usual.exists() {
        return usual;
    }
    let is_clip = |path: &PathBuf| path.file_stem().is_some_and(|stem| stem == name);
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(is_clip).collect();
    paths.sort();
    paths.into_iter().next().unwrap_or(usual)
}

#[cfg(test)]
mod tests {
    use super::super::{LabelTable, read_labels};
    use super::*;

    const HEADER: &str = "video_id,clip_id,text,label,label_T,label_A,label_V,annotation,mode\n";

    #[test]
    fn clips_are_found_by_video_and_number() {
        let folder = tempfile::tempdir().unwrap();
        let raw = folder.path().join("Raw/vid");
        std::fs::create_dir_all(&raw).unwrap();
        std::fs::write(raw.join("2.webm"), "").unwrap();
        let table = folder.path().join("label.csv");
        let rows = "vid,1,well,1.5,,,,Positive,train\nvid,2,\"no, never\",-2,,,,Negative,valid\n";
        std::fs::write(&table, HEADER.to_owned() + rows).unwrap();
        let LabelTable::Clips(clips) = read_labels(&table, LabelRange::default()).unwrap() else {
            panic!("they are clips");
        };
        assert_eq!(clips[0].path, raw.join("1.mp4"));
        assert_eq!(clips[1].path, raw.join("2.webm"));
        assert_eq!((clips[1].id.as_str(), clips[1].label), ("vid$_$2", -2.0));
        assert_eq!(clips[1].text.as_deref(), Some("no, never"));
        assert_eq!(clips[1].source, "vid");
        assert_eq!((clips[0].split, clips[1].split), (Split::Train, Split::Val));
    }

    #[test]
    fn without_the_folder_of_clips_it_is_a_table_of_texts() {
        let folder = tempfile::tempdir().unwrap();
        let table = folder.path().join("label.csv");
        fn texts(table: &Path, rows: &str) -> Result<LabelTable, LabelError> {
            std::fs::write(table, rows).unwrap();
            read_labels(table, LabelRange::default())
        }
        let read = texts(
            &table,
            &(HEADER.to_owned() + "vid,1,well,1.5,,,,Positive,valid\n"),
        );
        let expected = LabelledText {
            id: "vid$_$1".to_owned(),
            source: "vid".to_owned(),
            label: 1.5,
            text: "well".to_owned(),
            split: Split::Val,
        };
        assert_eq!(
            read.unwrap(),
            LabelTable::Texts(vec![expected], NoClips::Folder)
        );
        let empty = texts(
            &table,
            &(HEADER.to_owned() + "vid,1,,1.5,,,,Positive,valid\n"),
        );
        let said = empty.unwrap_err().to_string();
        assert!(said.contains("line 2: the text is empty"), "{said}");
        assert!(said.contains("no folder Raw beside it"), "{said}");
        let said = texts(&table, "video_id,clip_id,label\nv,1,0\n")
            .unwrap_err()
            .to_string();
        assert!(
            said.contains("no folder Raw") && said.contains("`text`"),
            "{said}"
        );
    }

    #[test]
    fn a_bad_row_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let table = folder.path().join("label.csv");
        std::fs::write(&table, HEADER.to_owned() + "v,1,a,4,,,,P,train\n").unwrap();
        let message = read_labels(&table, LabelRange::default())
            .unwrap_err()
            .to_string();
        assert!(message.contains("line 2: the label must be a number from -3 to 3, got 4"));
        std::fs::write(&table, HEADER.to_owned() + "v,1,a,1,,,,P,dev\n").unwrap();
        let error = read_labels(&table, LabelRange::default()).unwrap_err();
        let said = error.to_string();
        assert!(said.contains("dev") && said.contains("line 2"), "{said}");
    }
}
