//! Every file that the daemon knows, and its state. Rebuilt from the reports at each start.
//! A million files are common, so each path is stored once, and both indexes store numbers.

use std::hash::{BuildHasher, RandomState};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use blake3::Hash;
use hashbrown::HashTable;
use slab::Slab;

use super::boundary::{FileRef, Identity, RootIndex};
use crate::facts::FileFacts;
use crate::status::Counts;

/// Number of a file in the catalogue; reused once the file is forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId(pub u32);

/// State of a file. Times are since the start of the daemon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Its report is being looked up.
    New,
    /// It may not be complete yet.
    Settling,
    /// It is being read and hashed.
    Hashing,
    /// Its size and modification time are being checked.
    Checking,
    /// Its content is known; its report is being looked up.
    Consulting,
    /// It waits for the worker.
    Queued,
    /// It waits for the result of another file with the same content.
    Waiting,
    /// Its attempt is being recorded.
    Beginning,
    /// The worker has it.
    Running,
    /// Its result is being recorded.
    Recording,
    /// It has a report.
    Done,
    /// Its report points to another report.
    Duplicate,
    /// It failed, and is tried again at this time.
    Retrying(Duration),
    /// Its result could not be recorded; tried again at this time.
    Stranded(Duration),
    /// It failed for good.
    Failed,
    /// It is not tried again: it may have ended the worker.
    Quarantined,
}

impl State {
    /// True while work on this file is in progress that ends in another state.
    pub fn is_moving(self) -> bool {
        !matches!(
            self,
            Self::Done
                | Self::Duplicate
                | Self::Retrying(_)
                | Self::Stranded(_)
                | Self::Failed
                | Self::Quarantined
        )
    }
}

/// What is known of a file.
#[derive(Debug)]
pub struct Entry {
    relative: Arc<Path>,
    root: RootIndex,
    state: State,
    /// Its facts when its report was looked up or it was read.
    pub facts: FileFacts,
    content: Option<Hash>,
    /// It changed while work on it was in progress: it must settle again afterwards.
    pub changed: bool,
    /// Number of the look-up in progress; 0 when none is.
    pub ticket: u32,
    /// Found since its folder was last scanned.
    seen: bool,
    /// Its report was made with other settings or models.
    outdated: bool,
}

impl Entry {
    /// Its state.
    pub fn state(&self) -> State {
        self.state
    }

    /// The hash of its content, once it is known.
    pub fn content(&self) -> Option<Hash> {
        self.content
    }

    /// Which file this is.
    pub fn file(&self) -> FileRef {
        FileRef {
            root: self.root,
            relative: self.relative.clone(),
        }
    }

    /// The file with its content.
    pub fn identity(&self) -> Identity {
        Identity {
            file: self.file(),
            facts: self.facts,
            content: self.content,
        }
    }
}

/// The files.
#[derive(Debug, Default)]
pub struct Catalogue {
    files: Slab<Entry>,
    hasher: RandomState,
    by_path: HashTable<FileId>,
    /// The first file of each content.
    holders: HashTable<FileId>,
    counts: Counts,
}

impl Catalogue {
    /// The file with this path below the output folder.
    pub fn find(&self, relative: &Path) -> Option<FileId> {
        let is_same = |id: &FileId| *self.files[id.0 as usize].relative == *relative;
        self.by_path
            .find(self.hasher.hash_one(relative), is_same)
            .copied()
    }

    /// A file.
    pub fn get(&self, id: FileId) -> Option<&Entry> {
        self.files.get(id.0 as usize)
    }

    /// A file, to be changed.
    pub fn get_mut(&mut self, id: FileId) -> Option<&mut Entry> {
        self.files.get_mut(id.0 as usize)
    }

