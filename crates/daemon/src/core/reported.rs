//! What reports and failure records say about a file, and what follows: it is done, is tried
//! later, or waits for the worker.

use std::time::{Duration, SystemTime};

use blake3::Hash;
use undertone_config::{Duplicates, Isolation, Outdated};
use undertone_types::{Cause, Failure, Stage};

use super::Core;
use super::boundary::{
    Effect, FailureRecord, FileRef, LookUp, NextAttempt, Records, ReportRecord, Write,
};
use super::catalogue::{FileId, State};
use super::failing::Pending;
use super::queue::{Class, Queued};
use super::retry::longest_pause_of_all;
use crate::facts::FileFacts;

impl Core {
    /// Looks up the report and the failure record of a file.
    pub(super) fn look_up(&mut self, id: FileId, facts: FileFacts, had_report: bool) {
        // 0 means that no look-up is in progress.
        self.next_ticket = self.next_ticket.checked_add(1).unwrap_or(1);
        let ticket = self.next_ticket;
        let Some(entry) = self.files.get_mut(id) else {
            return;
        };
        (entry.ticket, entry.facts) = (ticket, facts);
        let file = entry.file();
        self.effect(Effect::LookUp {
            file,
            facts,
            ticket,
            had_report,
        });
    }

    /// Looks up a file again, with the facts that are known of it.
    pub(super) fn ask_again(&mut self, id: FileId) {
        if let Some(entry) = self.files.get(id) {
            self.look_up(id, entry.facts, false);
        }
    }

    pub(super) fn looked_up(&mut self, file: &FileRef, ticket: u32, answer: LookUp) {
        let Some((id, entry)) = self.entry(file) else {
            return;
        };
        // Another look-up has been started since.
        if entry.ticket != ticket {
            return;
        }
        entry.ticket = 0;
        let state = entry.state();
        match answer {
            LookUp::StillThere => {}
            LookUp::Read(records) if state == State::Consulting => self.identified(id, records),
            LookUp::Read(_) if state.is_moving() && state != State::New => {}
            LookUp::Read(records) => self.read_records(id, records),
        }
    }

    /// Puts a file into the state that its report or record names, if that is about the file as it
    /// is now.
    fn read_records(&mut self, id: FileId, records: Records) {
        let Records { report, failure } = records;
        let report = report.filter(|report| report.is_unchanged);
        let is_outdated = report.is_some_and(|report| !report.is_current);
        self.files.set_outdated(id, is_outdated);
        if let Some(report) = report.filter(|report| self.is_valid(report)) {
            return self.has_report(id, report.content, report.is_pointer);
        }
        // A report of other content or other settings does not outweigh a later failure.
        match failure.filter(|failure| failure.is_unchanged) {
            Some(failure) => self.has_failed(id, &failure),
            None => self.settle(id, false),
        }
    }

    fn is_valid(&self, report: &ReportRecord) -> bool {
        report.is_current || self.settings.outdated == Outdated::Keep
    }

    fn has_report(&mut self, id: FileId, content: Hash, is_pointer: bool) {
        let state = match is_pointer {
            true => State::Duplicate,
            false => State::Done,
        };
        let Some(entry) = self.files.get(id) else {
            return;
        };
        let (file, is_new) = (entry.file(), entry.state() != state);
        self.set_content(id, Some(content));
        if is_new {
            self.closed(id, file, state);
        }
    }

    fn has_failed(&mut self, id: FileId, record: &FailureRecord) {
        let Some(entry) = self.files.get(id) else {
            return;
        };
        let former = entry.state();
        let at = match record.next {
            NextAttempt::Never => None,
            NextAttempt::Quarantined => None,
            // What the installation lacked may have been installed before this start.
            NextAttempt::At(_) if former == State::New && record.cause == Cause::Environment => {
                Some(self.now.elapsed)
            }
            NextAttempt::At(time) => Some(self.now.elapsed + self.pause_until(time)),
        };
        let state = match (at, former, record.next) {
            // After the clock was set back, the earlier deadline still holds.
            (Some(at), State::Retrying(before), _) => State::Retrying(at.min(before)),
            (Some(at), _, _) => State::Retrying(at),
            (None, _, NextAttempt::Quarantined) => State::Quarantined,
            (None, _, _) => State::Failed,
        };
        self.set_content(id, record.content);
        if former == state {
            return;
        }
        if state == State::Quarantined && self.settings.duplicates == Duplicates::Point {
            self.files.hold(id);
        }
        self.rest(id, state);
    }

