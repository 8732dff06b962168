//! Says which reports a run makes anew, and why, before it does.

use std::path::Path;

use crate::cli::progress::Terminal;
use undertone_discovery::Found;
use undertone_reports::{OutdatedReports, RunMark, standing};

pub(super) fn say_outdated(found: &[Found], out: &Path, mark: &RunMark, terminal: &Terminal) {
    let mut outdated = OutdatedReports::default();
    for recording in found {
        outdated.add(&standing(out, &recording.relative), mark);
    }
    if !outdated.is_empty() {
        terminal.note(&format!("{outdated}; making them anew"));
    }
}
