//! When a file is whole: size and modification time stay the same for a while, and nobody
//! has it open to write.
//!
//! Pure of clocks and disks: whoever calls brings the time and the looks.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use super::facts::FileFacts;
use super::writers::Writers;
use undertone_discovery::Found;

/// Looks at files.
pub trait Look {
    /// Size and modification time; nothing when the file has gone.
    fn facts(&self, path: &Path) -> Option<FileFacts>;
    /// Whether somebody writes it.
    fn writers(&self, path: &Path) -> Writers;
    /// The time of day, to tell the age of a file.
    fn today(&self) -> SystemTime;
}

/// What became of a file that was waited for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settled {
    /// It is whole.
    Whole(Found, FileFacts),
    /// It is not there any more.
    Gone(Found),
    /// It has not come to rest for long; it is still waited for.
    Late(Found, Unrest),
}

/// Why a file is not at rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unrest {
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
    files: BTreeMap<PathBuf, Waiting>,
}

#[derive(Debug)]
struct Waiting {
    found: Found,
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
            files: BTreeMap::new(),
        }
    }

    /// Waits so from now on, also for the files that are waited for already.
    pub fn change(&mut self, settle: Duration, late: Duration) {
        (self.settle, self.late) = (settle, late);
    }

    /// Begins to wait for a file. One that was renamed into its place is whole at once when
    /// nobody writes it: who renames has finished.
    pub fn wait(
        &mut self,
        found: Found,
        renamed: bool,
        now: Instant,
        look: &dyn Look,
    ) -> Option<Settled> {
        let Some(facts) = look.facts(&found.path) else {
            self.files.remove(&found.path);
            return Some(Settled::Gone(found));
        };
        if renamed && self.is_finished(&found.path, &facts, look) {
            self.files.remove(&found.path);
            return Some(Settled::Whole(found, facts));
        }
        self.files.entry(found.path.clone()).or_insert(Waiting {
            found,
            facts,
            due: now + self.settle,
            late: now + self.late,
        });
        None
    }

    fn is_finished(&self, path: &Path, facts: &FileFacts, look: &dyn Look) -> bool {
        match look.writers(path) {
            Writers::None => true,
            Writers::Some => false,
            // Then only an old file is surely finished.
            Writers::Unknown => facts
                .modified
                .and_then(|modified| look.today().duration_since(modified).ok())
                .is_some_and(|age| age >= self.settle),
        }
    }

    /// Looks at the files whose time has come.
    pub fn step(&mut self, now: Instant, look: &dyn Look) -> Vec<Settled> {
        let mut settled = Vec::new();
        self.files.retain(|path, waiting| {
            if now < waiting.due {
                return true;
            }
            let Some(facts) = look.facts(path) else {
                settled.push(Settled::Gone(waiting.found.clone()));
                return false;
            };
            let unrest = if facts != waiting.facts {
                Unrest::Changing
            } else if look.writers(path) == Writers::Some {
                Unrest::Open
            } else {
                settled.push(Settled::Whole(waiting.found.clone(), facts));
                return false;
            };
            waiting.facts = facts;
            waiting.due = now + self.settle;
            if now >= waiting.late {
                waiting.late = now + self.late;
                settled.push(Settled::Late(waiting.found.clone(), unrest));
            }
            true
        });
        settled
    }
}

#[cfg(test)]
mod tests;
