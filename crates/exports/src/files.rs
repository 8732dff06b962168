//! The files of an export: one for each recording, or one table of all. Each exists exactly when
//! it is complete.

use std::path::{Path, PathBuf};

use undertone_reports::{ReadError, Record, RecordPath, Report, read_record};
use undertone_types::AtomicFile;

use crate::{ExportError, Format, Table, TableFormat, write_report};

/// What is to be written.
#[derive(Clone, Debug, Default)]
pub struct Plan<'a> {
    /// The reports, and other records that are counted.
    pub records: &'a [RecordPath],
    /// Formats with a file for each recording; tables among them have one as well.
    pub formats: &'a [Format],
    /// Folder for these files, in which they lie as the recordings in theirs; without it each is
    /// beside its report.
    pub folder: Option<&'a Path>,
    /// Tables of all utterances, and their files.
    pub tables: &'a [(TableFormat, PathBuf)],
    /// Whether a recording's file that is newer than its report stays as it is: it was made of
    /// that report, and somebody may have worked on it.
    pub keep_newer: bool,
}

/// What was written and what was not.
#[derive(Debug, Default)]
pub struct Exported {
    /// Files of recordings that were written.
    pub files: usize,
    /// Files of recordings that are newer than their report and stayed.
    pub kept: usize,
    /// Reports that were read.
    pub reports: usize,
    /// Utterances of these.
    pub utterances: usize,
    /// Duplicates: their content has a report under another name.
    pub duplicates: usize,
    /// Failure records.
    pub failures: usize,
    /// Reports that were left out.
    pub problems: Vec<Problem>,
}

/// Why a report was left out.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// It cannot be read.
    #[error(transparent)]
    Unreadable(#[from] ReadError),
    /// A format cannot hold it.
    #[error("{file:?} was not written")]
    Unsuited {
        /// The file that there would be.
        file: PathBuf,
        /// What it cannot hold.
        source: ExportError,
    },
}

/// A file cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write {file:?}")]
pub struct FileError {
    /// Which.
    pub file: PathBuf,
    /// Why.
    pub source: ExportError,
}

/// Writes all files of a plan. A report that cannot be read or held is left out and named.
///
/// # Errors
/// At the first file that the disk refuses; files that were complete before stay.
pub fn export(plan: &Plan<'_>) -> Result<Exported, FileError> {
    let mut exported = Exported::default();
    let mut tables = Vec::with_capacity(plan.tables.len());
    for (format, file) in plan.tables {
        tables.push(TableFile::begin(*format, file)?);
    }
    for record in plan.records {
        match read_record(&record.file) {
            Ok(Record::Report(report)) => {
                exported.reports += 1;
                exported.utterances += report.utterances.len();
                for table in &mut tables {
                    table.add(&report)?;
                }
                plan.write_files(record, &report, &mut exported)?;
            }
            Ok(Record::Duplicate(_)) => exported.duplicates += 1,
            Ok(Record::Failure(_)) => exported.failures += 1,
            Err(error) => exported.problems.push(error.into()),
        }
    }
    for table in tables {
        table.finish()?;
    }
    Ok(exported)
}

/// A table and the file that it will be.
struct TableFile {
    file: PathBuf,
    table: Table<AtomicFile>,
}

impl TableFile {
    fn begin(format: TableFormat, file: &Path) -> Result<Self, FileError> {
        let table = create(file).and_then(|out| Table::begin(format, out));
        Ok(Self {
            table: table.map_err(|source| refused(file, source))?,
            file: file.to_owned(),
        })
    }

    fn add(&mut self, report: &Report) -> Result<(), FileError> {
        self.table
            .add(report)
            .map_err(|source| refused(&self.file, source))
    }

    fn finish(self) -> Result<(), FileError> {
        let commit = |out: AtomicFile| Ok(out.commit()?);
        self.table
            .finish()
            .and_then(commit)
            .map_err(|source| refused(&self.file, source))
    }
}

fn refused(file: &Path, source: ExportError) -> FileError {
    let file = file.to_owned();
    FileError { file, source }
}

impl Plan<'_> {
    fn write_files(
        &self,
        record: &RecordPath,
        report: &Report,
        exported: &mut Exported,
    ) -> Result<(), FileError> {
        for format in self.formats {
            let file = self.file_of(record, *format);
            if self.keep_newer && is_newer(&file, &record.file) {
                exported.kept += 1;
                continue;
            }
            match place(&file, *format, report) {
                Ok(()) => exported.files += 1,
                Err(source @ (ExportError::Overlap(..) | ExportError::NoLength)) => {
                    exported.problems.push(Problem::Unsuited { file, source });
                }
                Err(source) => return Err(refused(&file, source)),
            }
        }
        Ok(())
    }

    fn file_of(&self, record: &RecordPath, format: Format) -> PathBuf {
        let name = record
            .recording
            .file_name()
            .unwrap_or(record.recording.as_os_str());
        let recording = match self.folder {
            Some(folder) => folder.join(&record.recording),
            None => record.file.with_file_name(name),
        };
        format.file_of(&recording)
    }
}