    /// Time until the time of day that a record names. Records never name a time further away than
    /// the longest pause: when this one seems to, the clock was set back.
    fn pause_until(&self, time: SystemTime) -> Duration {
        let pause = time.duration_since(self.now.wall).unwrap_or_default();
        pause.min(longest_pause_of_all(&self.settings.retry))
    }

    /// The content is known: looks up its report and failure record.
    pub(super) fn consult(&mut self, id: FileId) {
        self.files.set(id, State::Consulting);
        self.ask_again(id);
    }

    /// A file's content, report and failure record are known: decides what to do with it.
    fn identified(&mut self, id: FileId, records: Records) {
        let Some(entry) = self.files.get(id) else {
            return;
        };
        let (content, file) = (entry.content(), entry.file());
        if entry.changed {
            return self.settle_again(id);
        }
        let Records { report, failure } = records;
        let is_outdated = report.is_some_and(|report| !report.is_current);
        self.files.set_outdated(id, is_outdated);
        // The same content under the same name, written again; or the worker ended before
        // it could announce the report that it had written.
        if let Some(report) = report.filter(|report| Some(report.content) == content)
            && self.is_valid(&report)
        {
            self.pending.remove(&id);
            let state = match report.is_pointer {
                true => State::Duplicate,
                false => State::Done,
            };
            return self.closed(id, file, state);
        }
        let failure = failure.filter(|failure| failure.content == content);
        let (history, next) = failure.map_or_else(Default::default, |failure| {
            (failure.history, Some(failure.next))
        });
        if let Some(Pending::Failed(failure)) = self.pending.remove(&id) {
            return self.record_failure(id, failure, history);
        }
        match next {
            Some(NextAttempt::Never) => return self.rest(id, State::Failed),
            Some(NextAttempt::Quarantined) => return self.rest(id, State::Quarantined),
            _ => {}
        }
        let interrupted = self.attempts.get(&file.relative).copied().unwrap_or(0);
        if interrupted > 0 && self.settings.isolation == Isolation::None {
            // This recording may be what ended the daemon.
            self.end_attempt(file);
            let failure = Failure {
                stage: Stage::Decode,
                cause: Cause::Crashed,
                chain: vec!["the daemon ended while this recording was being scored".to_owned()],
                hint: Some("set worker.isolation = \"process\": then the cause is recorded".into()),
            };
            return self.record_failure(id, failure, history);
        }
        let alone = history.is_suspect();
        let class = match interrupted {
            1.. => Class::Interrupted(interrupted),
            0 if alone => Class::Suspect,
            0 if next.is_some() => Class::Again,
            0 if is_outdated => Class::Outdated,
            0 => Class::Fresh,
        };
        self.enqueue(id, class, alone);
    }

    /// Queues a recording, or makes it wait for another one with the same content.
    pub(super) fn enqueue(&mut self, id: FileId, class: Class, alone: bool) {
        if self.settings.duplicates == Duplicates::Point
            && let Some(holder) = self.files.hold(id).filter(|holder| *holder != id)
        {
            return self.wait_for(holder, id);
        }
        self.files.set(id, State::Queued);
        let file = id;
        self.queue
            .push(Queued { file, class, alone }, self.now.elapsed);
    }

    /// A file has a report: it keeps this state until it changes.
    pub(super) fn closed(&mut self, id: FileId, file: FileRef, state: State) {
        if state == State::Done && self.settings.duplicates == Duplicates::Point {
            self.files.hold(id);
        }
        match self.settings.combined {
            // Until then the open attempt marks what may be missing in the combined file.
            true => {
                self.attempts.remove(&file.relative);
                self.write(Write::Append {
                    file,
                    ends_attempt: true,
                });
            }
            false => self.end_attempt(file),
        }
        self.rest(id, state);
    }

    pub(super) fn end_attempt(&mut self, file: FileRef) {
        if self.attempts.remove(&file.relative).is_some() {
            self.effect(Effect::Write(Write::EndAttempt(file)));
        }
    }
}