    /// A file that was not known.
    pub fn insert(&mut self, root: RootIndex, relative: &Path, facts: FileFacts) -> FileId {
        let entry = Entry {
            relative: relative.into(),
            root,
            state: State::New,
            facts,
            content: None,
            changed: false,
            ticket: 0,
            seen: true,
            outdated: false,
        };
        *count(&mut self.counts, &entry) += 1;
        let id = u32::try_from(self.files.insert(entry)).expect("memory ends before four billion");
        let (files, hasher) = (&self.files, &self.hasher);
        let hash = |id: &FileId| hasher.hash_one(&*files[id.0 as usize].relative);
        self.by_path
            .insert_unique(hash(&FileId(id)), FileId(id), hash);
        FileId(id)
    }

    /// A file was found in this folder.
    pub fn saw(&mut self, id: FileId, root: RootIndex) {
        if let Some(entry) = self.get_mut(id) {
            (entry.seen, entry.root) = (true, root);
        }
    }

    /// Changes the state of a file.
    pub fn set(&mut self, id: FileId, state: State) {
        if let Some(entry) = self.files.get_mut(id.0 as usize) {
            *count(&mut self.counts, entry) -= 1;
            entry.state = state;
            *count(&mut self.counts, entry) += 1;
        }
    }

    /// Notes whether the report of a file was made with other settings or models.
    pub fn set_outdated(&mut self, id: FileId, outdated: bool) {
        if let Some(entry) = self.files.get_mut(id.0 as usize) {
            *count(&mut self.counts, entry) -= 1;
            entry.outdated = outdated;
            *count(&mut self.counts, entry) += 1;
        }
    }

    /// Changes the content of a file. It does not hold its former content any more.
    pub fn set_content(&mut self, id: FileId, content: Option<Hash>) {
        let Some(entry) = self.files.get_mut(id.0 as usize) else {
            return;
        };
        let former = std::mem::replace(&mut entry.content, content);
        if let Some(former) = former.filter(|former| Some(*former) != content) {
            self.unhold(id, &former);
        }
    }

    /// The file that holds this content: others with the same wait for it, or point to it.
    pub fn holder(&self, content: &Hash) -> Option<FileId> {
        let is_same = |id: &FileId| self.files[id.0 as usize].content.as_ref() == Some(content);
        self.holders
            .find(self.hasher.hash_one(content.as_bytes()), is_same)
            .copied()
    }

    /// Makes a file hold its content, unless another does; returns the file that holds it.
    pub fn hold(&mut self, id: FileId) -> Option<FileId> {
        let content = self.get(id)?.content?;
        if let Some(holder) = self.holder(&content) {
            return Some(holder);
        }
        let (files, hasher) = (&self.files, &self.hasher);
        let hash = |id: &FileId| {
            let content = files[id.0 as usize].content;
            hasher.hash_one(content.as_ref().map_or(&[0; 32], Hash::as_bytes))
        };
        self.holders.insert_unique(hash(&id), id, hash);
        Some(id)
    }

    /// Makes a file hold its content no more.
    pub fn let_go(&mut self, id: FileId) {
        if let Some(content) = self.get(id).and_then(Entry::content) {
            self.unhold(id, &content);
        }
    }

    fn unhold(&mut self, id: FileId, content: &Hash) {
        let hash = self.hasher.hash_one(content.as_bytes());
        if let Ok(held) = self.holders.find_entry(hash, |held| *held == id) {
            held.remove();
        }
    }

    /// Forgets a file.
    pub fn forget(&mut self, id: FileId) {
        self.let_go(id);
        let Some(entry) = self.files.try_remove(id.0 as usize) else {
            return;
        };
        *count(&mut self.counts, &entry) -= 1;
        let hash = self.hasher.hash_one(&*entry.relative);
        if let Ok(indexed) = self.by_path.find_entry(hash, |indexed| *indexed == id) {
            indexed.remove();
        }
    }

