//! Every file that the daemon knows of, and where it stands. Rebuilt from the reports at
//! each start; memory grows with the number of files, a few hundred bytes for each.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::facts::FileFacts;
use super::status::Counts;
use undertone_discovery::Found;

/// Where a file stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It may not be whole yet.
    Settling,
    /// It is being hashed.
    Hashing,
    /// It waits for the worker, or for another of the same content.
    Queued,
    /// The worker has it.
    Running,
    /// It has a report.
    Done,
    /// Its report points to another.
    Duplicate,
    /// It failed, and is tried again then.
    Retrying(SystemTime),
    /// It failed, and not even that could be written down; tried again then.
    Stranded(SystemTime),
    /// It failed for good.
    Failed,
    /// It is left alone.
    Quarantined,
}

impl State {
    /// True while something is to become of it soon, without anybody looking again.
    pub fn is_moving(self) -> bool {
        matches!(
            self,
            Self::Settling | Self::Hashing | Self::Queued | Self::Running
        )
    }
}

/// A file.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Where it is.
    pub path: PathBuf,
    /// As it was when it got into its state.
    pub facts: FileFacts,
    /// Where it stands.
    pub state: State,
    /// Its hash, as soon as it is known.
    pub blake3: Option<String>,
    /// It changed while it was moving: look again afterwards.
    pub changed: bool,
    /// Seen since its folder was looked through last.
    seen: bool,
}

/// The files, by their path below the output folder.
#[derive(Debug, Default)]
pub struct Catalogue {
    files: HashMap<PathBuf, Entry>,
    /// The first file of each content.
    holders: HashMap<String, PathBuf>,
}

impl Catalogue {
    /// What is known of a file.
    pub fn get(&self, relative: &Path) -> Option<&Entry> {
        self.files.get(relative)
    }

    /// A file was seen; `None` when it is new.
    pub fn see(&mut self, found: &Found) -> Option<&mut Entry> {
        let entry = self.files.get_mut(&found.relative)?;
        entry.seen = true;
        entry.path.clone_from(&found.path);
        Some(entry)
    }

    /// A file is in this state now, as it is now.
    pub fn put(&mut self, found: &Found, facts: FileFacts, state: State, blake3: Option<String>) {
        if let Some(blake3) = &blake3 {
            let holder = self.holder(blake3).map(Path::to_owned);
            if state != State::Duplicate && holder.is_none() {
                self.holders.insert(blake3.clone(), found.relative.clone());
            }
        }
        let entry = Entry {
            path: found.path.clone(),
            facts,
            state,
            blake3,
            changed: false,
            seen: true,
        };
        self.files.insert(found.relative.clone(), entry);
    }

    /// A file that is known is in this state now.
    pub fn set(&mut self, relative: &Path, state: State) {
        if let Some(entry) = self.files.get_mut(relative) {
            entry.state = state;
        }
    }

    /// The file is known no more.
    pub fn forget(&mut self, relative: &Path) {
        self.files.remove(relative);
    }

    /// The first file of this content, if it is still known and still has it.
    pub fn holder(&self, blake3: &str) -> Option<&Path> {
        let relative = self.holders.get(blake3)?;
        let entry = self.files.get(relative)?;
        let holds = entry.blake3.as_deref() == Some(blake3) && entry.state != State::Duplicate;
        holds.then_some(relative.as_path())
    }

    /// All of a folder was looked through: what was not seen has gone, unless something is
    /// still to become of it.
    pub fn scanned(&mut self, folder: &Path) {
        self.files.retain(|_, entry| {
            let here = entry.path.starts_with(folder);
            let stays = !here || entry.seen || entry.state.is_moving();
            entry.seen &= !here;
            stays
        });
        self.holders
            .retain(|_, holder| self.files.contains_key(holder));
    }

    /// Forgets what is done and what failed, so that it is looked up again.
    pub fn review(&mut self) {
        self.files.retain(|_, entry| entry.state.is_moving());
        for entry in self.files.values_mut() {
            // It is finished as it was begun, and looked at again then.
            entry.changed |= entry.state == State::Running;
        }
    }

    /// Files whose next try has come.
    pub fn due(&self, now: SystemTime) -> Vec<Found> {
        let due = |entry: &Entry| matches!(entry.state, State::Retrying(at) | State::Stranded(at) if at <= now);
        let files = self.files.iter().filter(|(_, entry)| due(entry));
        files
            .map(|(relative, entry)| Found {
                relative: relative.clone(),
                path: entry.path.clone(),
            })
            .collect()
    }

    /// Files in each state.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for entry in self.files.values() {
            let count = match entry.state {
                State::Settling => &mut counts.settling,
                State::Hashing | State::Queued => &mut counts.queued,
                State::Running => &mut counts.running,
                State::Done => &mut counts.done,
                State::Duplicate => &mut counts.duplicates,
                State::Retrying(_) | State::Stranded(_) => &mut counts.retrying,
                State::Failed => &mut counts.failed,
                State::Quarantined => &mut counts.quarantined,
            };
            *count += 1;
        }
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(name: &str) -> Found {
        Found {
            relative: name.into(),
            path: Path::new("/in").join(name),
        }
    }

    const FACTS: FileFacts = FileFacts {
        size_bytes: 1,
        modified: None,
    };

    #[test]
    fn the_first_of_a_content_holds_it_as_long_as_it_has_it() {
        let mut files = Catalogue::default();
        files.put(&found("a"), FACTS, State::Done, Some("x".into()));
        files.put(&found("b"), FACTS, State::Duplicate, Some("x".into()));
        assert_eq!(files.holder("x"), Some(Path::new("a")));
        files.put(&found("a"), FACTS, State::Done, Some("y".into()));
        assert_eq!(files.holder("x"), None);
        files.put(&found("c"), FACTS, State::Done, Some("x".into()));
        assert_eq!(files.holder("x"), Some(Path::new("c")));
        assert_eq!(files.holder("y"), Some(Path::new("a")));
    }

    #[test]
    fn what_has_gone_is_forgotten_after_the_next_look() {
        let mut files = Catalogue::default();
        files.put(&found("a"), FACTS, State::Done, None);
        files.put(&found("b"), FACTS, State::Running, None);
        files.scanned(Path::new("/in"));
        files.scanned(Path::new("/elsewhere"));
        assert!(files.get(Path::new("a")).is_some());
        files.scanned(Path::new("/in"));
        assert!(files.get(Path::new("a")).is_none());
        assert!(
            files.get(Path::new("b")).is_some(),
            "something is to become of it"
        );
    }
}
