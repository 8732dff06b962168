//! What a run works through: recordings, looked at one after the other. Those that another run
//! works on are looked at again at the end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crossbeam_channel::Sender;

use super::plan::{Plan, Planner};
use super::view::View;
use undertone_daemon::{Claim, Claims, Sourced};
use undertone_discovery::{Found, identify};
use undertone_reports::{FailureLine, failed_before, is_done, read_failure};
use undertone_types::{Cause, Failure, Recording, RecordingId, Stage};

/// How often it is looked whether another run has finished a recording.
const AGAIN: Duration = Duration::from_millis(250);

/// Hashes recordings, and passes over those that are done.
pub(super) struct Source {
    /// Decides what to do with each.
    pub(super) planner: Planner,
    /// Who works on what.
    pub(super) claims: Claims,
    /// Shows what is not scored.
    pub(super) view: Arc<View>,
    /// Set to look at no more recordings.
    pub(super) stop: Arc<AtomicBool>,
}

/// A recording that another run works on.
struct Deferred {
    id: RecordingId,
    found: Found,
    /// Its failure record before the other run has finished.
    former: Option<FailureLine>,
}

impl Source {
    /// Sends what is to be scored, until there is no more or nobody receives.
    pub(super) fn send_all(&self, found: Vec<Found>, to: &Sender<Sourced>) {
        let mut deferred = Vec::new();
        for (found, id) in found.into_iter().zip(0..) {
            let id = RecordingId(id);
            let Some(claim) = self.claims.claim(&found.relative) else {
                let former = read_failure(&self.planner.paths(&found.relative).failure);
                deferred.push(Deferred { id, found, former });
                continue;
            };
            if self.is_over() || !self.send(self.look_at(&found, id, claim), to) {
                return;
            }
        }
        if !deferred.is_empty() {
            let count = deferred.len();
            tracing::info!(count, "waiting for recordings that another run works on");
        }
        while !deferred.is_empty() && !self.is_over() {
            deferred.retain(|waiting| {
                let Some(claim) = self.claims.claim(&waiting.found.relative) else {
                    return true;
                };
                self.send(self.look_again(waiting, claim), to);
                false
            });
            std::thread::sleep(AGAIN);
        }
    }

    fn is_over(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    fn send(&self, item: Option<Sourced>, to: &Sender<Sourced>) -> bool {
        item.is_none_or(|item| to.send(item).is_ok())
    }

    /// What there is to do for a recording, if anything.
    fn look_at(&self, found: &Found, id: RecordingId, claim: Claim) -> Option<Sourced> {
        let recording = match identify(found, id) {
            Ok(recording) => recording,
            Err(error) => return Some(unreadable(found, id, &error, claim)),
        };
        match self.planner.plan(&recording) {
            Plan::Score(_) => return Some(Sourced::Recording(recording, claim)),
            Plan::Done => self.view.skipped(&recording),
            Plan::Quarantined(record) => self.view.quarantined(&recording, &record),
        }
        None
    }

    /// Another run has let go of a recording: it has scored it, failed, or was ended.
    fn look_again(&self, waiting: &Deferred, claim: Claim) -> Option<Sourced> {
        let Deferred { id, found, former } = waiting;
        let recording = match identify(found, *id) {
            Ok(recording) => recording,
            Err(error) => return Some(unreadable(found, *id, &error, claim)),
        };
        let Planner { out, mark, .. } = &self.planner;
        if is_done(out, &recording, mark) {
            self.view.elsewhere(&recording);
            return None;
        }
        let paths = self.planner.paths(&found.relative);
        match failed_before(&paths, &recording.blake3) {
            Some(record) if former.as_ref() != Some(&record) => {
                self.view.failed_elsewhere(&recording, &record);
                None
            }
            _ => Some(Sourced::Recording(recording, claim)),
        }
    }
}

fn unreadable(found: &Found, id: RecordingId, error: &std::io::Error, claim: Claim) -> Sourced {
    let failure =
        Failure::new(Stage::Source, Cause::Io, error).with_hint("check that it can be read");
    let recording = Recording {
        id,
        path: found.path.clone(),
        relative: found.relative.clone(),
        size_bytes: 0,
        modified: None,
        blake3: String::new(),
        remote: None,
    };
    Sourced::Unreadable(recording, failure, claim)
}
