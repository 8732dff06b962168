//! What happens to recordings that failed, and to those that a worker had when it ended.

use std::collections::BTreeMap;

use undertone_types::{Cause, Failure};

use super::{Batch, Effect};
use crate::core::catalogue::FileId;
use crate::core::evidence::{evidence, hint};
use crate::core::worker::{OverLimit, Task};
use crate::core::{History, Next, WorkerEnd};

/// Workers that may be killed while they load their models before the run gives up.
const STARTS: u32 = 3;
/// How often a recording may be in a worker that was killed from outside before that counts
/// against it. The kernel, out of memory, kills a worker for what others take, and so do people.
const FORGIVEN_KILLS: u32 = 2;

/// What counts against a recording.
#[derive(Debug, Default)]
pub struct Suspicion {
    history: History,
    /// How often it was in a worker that was killed from outside.
    kills: u32,
}

impl Batch {
    /// The worker reported that a recording failed. Whatever the cause, a run tries it once.
    pub(super) fn failed(&mut self, file: FileId, failure: Failure) {
        let mut history = self.take_suspicion(file).history;
        history.add(failure.cause, &self.settings.retry);
        self.effects.push(Effect::Failed {
            file,
            failure,
            history,
            quarantined: false,
        });
    }

    fn take_suspicion(&mut self, file: FileId) -> Suspicion {
        self.suspicions.remove(&file).unwrap_or_default()
    }

    /// The worker has ended, expectedly or not.
    pub(super) fn worker_ended(&mut self, number: u64, end: &WorkerEnd) {
        if number != self.worker.number() || !self.worker.is_there() {
            return;
        }
        let (fault, over) = (self.worker.fault.take(), self.worker.over.take());
        let (was_ready, was_finishing) = (self.worker.is_ready(), self.worker.is_finishing());
        let (stage, busy) = (self.worker.stage(), self.worker.busy());
        let left = self.worker.ended(was_finishing, self.now);
        if let Some(fault) = fault {
            self.leave(&left);
            return self.give_up(fault.reason);
        }
        // Recordings in progress when the run is stopped are scored by the next.
        if was_finishing || self.is_closing() {
            return self.leave(&left);
        }
        if !was_ready {
            return self.lost_while_loading(end, over);
        }
        let reason = over.as_ref().map_or(&end.how, |over| &over.reason);
        self.effects.push(Effect::WorkerLost {
            under_way: left.len(),
            reason: reason.clone(),
        });
        let is_killed = over.is_none() && end.signal == Some(libc::SIGKILL);
        let cause = over.as_ref().map_or(Cause::Crashed, |over| over.cause);
        let failure = Failure {
            stage,
            cause,
            chain: evidence(over.as_ref(), None, &busy, end, &left),
            hint: Some(hint(cause).to_owned()),
        };
        let culprit = over.and_then(|over| over.culprit);
        for (number, task) in left {
            match culprit.is_some_and(|culprit| culprit != number) {
                true => self.line_up(task.file, task.alone),
                false => self.suspect(task.file, failure.clone(), is_killed),
            }
        }
    }

    /// A recording was in a worker that ended: it is tried alone, or it has failed for good.
    fn suspect(&mut self, file: FileId, failure: Failure, is_killed: bool) {
        let mut suspicion = self.take_suspicion(file);
        suspicion.kills += u32::from(is_killed);
        let is_forgiven = is_killed && suspicion.kills <= FORGIVEN_KILLS;
        let next = match is_forgiven {
            true => {
                suspicion.history.attempts += 1;
                Next::Alone
            }
            false => suspicion.history.add(failure.cause, &self.settings.retry),
        };
        // The last of many kills is the only strike of its recording, and enough.
        if next == Next::Quarantined || (is_killed && !is_forgiven) {
            return self.effects.push(Effect::Failed {
                file,
                failure,
                history: suspicion.history,
                quarantined: true,
            });
        }
        self.suspicions.insert(file, suspicion);
        self.line_up(file, true);
    }

    fn leave(&mut self, tasks: &BTreeMap<u64, Task>) {
        self.left.extend(tasks.values().map(|task| task.file));
    }

    /// A worker that ends by itself, or hangs, before its models are loaded would do so again;
    /// one that was killed may have been killed for another's sake.
    fn lost_while_loading(&mut self, end: &WorkerEnd, over: Option<OverLimit>) {
        self.lost_loading += 1;
        if let Some(over) = over {
            return self.give_up(format!("the worker cannot start: {}", over.reason));
        }
        if end.signal.is_none() || self.lost_loading >= STARTS {
            return self.give_up(format!("the worker cannot start: {}", why(end)));
        }
        self.effects.push(Effect::WorkerLost {
            under_way: 0,
            reason: end.how.clone(),
        });
    }
}

/// Why a worker ended before its models were loaded: its error, where it printed one.
fn why(end: &WorkerEnd) -> String {
    let last = end.last_lines.iter().rev();
    let error = last.clone().find_map(|line| line.strip_prefix("error: "));
    match error {
        Some(error) => error.to_owned(),
        None if end.last_lines.is_empty() => end.how.clone(),
        None => format!("{}: {}", end.how, end.last_lines.join(" | ")),
    }
}
