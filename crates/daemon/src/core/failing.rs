//! What happens to recordings that failed, and to those that a worker had when it ended.

use undertone_types::{Cause, Failure};

use super::boundary::{FailureToWrite, FileRef, NextAttempt, WorkerEnd, Write, WriteError};
use super::catalogue::{FileId, State};
use super::evidence::{evidence, hint};
use super::queue::Class;
use super::retry::{History, Next};
use super::upkeep::Held;
use super::{Announcement, Core};

/// What is to be recorded about a file.
#[derive(Clone, Debug)]
pub enum Pending {
    /// A failure, once it is checked that the file has not changed since.
    Failed(Failure),
    /// The record of a failure.
    Failure(Failure, History, Next),
    /// The failure record of another file.
    Copy(FileRef),
    /// A report that points to the report of another file.
    Duplicate(FileRef),
}

impl Core {
    /// A recording has failed.
    pub(super) fn failed(&mut self, id: FileId, failure: Failure) {
        self.pending.insert(id, Pending::Failed(failure));
        self.check(id);
    }

    /// A recording that has not changed has failed again, after its `history`: updates its record.
    pub(super) fn record_failure(&mut self, id: FileId, failure: Failure, mut history: History) {
        let next = history.add(failure.cause, &self.settings.retry);
        self.record(id, Pending::Failure(failure, history, next));
    }

    /// Records a result of a file.
    pub(super) fn record(&mut self, id: FileId, pending: Pending) {
        self.files.set(id, State::Recording);
        self.pending.insert(id, pending);
        self.write_pending(id);
    }

    /// Writes what is to be recorded about a file, for the first time or again.
    pub(super) fn write_pending(&mut self, id: FileId) {
        let (Some(entry), Some(pending)) = (self.files.get(id), self.pending.get(&id)) else {
            return;
        };
        let identity = entry.identity();
        let write = match pending {
            Pending::Failed(_) => return,
            Pending::Failure(failure, history, next) => Write::Failure(Box::new(FailureToWrite {
                identity,
                failure: failure.clone(),
                history: history.clone(),
                next: match next {
                    Next::After(pause) => NextAttempt::At(self.now.wall + *pause),
                    Next::Alone => NextAttempt::At(self.now.wall),
                    Next::Never => NextAttempt::Never,
                    Next::Quarantined => NextAttempt::Quarantined,
                },
            })),
            Pending::Copy(from) => Write::CopyFailure {
                file: identity,
                from: from.clone(),
            },
            Pending::Duplicate(of) => Write::Duplicate {
                file: identity,
                of: of.clone(),
            },
        };
        self.write(write);
    }

    pub(super) fn wrote(&mut self, file: &FileRef, result: Result<bool, WriteError>) {
        self.writes = self.writes.saturating_sub(1);
        let Some(id) = self.in_state(file, State::Recording) else {
            return;
        };
        match result {
            Ok(true) => self.recorded(id, file),
            Ok(false) => self.nothing_to_copy(id),
            Err(error) if error.disk_full => {
                self.held.push(Held::Record(id));
                self.pause(error.reason);
            }
            // Only this recording's place cannot be written to: the others continue.
            Err(error) => {
                self.pending.remove(&id);
                self.strand(id, error.reason);
            }
        }
    }

    fn recorded(&mut self, id: FileId, file: &FileRef) {
        let file = file.clone();
        match self.pending.remove(&id) {
            None | Some(Pending::Failed(_)) => {}
            Some(Pending::Failure(failure, history, next)) => {
                self.announce(Announcement::Failed {
                    file,
                    failure: Box::new(failure),
                    attempts: history.attempts,
                    next,
                });
                match next {
                    Next::After(pause) => self.rest(id, State::Retrying(self.now.elapsed + pause)),
                    Next::Never => self.rest(id, State::Failed),
                    Next::Quarantined => self.rest(id, State::Quarantined),
                    Next::Alone => self.line_up(id, Class::Suspect, true),
                }
            }
            Some(Pending::Copy(of)) => {
                self.announce(Announcement::FailedLike { file, of });
                self.rest(id, State::Quarantined);
            }
            Some(Pending::Duplicate(of)) => {
                let to = file.clone();
                self.announce(Announcement::Duplicate { file: to, of });
                self.files.set_outdated(id, false);
                self.closed(id, file, State::Duplicate);
            }
        }
    }

    /// The report or record of the file that held the content has been removed: this file holds it
    /// from now on.
    fn nothing_to_copy(&mut self, id: FileId) {
        let content = self.files.get(id).and_then(|entry| entry.content());
        if let Some(holder) = content.and_then(|content| self.files.holder(&content)) {
            self.files.let_go(holder);
        }
        match self.pending.remove(&id) {
            // Under another name, the same content ended a worker.
            Some(Pending::Copy(_)) => self.line_up(id, Class::Suspect, true),
            _ => self.line_up(id, Class::Fresh, false),
        }
    }

    /// Queues a recording, unless it changed meanwhile.
    pub(super) fn line_up(&mut self, id: FileId, class: Class, alone: bool) {
        match self.files.get(id).map(|entry| entry.changed) {
            Some(true) => self.settle_again(id),
            Some(false) => self.enqueue(id, class, alone),
            None => {}
        }
    }

    /// The worker has ended, expectedly or not.
    pub(super) fn worker_ended(&mut self, number: u64, end: &WorkerEnd) {
        if number != self.worker.number() || !self.worker.is_there() {
            return;
        }
        let (fault, over) = (self.worker.fault.take(), self.worker.over.take());
        let (stage, busy) = (self.worker.stage(), self.worker.busy());
        let as_asked =
            end.success && self.worker.is_finishing() && fault.is_none() && over.is_none();
        let left = self.worker.ended(as_asked, self.now.elapsed);
        for task in left.values() {
            if let Some(entry) = self.files.get(task.file) {
                self.end_attempt(entry.file());
            }
        }
        if !as_asked {
            let reason = fault.as_ref().map_or(&end.how, |fault| &fault.reason);
            let (under_way, reason) = (left.len(), reason.clone());
            self.announce(Announcement::WorkerLost { under_way, reason });
        }
        let cause = match (&fault, &over) {
            (Some(fault), _) if fault.disk_full => {
                self.pause(format!("the disk cannot be written to: {}", fault.reason));
                return left.into_values().for_each(|task| self.put_back(task));
            }
            // Recordings in progress when the daemon stops are scored after the next start.
            _ if as_asked || self.is_stopping() => {
                self.leave(left.len());
                return left.into_values().for_each(|task| self.put_back(task));
            }
            (_, Some(over)) => over.cause,
            (Some(_), None) => Cause::Defect,
            (None, None) => Cause::Crashed,
        };
        let chain = evidence(over.as_ref(), fault.as_ref(), &busy, end, &left);
        let culprit = over.and_then(|over| over.culprit);
        for (number, task) in left {
            if culprit.is_some_and(|culprit| culprit != number) {
                self.put_back(task);
                continue;
            }
            let failure = Failure {
                stage,
                cause,
                chain: chain.clone(),
                hint: Some(hint(cause).to_owned()),
            };
            self.failed(task.file, failure);
        }
    }
}
