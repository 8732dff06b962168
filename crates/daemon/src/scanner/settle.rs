//! When a file is complete: size and modification time stay the same for a while, and
//! no program has it open for writing.
//!
//! Reads no clock and no disk: the caller passes the time and a [`FileSystem`].

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use super::writers::Writers;
use crate::core::RelativePath;
use crate::facts::FileFacts;

/// The file system, as far as settling needs it.
pub trait FileSystem {
    /// Size and modification time; `None` when the file does not exist any more.
    fn facts(&self, file: &Path) -> Option<FileFacts>;
    /// Whether a program has it open for writing.
    fn writers(&self, file: &Path) -> Writers;
    /// The time of day, to compute the age of a file.
    fn wall_clock(&self) -> SystemTime;
}

/// How the wait for a file ended, or that it takes long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settled {
    /// It is complete.
    Complete(RelativePath, FileFacts),
    /// It does not exist any more.
    Gone(RelativePath),
    /// It is still not complete after a long time; the wait continues.
    Late(RelativePath, Unsettled),
}

/// Why a file is not complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsettled {
    /// It keeps changing.
    Changing,
    /// It does not change, but a program has it open for writing.
    Open,
}

/// The files that may not be complete yet.
#[derive(Debug)]
pub struct Settling {
    settle: Duration,
    late: Duration,
    files: HashMap<RelativePath, Waiting>,
    /// When to check which file; an entry is void once the file has another time.
    due: BinaryHeap<Reverse<(Instant, RelativePath)>>,
}

#[derive(Debug)]
struct Waiting {
    facts: FileFacts,
    /// When to check again.
    due: Instant,
    /// When to report that it takes long.
    late: Instant,
}

impl Settling {
    /// A file is complete after `settle` without a change; one that takes longer than `late` is
    /// reported.
    #[must_use]
    pub fn new(settle: Duration, late: Duration) -> Self {
        Self {
            settle,
            late,
            files: HashMap::new(),
            due: BinaryHeap::new(),
        }
    }

    /// Changes both times, also for the files that are already waiting.
    pub fn change(&mut self, settle: Duration, late: Duration) {
        (self.settle, self.late) = (settle, late);
    }

    /// Begins to wait for a file. One that was renamed to its path is complete at once when no
    /// program writes it: programs rename what they have finished.
    pub fn wait(
        &mut self,
        file: RelativePath,
        renamed: bool,
        now: Instant,
        disk: &dyn FileSystem,
    ) -> Option<Settled> {
        let Some(facts) = disk.facts(&file) else {
            self.files.remove(&file);
            return Some(Settled::Gone(file));
        };
        if renamed && self.is_finished(&file, &facts, disk) {
            self.files.remove(&file);
            return Some(Settled::Complete(file, facts));
        }
        let due = now + self.settle;
        let is_new = !self.files.contains_key(&file);
        if is_new {
            let late = now + self.late;
            self.files
                .insert(file.clone(), Waiting { facts, due, late });
            self.due.push(Reverse((due, file)));
        }
        None
    }

    fn is_finished(&self, file: &Path, facts: &FileFacts, disk: &dyn FileSystem) -> bool {
        match disk.writers(file) {
            Writers::None => true,
            Writers::Some => false,
            // Only an old file is certainly complete then.
            Writers::Unknown => facts
                .modified
                .and_then(|modified| disk.wall_clock().duration_since(modified).ok())
                .is_some_and(|age| age >= self.settle),
        }
    }

    /// When a file is to be checked next.
    #[must_use]
    pub fn next_due(&self) -> Option<Instant> {
        self.due.peek().map(|Reverse((due, _))| *due)
    }

    /// Checks the next file that is due; `None` when none is.
    pub fn step(&mut self, now: Instant, disk: &dyn FileSystem) -> Option<Option<Settled>> {
        self.next_due().filter(|due| *due <= now)?;
        let Reverse((due, file)) = self.due.pop()?;
        let waiting = self.files.get(&file);
        if waiting.is_none_or(|waiting| waiting.due != due) {
            return Some(None);
        }
        Some(self.look(file, now, disk))
    }

    fn look(&mut self, file: RelativePath, now: Instant, disk: &dyn FileSystem) -> Option<Settled> {
        let Some(facts) = disk.facts(&file) else {
            self.files.remove(&file);
            return Some(Settled::Gone(file));
        };
        let waiting = self.files.get_mut(&file)?;
        let why = if facts != waiting.facts {
            Unsettled::Changing
        } else if disk.writers(&file) == Writers::Some {
            Unsettled::Open
        } else {
            self.files.remove(&file);
            return Some(Settled::Complete(file, facts));
        };
        (waiting.facts, waiting.due) = (facts, now + self.settle);
        self.due.push(Reverse((waiting.due, file.clone())));
        (now >= waiting.late).then(|| {
            waiting.late = now + self.late;
            Settled::Late(file, why)
        })
    }
}

#[cfg(test)]
mod tests;
