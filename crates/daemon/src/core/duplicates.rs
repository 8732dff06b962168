//! Files that wait for the result of another file with the same content.

use std::collections::HashMap;

use super::Core;
use super::catalogue::{FileId, State};
use super::failing::Pending;

/// The waiting files, by the file that holds their content.
#[derive(Debug, Default)]
pub struct WaitingForHolder(HashMap<FileId, Vec<FileId>>);

impl WaitingForHolder {
    fn push(&mut self, holder: FileId, file: FileId) {
        self.0.entry(holder).or_default().push(file);
    }

    fn take(&mut self, holder: FileId) -> Vec<FileId> {
        self.0.remove(&holder).unwrap_or_default()
    }

    fn is_empty(&self, holder: FileId) -> bool {
        !self.0.contains_key(&holder)
    }
}

impl Core {
    /// A file waits for the result of `holder`, which has the same content.
    pub(super) fn wait_for(&mut self, holder: FileId, file: FileId) {
        self.files.set(file, State::Waiting);
        self.duplicates.push(holder, file);
        self.resolve_duplicates(holder);
    }

    /// Continues with the files that wait for `holder`, as its new state requires.
    pub(super) fn resolve_duplicates(&mut self, holder: FileId) {
        if self.duplicates.is_empty(holder) {
            return;
        }
        let Some(entry) = self.files.get(holder) else {
            return self.release_duplicates(holder);
        };
        let (state, file) = (entry.state(), entry.file());
        if state.is_moving() {
            return;
        }
        if !matches!(state, State::Done | State::Quarantined) {
            return self.release_duplicates(holder);
        }
        for duplicate in self.duplicates.take(holder) {
            let of = file.clone();
            match self.files.get(duplicate).is_some_and(|entry| entry.changed) {
                true => self.settle_again(duplicate),
                false if state == State::Done => self.record(duplicate, Pending::Duplicate(of)),
                // It has the same content, so it would fail as well.
                false => self.record(duplicate, Pending::Copy(of)),
            }
        }
    }

    /// Ends the wait of all files that wait for `holder`: the first of them that is queued holds
    /// the content from now on.
    pub(super) fn release_duplicates(&mut self, holder: FileId) {
        let waiting = self.duplicates.take(holder);
        if !waiting.is_empty() {
            self.files.let_go(holder);
        }
        for file in waiting {
            match self.files.get(file).is_some_and(|entry| entry.changed) {
                true => self.settle_again(file),
                // Its own failure record decides how it is scored.
                false => self.consult(file),
            }
        }
    }
}
