//! When a file is complete: size and modification time stay the same for a while, and
//! nobody has it open to write.
//!
//! Reads no clock and no disk: whoever calls brings the time and a [`FileSystem`].

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use super::writers::Writers;
use crate::core::RelativePath;
use crate::facts::FileFacts;

/// What is asked of a file system.
pub trait FileSystem {
    /// Size and modification time; nothing when the file has gone.
    fn facts(&self, file: &Path) -> Option<FileFacts>;
    /// Whether somebody has it open to write.
    fn writers(&self, file: &Path) -> Writers;
    /// The time of day, to tell the age of a file.
    fn wall_clock(&self) -> SystemTime;
}

/// What became of a file that was waited for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settled {
    /// It is complete.
    Complete(RelativePath, FileFacts),
    /// It is not there any more.
    Gone(RelativePath),
    /// It has not been complete for long; it is still waited for.
    Late(RelativePath, Unsettled),
}

/// Why a file is not complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsettled {
    /// It changes again and again.
    Changing,
    /// It does not change, but somebody has it open to write.
    Open,
}

/// The files that are waited for.
#[derive(Debug)]
pub struct Settling {
    settle: Duration,
    late: Duration,
    files: HashMap<RelativePath, Waiting>,
    /// When to look at which file; void where the file has another time by now.
    due: BinaryHeap<Reverse<(Instant, RelativePath)>>,
}

#[derive(Debug)]
struct Waiting {
    facts: FileFacts,
    /// When to look again.
    due: Instant,
    /// When to say that it takes long.
    late: Instant,
}

impl Settling {
    /// Waits for `settle` without a change, and reports what takes longer than `late`.
    #[must_use]
    pub fn new(settle: Duration, late: Duration) -> Self {
        Self {
            settle,
            late,
            files: HashMap::new(),
            due: BinaryHeap::new(),
        }
    }

    /// Waits so from now on, also for the files that are waited for already.
    pub fn change(&mut self, settle: Duration, late: Duration) {
        (self.settle, self.late) = (settle, late);
    }

    /// Begins to wait for a file. One that was renamed into its place is complete at once
    /// when nobody writes it: who renames has finished.
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
            // Then only an old file is surely finished.
            Writers::Unknown => facts
                .modified
                .and_then(|modified| disk.wall_clock().duration_since(modified).ok())
                .is_some_and(|age| age >= self.settle),
        }
    }

    /// When a file is to be looked at next.
    #[must_use]
    pub fn next_due(&self) -> Option<Instant> {
        self.due.peek().map(|Reverse((due, _))| *due)
    }

    /// Looks at the next file whose time has come; `None` when there is none.
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
