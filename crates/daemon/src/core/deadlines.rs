//! When files are due: a heap, so that the next one is known without a search.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use super::catalogue::{Catalogue, FileId, State};

/// Times at which files are tried again. An entry whose file has changed its state is void, and
/// dropped when it is due.
#[derive(Debug, Default)]
pub struct Deadlines(BinaryHeap<Reverse<(Duration, FileId)>>);

impl Deadlines {
    /// Makes a file due at this time since the start.
    pub fn push(&mut self, at: Duration, file: FileId) {
        self.0.push(Reverse((at, file)));
    }

    /// The earliest time.
    pub fn next(&mut self, files: &Catalogue) -> Option<Duration> {
        while let Some(Reverse((at, file))) = self.0.peek() {
            if is_due_at(files, *file, *at) {
                return Some(*at);
            }
            self.0.pop();
        }
        None
    }

    /// Takes the next file that is due.
    pub fn pop(&mut self, now: Duration, files: &Catalogue) -> Option<FileId> {
        let at = self.next(files)?;
        (at <= now).then(|| self.0.pop().map(|Reverse((_, file))| file))?
    }
}

fn is_due_at(files: &Catalogue, file: FileId, at: Duration) -> bool {
    files.get(file).is_some_and(
        |entry| matches!(entry.state(), State::Retrying(due) | State::Stranded(due) if due == at),
    )
}
