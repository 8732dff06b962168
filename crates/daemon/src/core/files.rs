//! From a file that was seen to a recording that waits for the worker.

use std::path::Path;
use std::time::{Duration, SystemTime};

use blake3::Hash;
use undertone_config::{Duplicates, Isolation, Outdated};
use undertone_types::{Cause, Failure, Stage};

use super::boundary::{
    Effect, FailureRecord, FileRef, LookUp, NextAttempt, Records, ReportRecord, RootIndex,
    Sighting, Write,
};
use super::catalogue::{Entry, FileId, State};
use super::failing::Pending;
use super::queue::{Class, Queued};
use super::retry::{longest_pause, longest_pause_of_all};
use super::{Announcement, Core};
use crate::facts::FileFacts;

impl Core {
    pub(super) fn seen(&mut self, seen: Sighting) {
        let Sighting {
            root,
            relative,
            facts,
            renamed,
        } = seen;
        let Some(id) = self.files.find(&relative) else {
            let id = self.files.insert(root, &relative, facts);
            return self.look_up(id, facts, false);
        };
        self.files.saw(id, root);
        let Some(entry) = self.files.get_mut(id) else {
            return;
        };
        let is_same = entry.facts == facts;
        match entry.state() {
            State::New if is_same => {}
            State::New => self.look_up(id, facts, false),
            State::Settling if renamed => self.settle(id, true),
            State::Settling => {}
            state if state.is_moving() => entry.changed |= !is_same,
            State::Stranded(_) if is_same => {}
            _ if is_same && entry.ticket != 0 => {}
            // Who removes a report wants another. A pointer may point nowhere by now; a
            // record may have been removed or changed by `undertone retry`.
            state if is_same => self.look_up(id, facts, state == State::Done),
            _ => {
                // A retry that comes due before the answer must not take the new file for
                // the old content.
                self.set_content(id, None);
                self.look_up(id, facts, false);
            }
        }
    }

