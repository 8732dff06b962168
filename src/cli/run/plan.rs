//! What a run does with a recording, and why.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use undertone_reports::{
    FailureLine, NextTry, ReportPaths, RunMark, failed_before, standing, what_changed,
};
use undertone_types::Recording;

/// Decides what to do with recordings, by what the folder of reports holds about them.
#[derive(Clone)]
pub(super) struct Planner {
    /// Folder of the reports.
    pub(super) out: PathBuf,
    /// Score again what is done, and what is quarantined.
    pub(super) force: bool,
    /// Bundle and settings.
    pub(super) mark: Arc<RunMark>,
}

/// What is done with a recording.
pub(super) enum Plan {
    /// It is scored.
    Score(Why),
    /// It has its report.
    Done,
    /// It ended the worker twice, and is not tried again.
    Quarantined(Box<FailureLine>),
}

/// Why a recording is scored.
pub(super) enum Why {
    /// It has no report.
    New,
    /// Its report is about other content.
    Changed,
    /// Its report was made with other settings or models: what has changed.
    Outdated(String),
    /// It failed before.
    Failed(Box<FailureLine>),
    /// It was asked for.
    Forced,
}

impl Planner {
    /// Where what is said of a recording lies.
    pub(super) fn paths(&self, relative: &Path) -> ReportPaths {
        ReportPaths::new(&self.out, relative)
    }

    /// What there is to do for a recording, whose content is known.
    pub(super) fn plan(&self, recording: &Recording) -> Plan {
        let standing = standing(&self.out, &recording.relative);
        let scored = standing.source().map(|source| source.blake3.as_deref());
        let is_same = scored == Some(Some(&*recording.blake3));
        let sidecar = standing.sidecar_change(&recording.path, &self.mark);
        let failed = failed_before(&self.paths(&recording.relative), &recording.blake3);
        if is_same && standing.is_of(&self.mark) && sidecar.is_none() {
            return match self.force {
                true => Plan::Score(Why::Forced),
                false => Plan::Done,
            };
        }
        if let Some(record) = failed {
            let is_quarantined = record.next() == NextTry::Quarantined
                && record.bundle.fingerprint == self.mark.bundle.fingerprint;
            return match (is_quarantined, self.force) {
                (true, false) => Plan::Quarantined(Box::new(record)),
                (true, true) => Plan::Score(Why::Forced),
                (false, _) => Plan::Score(Why::Failed(Box::new(record))),
            };
        }
        let changes = what_changed(&standing, &self.mark)
            .into_iter()
            .chain(sidecar);
        Plan::Score(match scored {
            None => Why::New,
            Some(_) if is_same => Why::Outdated(changes.collect::<Vec<_>>().join(", ")),
            Some(_) => Why::Changed,
        })
    }
}
