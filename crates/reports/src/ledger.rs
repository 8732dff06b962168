//! The ledger: which recordings are done, as told by the reports themselves.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use super::failure::read_failure;
use super::lines::{DuplicateLine, FailureLine, Line, RecordingLine, SourceLine, SummaryLine};
use super::mark::RunMark;
use super::paths::ReportPaths;
use super::sidecar::sidecar_change;
use undertone_types::Recording;

/// Bytes of a file's end that are read at a time.
const BLOCK: u64 = 16 * 1024;

/// First and last line of a complete report.
#[derive(Clone, Debug, PartialEq)]
pub struct FinishedReport {
    /// What was scored, with what.
    pub recording: RecordingLine,
    /// The summary.
    pub summary: SummaryLine,
}

/// What is known of a recording in the output folder.
#[derive(Clone, Debug, PartialEq)]
pub enum Standing {
    /// Nothing yet.
    Unknown,
    /// It has a complete report, with this first line.
    Reported(Box<RecordingLine>),
    /// Its report points to another, which is complete and of the same content.
    Duplicate {
        /// The one line of its report.
        pointer: Box<DuplicateLine>,
        /// The first line of the other.
        original: Box<RecordingLine>,
    },
    /// It has a failure record and no report.
    Failed(Box<FailureLine>),
}

/// Looks up a recording. A duplicate whose original report has been removed counts as unknown.
/// Where there is a failure record as well, the newer file counts: writing a report removes the
/// record.
#[must_use]
pub fn standing(out: &Path, relative: &Path) -> Standing {
    let paths = ReportPaths::new(out, relative);
    let failure = || read_failure(&paths.failure).map(|line| Standing::Failed(Box::new(line)));
    let report = || report_at(out, &paths.report);
    let modified = |path| {
        std::fs::metadata(path)
            .and_then(|facts| facts.modified())
            .ok()
    };
    let standing = match (modified(&paths.report), modified(&paths.failure)) {
        (report_at, Some(failed_at)) if report_at.is_none_or(|at| at < failed_at) => {
            failure().or_else(report)
        }
        (_, Some(_)) => report().or_else(failure),
        (_, None) => report(),
    };
    standing.unwrap_or(Standing::Unknown)
}

/// The complete report of a recording, whatever its failure record says.
#[must_use]
pub fn reported(out: &Path, relative: &Path) -> Option<Standing> {
    report_at(out, &ReportPaths::new(out, relative).report)
}

fn report_at(out: &Path, report: &Path) -> Option<Standing> {
    match read_ends(report)? {
        (Line::Recording(first), Line::Summary(_)) => Some(Standing::Reported(Box::new(first))),
        (Line::Duplicate(pointer), _) => {
            let original = read_finished(&out.join(&pointer.of.report))?.recording;
            let hash = &original.source.blake3;
            let is_same = hash.is_some() && *hash == pointer.source.blake3;
            is_same.then(|| Standing::Duplicate {
                pointer: Box::new(pointer),
                original: Box::new(original),
            })
        }
        _ => None,
    }
}

/// True when there is a complete report of this recording's content and sidecar, bundle and
/// settings: scoring it again would give the same.
#[must_use]
pub fn is_done(out: &Path, recording: &Recording, mark: &RunMark) -> bool {
    let standing = standing(out, &recording.relative);
    let source = standing.source();
    source.is_some_and(|source| source.blake3.as_deref() == Some(&*recording.blake3))
        && standing.is_of(mark)
        && standing.sidecar_change(&recording.path, mark).is_none()
}

impl Standing {
    /// The file that the report is about; none without a report.
    #[must_use]
    pub fn source(&self) -> Option<&SourceLine> {
        match self {
            Self::Reported(line) => Some(&line.source),
            Self::Duplicate { pointer, .. } => Some(&pointer.source),
            Self::Unknown | Self::Failed(_) => None,
        }
    }

    /// How the sidecar that its report was made with differs from that of the recording today, for
    /// example "sidecar: none → a.srt"; `None` where it does not. A pointer is as good as the
    /// report that it leads to, whose recording may have another sidecar.
    #[must_use]
    pub fn sidecar_change(&self, recording: &Path, mark: &RunMark) -> Option<String> {
        match self {
            Self::Reported(line) => sidecar_change(line, mark.sidecar_of(recording).as_ref()),
            Self::Duplicate { .. } | Self::Unknown | Self::Failed(_) => None,
        }
    }

    /// True when its report was made with this bundle and these settings. A pointer is worth what
    /// it points to: another run may have made that anew with other settings.
    #[must_use]
    pub fn is_of(&self, mark: &RunMark) -> bool {
        match self {
            Self::Reported(line) => mark.made(&line.bundle, &line.config),
            Self::Duplicate { pointer, original } => {
                mark.made(&pointer.bundle, &pointer.config)
                    && mark.made(&original.bundle, &original.config)
            }
            Self::Unknown | Self::Failed(_) => false,
        }
    }
}

/// Reads first and last line of a report; `None` when it is not complete, or has a format
/// that this program does not know.
#[must_use]
pub fn read_finished(report: &Path) -> Option<FinishedReport> {
    match read_ends(report) {
        Some((Line::Recording(recording), Line::Summary(summary))) => {
            Some(FinishedReport { recording, summary })
        }
        _ => None,
    }
}

/// The first line of a report, if it has this program's format.
pub(super) fn read_first(report: &Path) -> Option<Line> {
    let mut first = Vec::new();
    let mut file = BufReader::new(File::open(report).ok()?);
    file.read_until(b'\n', &mut first).ok()?;
    serde_json::from_slice(&first).ok()
}

/// First and last line of a report; the same one where there is only one.
fn read_ends(report: &Path) -> Option<(Line, Line)> {
    let mut file = File::open(report).ok()?;
    let mut first = Vec::new();
    BufReader::new(&file).read_until(b'\n', &mut first).ok()?;
    let last = last_line(&mut file).ok()?;
    let line = |text: &[u8]| serde_json::from_slice(text).ok();
    Some((line(&first)?, line(&last)?))
}

/// The last line; empty when it has no line end.
fn last_line(file: &mut File) -> io::Result<Vec<u8>> {
    let mut start = file.seek(SeekFrom::End(0))?;
    let mut tail = Vec::new();
    while start > 0 {
        let length = start.min(BLOCK);
        start -= length;
        file.seek(SeekFrom::Start(start))?;
        let mut block = Vec::new();
        file.by_ref().take(length).read_to_end(&mut block)?;
        block.append(&mut tail);
        tail = block;
        let Some((b'\n', line)) = tail.split_last() else {
            return Ok(Vec::new());
        };
        if let Some(end) = line.iter().rposition(|byte| *byte == b'\n') {
            return Ok(line[end + 1..].to_vec());
        }
    }
    Ok(tail)
}