fn place(file: &Path, format: Format, report: &Report) -> Result<(), ExportError> {
    let mut out = create(file)?;
    write_report(format, report, &mut out)?;
    Ok(out.commit()?)
}

/// Begins a file, and makes the folders above it.
fn create(file: &Path) -> Result<AtomicFile, ExportError> {
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)?;
    }
    Ok(AtomicFile::create(file)?)
}

fn is_newer(file: &Path, report: &Path) -> bool {
    let modified = |path| std::fs::metadata(path).and_then(|facts| facts.modified());
    match (modified(file), modified(report)) {
        (Ok(file), Ok(report)) => file >= report,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::time::{Duration, SystemTime};

    use undertone_reports::{COMBINED, fixtures, records_below};

    use super::*;

    const BOTH: &[Format] = &[Format::Srt, Format::Json];

    /// A folder with a report of two utterances, a duplicate, a failure, a file of all reports
    /// and one that is broken.
    fn folder() -> tempfile::TempDir {
        let out = tempfile::tempdir().unwrap();
        let report = fixtures::write_report(out.path(), &[1.0, -2.0]);
        let text = fs::read_to_string(&report).unwrap();
        fs::write(out.path().join(COMBINED), &text).unwrap();
        let (first, _) = text.split_once('\n').unwrap();
        fs::write(out.path().join("day/broken.mp4.jsonl"), first).unwrap();
        let (recording, mark) = (fixtures::recording(), fixtures::mark());
        let other = undertone_types::Recording {
            relative: "b.mp4".into(),
            ..undertone_types::Recording::clone(&recording)
        };
        let (original, below) = (Path::new("/in/day/a.mp4"), Path::new("day/a.mp4"));
        undertone_reports::write_duplicate(out.path(), &other, original, below, &mark).unwrap();
        out
    }

    #[test]
    fn each_report_gets_its_files_and_all_a_table() {
        let out = folder();
        let records = records_below(out.path()).unwrap();
        let tables = [(TableFormat::Tsv, out.path().join("tables/all.tsv"))];
        let mut plan = Plan {
            records: &records,
            formats: BOTH,
            tables: &tables,
            ..Plan::default()
        };
        let exported = export(&plan).unwrap();
        assert_eq!(
            (exported.reports, exported.utterances, exported.files),
            (1, 2, 2)
        );
        assert_eq!((exported.duplicates, exported.failures), (1, 0));
        let [problem] = &exported.problems[..] else {
            panic!("{:?}", exported.problems);
        };
        assert!(
            problem.to_string().contains("broken.mp4.jsonl"),
            "{problem}"
        );
        assert!(out.path().join("day/a.mp4.srt").is_file());
        assert!(out.path().join("day/a.mp4.whisperx.json").is_file());
        let table = fs::read_to_string(out.path().join("tables/all.tsv")).unwrap();
        assert_eq!(table.lines().count(), 3);
        assert_eq!(records_below(out.path()).unwrap(), records);

        let elsewhere = tempfile::tempdir().unwrap();
        plan.folder = Some(elsewhere.path());
        export(&plan).unwrap();
        assert!(elsewhere.path().join("day/a.mp4.srt").is_file());
    }

    #[test]
    fn what_is_newer_than_its_report_may_stay() {
        let out = folder();
        let records = records_below(out.path()).unwrap();
        let plan = Plan {
            records: &records,
            formats: BOTH,
            keep_newer: true,
            ..Plan::default()
        };
        assert_eq!(export(&plan).unwrap().files, 2);
        let subtitles = out.path().join("day/a.mp4.srt");
        fs::write(&subtitles, "worked on").unwrap();
        let exported = export(&plan).unwrap();
        assert_eq!((exported.files, exported.kept), (0, 2));
        assert_eq!(fs::read_to_string(&subtitles).unwrap(), "worked on");

        let long_ago = SystemTime::now() - Duration::from_secs(3600);
        let file = File::options().write(true).open(&subtitles).unwrap();
        file.set_modified(long_ago).unwrap();
        assert_eq!(export(&plan).unwrap().files, 1);
        assert_eq!(
            export(&Plan {
                keep_newer: false,
                ..plan
            })
            .unwrap()
            .files,
            2
        );
    }

    #[test]
    fn a_file_that_cannot_be_written_is_named() {
        let out = folder();
        let records = records_below(out.path()).unwrap();
        let file = out.path().join("day/a.mp4.jsonl/all.tsv");
        let tables = [(TableFormat::Tsv, file.clone())];
        let error = export(&Plan {
            records: &records,
            tables: &tables,
            ..Plan::default()
        })
        .unwrap_err();
        assert_eq!(error.file, file);
    }
}
