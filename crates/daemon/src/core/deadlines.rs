//! Files that are due at some time: a heap, so that what is due next is known at once.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use super::catalogue::{Catalogue, FileId, State};

/// Times at which files are tried again. An entry whose file has another state by now is
/// void, and dropped when it comes up.
#[derive(Debug, Default)]
pub struct Deadlines(BinaryHeap<Reverse<(Duration, FileId)>>);

impl Deadlines {
    /// A file is due at this time since the start.
    pub fn push(&mut self, at: Duration, file: FileId) {
        self.0.push(Reverse((at, file)));
    }

    /// The time of the next.
    pub fn next(&mut self, files: &Catalogue) -> Option<Duration> {
        while let Some(Reverse((at, file))) = self.0.peek() {
            if is_due_at(files, *file, *at) {
                return Some(*at);
            }
            self.0.pop();
        }
        None
    }

    /// Takes a file that is due.
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