    /// After a full scan of a folder: the files that were not found in it and on which no work is
    /// in progress.
    pub fn unseen(&mut self, root: RootIndex) -> Vec<FileId> {
        let mut unseen = Vec::new();
        for (id, entry) in &mut self.files {
            if entry.root == root && !std::mem::take(&mut entry.seen) && !entry.state.is_moving() {
                unseen.push(FileId(id as u32));
            }
        }
        unseen
    }

    /// Files in each state.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// All files.
    pub fn iter(&self) -> impl Iterator<Item = (FileId, &Entry)> {
        let files = self.files.iter();
        files.map(|(id, entry)| (FileId(id as u32), entry))
    }
}

fn count<'c>(counts: &'c mut Counts, entry: &Entry) -> &'c mut usize {
    match entry.state {
        State::Settling
        | State::Hashing
        | State::Checking
        | State::Consulting
        | State::Queued
        | State::Waiting
        | State::Beginning
        | State::Done
        | State::Duplicate
            if entry.outdated =>
        {
            &mut counts.outdated
        }
        State::New | State::Settling => &mut counts.settling,
        State::Hashing
        | State::Checking
        | State::Consulting
        | State::Queued
        | State::Waiting
        | State::Beginning
        | State::Recording => &mut counts.queued,
        State::Running => &mut counts.running,
        State::Done => &mut counts.done,
        State::Duplicate => &mut counts.duplicates,
        State::Retrying(_) | State::Stranded(_) => &mut counts.retrying,
        State::Failed => &mut counts.failed,
        State::Quarantined => &mut counts.quarantined,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FACTS: FileFacts = FileFacts {
        size_bytes: 1,
        modified: None,
    };

    fn content(text: &str) -> Option<Hash> {
        Some(blake3::hash(text.as_bytes()))
    }

    fn done(files: &mut Catalogue, name: &str, text: &str) -> FileId {
        let path = Path::new(name);
        let id = files.find(path);
        let id = id.unwrap_or_else(|| files.insert(0, path, FACTS));
        files.set(id, State::Done);
        files.set_content(id, content(text));
        id
    }

    #[test]
    fn the_first_of_a_content_holds_it_as_long_as_it_has_it() {
        let mut files = Catalogue::default();
        let (a, b) = (done(&mut files, "a", "x"), done(&mut files, "b", "x"));
        assert_eq!((files.hold(a), files.hold(b)), (Some(a), Some(a)));
        done(&mut files, "a", "y");
        assert_eq!(files.holder(&blake3::hash(b"x")), None);
        assert_eq!((files.hold(a), files.hold(b)), (Some(a), Some(b)));
        files.forget(b);
        assert_eq!(files.holder(&blake3::hash(b"x")), None);
        assert_eq!(files.find(Path::new("b")), None);
        assert_eq!(files.counts().done, 1);
    }

    #[test]
    fn an_outdated_report_counts_as_such_until_it_is_made_anew() {
        let mut files = Catalogue::default();
        let a = done(&mut files, "a", "x");
        files.set_outdated(a, true);
        assert_eq!((files.counts().done, files.counts().outdated), (0, 1));
        files.set(a, State::Queued);
        assert_eq!((files.counts().queued, files.counts().outdated), (0, 1));
        files.set(a, State::Running);
        assert_eq!((files.counts().running, files.counts().outdated), (1, 0));
        files.set_outdated(a, false);
        files.set(a, State::Done);
        assert_eq!((files.counts().done, files.counts().outdated), (1, 0));
        files.set_outdated(a, true);
        files.forget(a);
        assert_eq!(files.counts(), Counts::default());
    }

    #[test]
    fn what_has_gone_is_named_after_the_next_scan() {
        let mut files = Catalogue::default();
        let a = done(&mut files, "a", "x");
        let b = done(&mut files, "b", "x");
        files.set(b, State::Running);
        assert!(files.unseen(0).is_empty());
        assert!(files.unseen(1).is_empty());
        assert_eq!(files.unseen(0), [a], "something is to become of b");
    }
}