    /// Asks what the reports say of a file.
    fn look_up(&mut self, id: FileId, facts: FileFacts, had_report: bool) {
        // 0 means that nothing was asked.
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

    /// Asks once more, since the settings are others now.
    pub(super) fn ask_again(&mut self, id: FileId) {
        if let Some(entry) = self.files.get(id) {
            self.look_up(id, entry.facts, false);
        }
    }

    pub(super) fn looked_up(&mut self, file: &FileRef, ticket: u32, answer: LookUp) {
        let Some((id, entry)) = self.entry(file) else {
            return;
        };
        // Another question was asked since.
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

    /// Puts a file into the state that the reports say, if they are about the file as it is.
    fn read_records(&mut self, id: FileId, records: Records) {
        let Records { report, failure } = records;
        if let Some(report) = report.filter(|report| report.is_unchanged && self.is_valid(report)) {
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

    /// A file has a report: it is in its last state, until it changes.
    pub(super) fn closed(&mut self, id: FileId, file: FileRef, state: State) {
        if state == State::Done && self.settings.duplicates == Duplicates::Point {
            self.files.hold(id);
        }
        match self.settings.combined {
            // Until then the attempt says what may be missing in the combined file.
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

    fn has_failed(&mut self, id: FileId, record: &FailureRecord) {
        let Some(entry) = self.files.get(id) else {
            return;
        };
        let former = entry.state();
        let at = match record.next {
            NextAttempt::Never => None,
            NextAttempt::Quarantined => None,
            // What the installation lacked may be there since this start.
            NextAttempt::At(_) if former == State::New && record.cause == Cause::Environment => {
                Some(self.now.elapsed)
            }
            NextAttempt::At(time) => Some(self.now.elapsed + self.pause_until(time)),
        };
        let state = match (at, former, record.next) {
            // The clock was set back: what was decided before stays.
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

    /// How long it is until a time of day that a record names. Records never ask for more
    /// than the longest pause: if this one seems to, the clock was set back.
    fn pause_until(&self, time: SystemTime) -> Duration {
        let pause = time.duration_since(self.now.wall).unwrap_or_default();
        pause.min(longest_pause_of_all(&self.settings.retry))
    }

    /// Waits until a file is complete.
    fn settle(&mut self, id: FileId, renamed: bool) {
        let Some(entry) = self.files.get_mut(id) else {
            return;
        };
        entry.changed = false;
        entry.ticket = 0;
        let file = entry.file();
        self.files.set(id, State::Settling);
        self.effect(Effect::Settle { file, renamed });
    }

    /// A file changed while it was moving: waits once more until it is complete.
    pub(super) fn settle_again(&mut self, id: FileId) {
        self.pending.remove(&id);
        self.settle(id, false);
    }

    pub(super) fn settled(&mut self, file: &FileRef, facts: FileFacts) {
        match self.in_state(file, State::Settling) {
            Some(id) => {
                if let Some(entry) = self.files.get_mut(id) {
                    entry.facts = facts;
                }
                self.hash(id);
            }
            // A second wait for the same file ended after the first one did.
            None => self.seen(Sighting {
                root: file.root,
                relative: file.relative.to_path_buf(),
                facts,
                renamed: false,
            }),
        }
    }

    fn hash(&mut self, id: FileId) {
        self.files.set(id, State::Hashing);
        if let Some(entry) = self.files.get(id) {
            let file = entry.file();
            self.effect(Effect::Hash(file));
        }
    }

    pub(super) fn gone(&mut self, file: &FileRef) {
        let id = self.in_state(file, State::Settling);
        if let Some(id) = id.or_else(|| self.in_state(file, State::Hashing)) {
            self.vanished(id);
        }
    }

    /// A file was removed before anything became of it.
    pub(super) fn vanished(&mut self, id: FileId) {
        let Some(entry) = self.files.get(id) else {
            return;
        };
        let file = entry.file();
        self.announce(Announcement::Vanished(file.clone()));
        self.end_attempt(file);
        self.forget(id);
    }

    pub(super) fn forget(&mut self, id: FileId) {
        self.pending.remove(&id);
        self.files.forget(id);
        self.release_duplicates(id);
    }

    pub(super) fn scanned(&mut self, root: RootIndex) {
        for id in self.files.unseen(root) {
            self.forget(id);
        }
    }

    /// Tries a file again whose time has come.
    pub(super) fn try_again(&mut self, id: FileId) {
        let Some(entry) = self.files.get(id) else {
            return;
        };
        match entry.content() {
            // Hashing reads all of it: not needed while it is the same file.
            Some(_) => self.check(id),
            None => self.hash(id),
        }
    }

    pub(super) fn check(&mut self, id: FileId) {
        self.files.set(id, State::Checking);
        if let Some(entry) = self.files.get(id) {
            let file = entry.file();
            self.effect(Effect::Check(file));
        }
    }

    pub(super) fn checked(&mut self, file: &FileRef, facts: Option<FileFacts>) {
        let Some(id) = self.in_state(file, State::Checking) else {
            return;
        };
        let Some(facts) = facts else {
            return self.vanished(id);
        };
        let is_same =
            (self.files.get(id)).is_some_and(|entry| entry.facts == facts && !entry.changed);
        match is_same {
            true => self.consult(id),
            false => self.settle_again(id),
        }
    }

    pub(super) fn hashed(&mut self, file: &FileRef, content: Option<(FileFacts, Hash)>) {
        let Some(id) = self.in_state(file, State::Hashing) else {
            return;
        };
        let changed = self.files.get(id).is_none_or(|entry| entry.changed);
        let Some((facts, content)) = content.filter(|_| !changed) else {
            return self.settle_again(id);
        };
        if let Some(entry) = self.files.get_mut(id) {
            entry.facts = facts;
        }
        self.set_content(id, Some(content));
        self.consult(id);
    }

    /// The content is known: asks what the reports say of it.
    pub(super) fn consult(&mut self, id: FileId) {
        self.files.set(id, State::Consulting);
        self.ask_again(id);
    }

    pub(super) fn unreadable(
        &mut self,
        file: &FileRef,
        facts: Option<FileFacts>,
        failure: Failure,
    ) {
        let Some(id) = self.in_state(file, State::Hashing) else {
            return;
        };
        if let (Some(entry), Some(facts)) = (self.files.get_mut(id), facts) {
            entry.facts = facts;
        }
        self.set_content(id, None);
        self.failed(id, failure);
    }

    /// A file's content is known, and what the reports say of it.
    fn identified(&mut self, id: FileId, records: Records) {
        let Some(entry) = self.files.get(id) else {
            return;
        };
        let (content, file) = (entry.content(), entry.file());
        if entry.changed {
            return self.settle_again(id);
        }
        let Records { report, failure } = records;
        // The same content under the same name, written again; or the worker ended before
        // it could say that it had written the report.
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
            // Whatever ended the daemon: it may have been this recording.
            self.end_attempt(file);
            let failure = Failure {
                stage: Stage::Decode,
                cause: Cause::Crashed,
                chain: vec!["the daemon ended while it was scored".to_owned()],
                hint: Some("with watch.isolation = \"process\" it would be known why".into()),
            };
            return self.record_failure(id, failure, history);
        }
        let is_outdated = report.is_some_and(|report| !report.is_current);
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

    /// A recording waits for the worker, or for another one with the same content.
    pub(super) fn enqueue(&mut self, id: FileId, class: Class, alone: bool) {
        if self.settings.duplicates == Duplicates::Point
            && let Some(holder) = self.files.hold(id).filter(|holder| *holder != id)
        {
            return self.wait_for(holder, id);
        }
        self.files.set(id, State::Queued);
        let file = id;
        self.queue.push(Queued { file, class, alone });
    }

    /// Puts a file into a state that lasts, unless it changed meanwhile.
    pub(super) fn rest(&mut self, id: FileId, state: State) {
        self.files.set(id, state);
        if let State::Retrying(at) | State::Stranded(at) = state {
            self.deadlines.push(at, id);
        }
        match self.files.get(id).is_some_and(|entry| entry.changed) {
            // Those that wait for it go on waiting, until its content is known.
            true => self.settle_again(id),
            false => self.resolve_duplicates(id),
        }
    }

    /// A file has this content. Those that wait for it because of its former content wait
    /// no longer.
    fn set_content(&mut self, id: FileId, content: Option<Hash>) {
        let former = self.files.get(id).and_then(Entry::content);
        self.files.set_content(id, content);
        if former != content {
            self.release_duplicates(id);
        }
    }

    /// Nothing can be recorded of a file at the moment.
    pub(super) fn strand(&mut self, id: FileId, reason: String) {
        let Some(entry) = self.files.get(id) else {
            return;
        };
        let file = entry.file();
        self.announce(Announcement::CannotBeRecorded { file, reason });
        let at = self.now.elapsed + longest_pause(&self.settings.retry);
        self.rest(id, State::Stranded(at));
    }

    pub(super) fn end_attempt(&mut self, file: FileRef) {
        if self.attempts.remove(&file.relative).is_some() {
            self.effect(Effect::Write(Write::EndAttempt(file)));
        }
    }

    fn entry(&mut self, file: &FileRef) -> Option<(FileId, &mut Entry)> {
        let id = self.find(&file.relative)?;
        Some((id, self.files.get_mut(id)?))
    }

    pub(super) fn find(&self, relative: &Path) -> Option<FileId> {
        self.files.find(relative)
    }

    pub(super) fn in_state(&self, file: &FileRef, state: State) -> Option<FileId> {
        let id = self.find(&file.relative)?;
        (self.files.get(id)?.state() == state).then_some(id)
    }
}
