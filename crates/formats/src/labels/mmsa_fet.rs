//! The table `label.csv` of MMSA-FET's data sets: clips as `Raw/<video_id>/<clip_id>.<any>`.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::table::{Table, error_of};
use super::{LabelError, LabelRange, LabelledClip, checked};
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

/// The clips of such a table. A clip whose file is missing gets its usual name, so that the
/// error of opening it names the file that should be there.
pub(super) fn read(
    table: &Path,
    mut opened: Table,
    range: LabelRange,
) -> Result<Vec<LabelledClip>, LabelError> {
    let folder = table.parent().unwrap_or(Path::new("."));
    let mut clips = Vec::new();
    for (index, row) in opened.reader.deserialize().enumerate() {
        let row: Row = row.map_err(|error| error_of(table, &error))?;
        let label = checked(table, index + 2, row.label, range)?;
        let path = clip(&folder.join(RAW).join(&row.video_id), &row.clip_id);
        clips.push(LabelledClip {
            id: format!("{}$_${}", row.video_id, row.clip_id),
            source: row.video_id,
            path,
            label,
            text: row.text,
            split: row.mode.unwrap_or(Split::Train),
        });
    }
    Ok(clips)
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
    use super::super::{LabelRange, read_labels};
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
        let clips = read_labels(&table, LabelRange::default()).unwrap();
        assert_eq!(clips[0].path, raw.join("1.mp4"));
        assert_eq!(clips[1].path, raw.join("2.webm"));
        assert_eq!((clips[1].id.as_str(), clips[1].label), ("vid$_$2", -2.0));
        assert_eq!(clips[1].text.as_deref(), Some("no, never"));
        assert_eq!(clips[1].source, "vid");
        assert_eq!((clips[0].split, clips[1].split), (Split::Train, Split::Val));
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
