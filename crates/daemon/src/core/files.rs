//! From a file that a scanner found to one whose content is known.

use std::path::Path;

use blake3::Hash;
use undertone_types::Failure;

use super::boundary::{Effect, FileRef, RootIndex, Sighting};
use super::catalogue::{Entry, FileId, State};
use super::retry::longest_pause;
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
            // A removed report is made again. The target of a pointer may have been removed; a
            // failure record may have been removed, or changed by `undertone retry`.
            state if is_same => self.look_up(id, facts, state == State::Done),
            _ => {
                // A retry that is due before the answer must not treat the new file as the
                // old content.
                self.set_content(id, None);
                self.look_up(id, facts, false);
            }
        }
    }

    /// Waits until a file is complete.
    pub(super) fn settle(&mut self, id: FileId, renamed: bool) {
        let Some(entry) = self.files.get_mut(id) else {
            return;
        };
        entry.changed = false;
        entry.ticket = 0;
        let file = entry.file();
        self.files.set(id, State::Settling);
        self.effect(Effect::Settle { file, renamed });
    }

    /// A file changed while work on it was in progress: waits again until it is complete.
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
            // A second wait for the same file has ended after the first.
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

    /// A file was removed before it had a result.
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

    /// Tries again a file that is due.
    pub(super) fn try_again(&mut self, id: FileId) {
        let Some(entry) = self.files.get(id) else {
            return;
        };
        match entry.content() {
            // Hashing reads the whole file: not needed while its facts are the same.
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

    /// Puts a file into a lasting state, unless it changed meanwhile.
    pub(super) fn rest(&mut self, id: FileId, state: State) {
        self.files.set(id, state);
        if let State::Retrying(at) | State::Stranded(at) = state {
            self.deadlines.push(at, id);
        }
        match self.files.get(id).is_some_and(|entry| entry.changed) {
            // Duplicates that wait for it keep waiting until its content is known.
            true => self.settle_again(id),
            false => self.resolve_duplicates(id),
        }
    }

    /// Changes the content of a file. Duplicates of its former content stop waiting for it.
    pub(super) fn set_content(&mut self, id: FileId, content: Option<Hash>) {
        let former = self.files.get(id).and_then(Entry::content);
        self.files.set_content(id, content);
        if former != content {
            self.release_duplicates(id);
        }
    }

    /// The result of a file cannot be recorded at the moment: tries again later.
    pub(super) fn strand(&mut self, id: FileId, reason: String) {
        let Some(entry) = self.files.get(id) else {
            return;
        };
        let file = entry.file();
        self.announce(Announcement::CannotBeRecorded { file, reason });
        let at = self.now.elapsed + longest_pause(&self.settings.retry);
        self.rest(id, State::Stranded(at));
    }

    pub(super) fn entry(&mut self, file: &FileRef) -> Option<(FileId, &mut Entry)> {
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
