//! The formats, their names and the endings of their files.

use std::path::{Path, PathBuf};

/// Name of a folder's table, before its ending.
const TABLE: &str = "utterances";

/// A format that other programs load.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    strum::Display,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[strum(serialize_all = "lowercase")]
pub enum Format {
    /// Subtitles that every player shows (SubRip).
    Srt,
    /// Subtitles with sentiment as the class of each cue (WebVTT).
    Vtt,
    /// A table for spreadsheets: commas, a byte order mark.
    Csv,
    /// A table for programs: tabs.
    Tsv,
    /// A table with typed columns.
    Parquet,
    /// Tiers of ELAN.
    Eaf,
    /// Labels of Audacity.
    Audacity,
    /// Tiers of Praat.
    Textgrid,
    /// Segments and words as WhisperX writes them, with sentiment.
    Json,
}

/// A format of tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableFormat {
    /// As [`Format::Csv`].
    Csv,
    /// As [`Format::Tsv`].
    Tsv,
    /// As [`Format::Parquet`].
    Parquet,
}

impl Format {
    /// All of them.
    pub const ALL: &'static [Self] = <Self as strum::VariantArray>::VARIANTS;

    /// Its name on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// What its files' names end with, without a dot. `undertone_reports::is_export` knows each
    /// of them, so that none is taken for a recording.
    #[must_use]
    pub fn ending(self) -> &'static str {
        match self {
            Self::Audacity => "labels.txt",
            Self::Textgrid => "TextGrid",
            // Not `.json`: of a recording `a.failed` that would be the name of a failure record.
            Self::Json => "whisperx.json",
            _ => self.name(),
        }
    }

    /// The table that it is, where one file holds the utterances of many reports.
    #[must_use]
    pub fn table(self) -> Option<TableFormat> {
        match self {
            Self::Csv => Some(TableFormat::Csv),
            Self::Tsv => Some(TableFormat::Tsv),
            Self::Parquet => Some(TableFormat::Parquet),
            _ => None,
        }
    }

    /// True when it is not text.
    #[must_use]
    pub fn is_binary(self) -> bool {
        self == Self::Parquet
    }

    /// The name of a folder's table in this format.
    #[must_use]
    pub fn table_name(self) -> String {
        format!("{TABLE}.{}", self.ending())
    }

    /// The file beside or below a folder that belongs to a recording.
    pub(crate) fn file_of(self, recording: &Path) -> PathBuf {
        let mut name = recording.as_os_str().to_owned();
        name.push(".");
        name.push(self.ending());
        name.into()
    }
}

#[cfg(test)]
mod tests {
    use undertone_reports::{is_export, is_own_output};

    use super::*;

    #[test]
    fn no_file_is_taken_for_a_recording_or_a_record() {
        for format in Format::ALL {
            let file = format.file_of(Path::new("day/a.failed"));
            let table = format.table_name();
            for name in [file.file_name().unwrap(), table.as_ref()] {
                assert!(is_export(name) && !is_own_output(name), "{name:?}");
            }
            assert_eq!(format.name().parse(), Ok(*format));
        }
    }
}
