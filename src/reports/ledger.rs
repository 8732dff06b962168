//! The ledger: which recordings are done. The reports themselves say so.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use super::lines::{Line, RecordingLine, SummaryLine};
use super::mark::RunMark;

/// How much of a file's end is read at a time.
const BLOCK: u64 = 16 * 1024;

/// First and last line of a complete report.
#[derive(Clone, Debug, PartialEq)]
pub struct FinishedReport {
    /// What was scored, with what.
    pub recording: RecordingLine,
    /// The result at a glance.
    pub summary: SummaryLine,
}

/// True when the report is complete and was made from this content, with this bundle
/// and these settings: doing it again would give the same.
#[must_use]
pub fn is_done(report: &Path, blake3: &str, mark: &RunMark) -> bool {
    read_finished(report).is_some_and(|finished| {
        let RecordingLine {
            source,
            bundle,
            config,
            ..
        } = finished.recording;
        source.blake3.as_deref() == Some(blake3)
            && bundle.fingerprint == mark.bundle.fingerprint
            && config == mark.config
    })
}

/// Reads first and last line of a report; `None` when there is no complete report of a
/// form that this program knows.
#[must_use]
pub fn read_finished(report: &Path) -> Option<FinishedReport> {
    let mut file = File::open(report).ok()?;
    let mut first = Vec::new();
    BufReader::new(&file).read_until(b'\n', &mut first).ok()?;
    let last = last_line(&mut file).ok()?;
    match (
        serde_json::from_slice(&first),
        serde_json::from_slice(&last),
    ) {
        (Ok(Line::Recording(recording)), Ok(Line::Summary(summary))) => {
            Some(FinishedReport { recording, summary })
        }
        _ => None,
    }
}

/// The last line, without what is before it; empty when it does not end.
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
