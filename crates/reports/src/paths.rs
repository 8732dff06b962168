//! Where reports go: a mirror of the input's folders.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

/// Ending of a report.
const REPORT: &str = ".jsonl";
/// The file in which a daemon may keep all reports together, beside them.
pub const COMBINED: &str = "reports.jsonl";
/// Folder of a daemon's own files, beside the reports; none of them is a record.
pub const STATE_FOLDER: &str = ".undertone";
/// Ending of a failure record.
const FAILURE: &str = ".failed.json";
/// Ending of a page that shows reports.
const PAGE: &str = ".html";
/// Endings of what is made of reports for other programs.
const EXPORTS: &[&str] = &[
    ".srt",
    ".vtt",
    ".csv",
    ".tsv",
    ".parquet",
    ".eaf",
    ".labels.txt",
    ".TextGrid",
    ".whisperx.json",
];
/// Longest name that is kept: file systems allow 255 bytes, endings included.
const LONGEST_NAME: usize = 240;
/// Bytes kept of a longer name; a hash stands for the rest.
const KEPT_OF_LONG_NAME: usize = 200;

/// Where a recording's report and failure record are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportPaths {
    /// The report.
    pub report: PathBuf,
    /// The failure record.
    pub failure: PathBuf,
}

impl ReportPaths {
    /// The paths for a recording below the output folder. The name keeps its extension, so
    /// that `a.mp4` and `a.mkv` do not share a report; `..` and `/` are left out of the path,
    /// so that nothing is written outside of the folder.
    #[must_use]
    pub fn new(out: &Path, relative: &Path) -> Self {
        let inside = relative.components().filter_map(|part| match part {
            Component::Normal(name) => Some(name),
            _ => None,
        });
        let mut names: Vec<&OsStr> = inside.collect();
        let name = names.pop().unwrap_or_else(|| OsStr::new("recording"));
        let folder = names
            .iter()
            .fold(out.to_owned(), |folder, name| folder.join(name));
        let stem = bounded(name);
        let with = |ending: &str| {
            let mut name = stem.clone();
            name.push(ending);
            folder.join(name)
        };
        Self {
            report: with(REPORT),
            failure: with(FAILURE),
        }
    }

    /// Their folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.report.parent().unwrap_or(Path::new(""))
    }
}

fn bounded(name: &OsStr) -> OsString {
    let bytes = name.as_bytes();
    if bytes.len() + FAILURE.len() <= LONGEST_NAME {
        return name.to_owned();
    }
    let mut short = OsStr::from_bytes(&bytes[..KEPT_OF_LONG_NAME]).to_owned();
    short.push("~");
    short.push(&blake3::hash(bytes).to_hex()[..12]);
    short
}

/// The recording of a report or failure record, by the record's path, and whether it is the
/// latter. The name of the recording is shortened where it was too long.
pub(super) fn recording_of(record: &Path) -> Option<(PathBuf, bool)> {
    let bytes = record.as_os_str().as_bytes();
    let failed = bytes.strip_suffix(FAILURE.as_bytes());
    let name = failed.or_else(|| bytes.strip_suffix(REPORT.as_bytes()))?;
    Some((OsStr::from_bytes(name).into(), failed.is_some()))
}

/// True when a file is a report or a failure record by its name.
#[must_use]
pub fn is_record(path: &Path) -> bool {
    recording_of(path).is_some()
}

/// True for files that this program writes: reports, failure records and pages.
#[must_use]
pub fn is_own_output(name: &OsStr) -> bool {
    let endings = [REPORT, FAILURE, PAGE].map(str::as_bytes);
    endings
        .iter()
        .any(|ending| name.as_bytes().ends_with(ending))
}

/// True for names as files have them that are made of reports for other programs. Files of others
/// may have such names as well; none of them is a recording.
#[must_use]
pub fn is_export(name: &OsStr) -> bool {
    let bytes = name.as_bytes();
    EXPORTS
        .iter()
        .any(|ending| bytes.ends_with(ending.as_bytes()))
}

/// Where the page of a report or failure record goes: beside it, `a.mp4.html` for `a.mp4.jsonl`.
#[must_use]
pub fn page_beside(record: &Path) -> PathBuf {
    let name = recording_of(record).map_or_else(|| record.to_owned(), |(name, _)| name);
    let mut page = name.into_os_string();
    page.push(PAGE);
    page.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(relative: impl AsRef<Path>) -> PathBuf {
        ReportPaths::new(Path::new("out"), relative.as_ref()).report
    }

    #[test]
    fn reports_mirror_the_input_and_keep_extensions() {
        assert_eq!(report("day/a.mp4"), Path::new("out/day/a.mp4.jsonl"));
        assert_ne!(report("a.mp4"), report("a.mkv"));
        let paths = ReportPaths::new(Path::new("out"), Path::new("a.mp4"));
        assert_eq!(paths.failure, Path::new("out/a.mp4.failed.json"));
        assert!(is_own_output(paths.report.file_name().unwrap()));
        assert!(is_own_output(paths.failure.file_name().unwrap()));
        assert!(!is_own_output(OsStr::new("a.mp4")));
    }

    #[test]
    fn pages_lie_beside_reports_and_are_no_recordings() {
        let paths = ReportPaths::new(Path::new("out"), Path::new("a.mp4"));
        let page = page_beside(&paths.report);
        assert_eq!(page, Path::new("out/a.mp4.html"));
        assert_eq!(page_beside(&paths.failure), page);
        assert!(is_own_output(page.file_name().unwrap()));
        assert!(is_record(&paths.report) && !is_record(&page));
    }

    #[test]
    fn nothing_is_written_outside() {
        assert_eq!(report("../../etc/a.mp4"), Path::new("out/etc/a.mp4.jsonl"));
        assert_eq!(report("/etc/a.mp4"), Path::new("out/etc/a.mp4.jsonl"));
        assert_eq!(report(".."), Path::new("out/recording.jsonl"));
    }

    #[test]
    fn odd_names_stay_apart() {
        let odd = |byte| report(OsStr::from_bytes(&[b'a', byte, b'.', b'm']));
        assert_ne!(odd(0xff), odd(0xfe));
        let long = |last: &str| report("x".repeat(250) + last);
        assert_ne!(long("a"), long("b"));
        assert!(long("a").file_name().unwrap().len() <= 255);
    }
}
