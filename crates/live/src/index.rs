//! What is shown of each record, and when it changed: so that a page is told only what it does not
//! know yet.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ffi::OsString;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use undertone_pages::{FolderFacts, Row, unique};
use undertone_reports::RecordPath;
use undertone_types::shown_path;

/// What tells that a file was replaced.
pub type Stamp = (u64, u64, i64, i64);

/// The stamp of a file; `None` where it is gone.
pub fn stamp(file: &Path) -> Option<Stamp> {
    let facts = file.metadata().ok()?;
    Some((facts.ino(), facts.len(), facts.mtime(), facts.mtime_nsec()))
}

/// A record that has to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stale {
    /// Its number.
    pub id: u64,
    /// What the page calls its recording.
    pub name: String,
    /// Where it is.
    pub file: PathBuf,
    /// Before it is read.
    pub stamp: Stamp,
}

#[derive(Debug)]
struct Shown {
    name: String,
    file: PathBuf,
    stamp: Option<Stamp>,
    row: Option<Row>,
    /// The change that brought the row.
    change: u64,
}

/// The records of a folder by number. A number stays that of its file.
#[derive(Debug)]
pub struct Index {
    /// Tells this index from one that began with other numbers.
    start: String,
    shown: BTreeMap<u64, Shown>,
    numbers: HashMap<PathBuf, u64>,
    names: HashSet<(String, OsString)>,
    next: u64,
    change: u64,
    /// Which are no longer there, and since which change.
    gone: Vec<(u64, u64)>,
    /// How many of how many records have been read, while many are.
    pub reading: Option<(usize, usize)>,
    /// The facts of the folder, as of a change.
    together: (u64, String),
}

/// What a page does not know yet.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Which start the numbers are of.
    pub start: String,
    /// Up to which change this goes.
    pub up_to: u64,
    /// JSON objects of new and changed rows.
    pub rows: Vec<String>,
    /// Numbers of rows that are no longer there.
    pub gone: Vec<u64>,
    /// The facts of the folder in JSON; `None` where nothing has changed.
    pub together: Option<String>,
    /// How many of how many records have been read, while many are.
    pub reading: Option<(usize, usize)>,
}

impl Index {
    /// Without records, and with a start of its own.
    pub fn new() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        Self {
            start: format!("{:x}", since.unwrap_or_default().as_nanos()),
            shown: BTreeMap::new(),
            numbers: HashMap::new(),
            names: HashSet::new(),
            next: 0,
            change: 0,
            gone: Vec::new(),
            reading: None,
            together: (u64::MAX, String::new()),
        }
    }

    /// True when there is something that can be forgotten.
    pub fn holds_something(&self) -> bool {
        self.change > 0
    }

    /// Compares with what is in the folder now: leaves out what has gone, and returns what is
    /// new or was replaced.
    pub fn compare(&mut self, found: &[(RecordPath, Stamp)]) -> Vec<Stale> {
        let there: HashSet<_> = found.iter().map(|(record, _)| &record.file).collect();
        let gone = self.shown.iter();
        let gone = gone.filter(|(_, shown)| !there.contains(&shown.file));
        let gone: Vec<_> = gone.map(|(id, _)| *id).collect();
        for id in gone {
            self.leave_out(id);
        }
        let mut stale = Vec::new();
        for (record, stamp) in found {
            let id = self.number(record);
            let shown = &self.shown[&id];
            if shown.stamp != Some(*stamp) {
                stale.push(Stale {
                    id,
                    name: shown.name.clone(),
                    file: record.file.clone(),
                    stamp: *stamp,
                });
            }
        }
        stale
    }

    fn number(&mut self, record: &RecordPath) -> u64 {
        if let Some(id) = self.numbers.get(&record.file) {
            return *id;
        }
        let id = self.next;
        self.next += 1;
        let name = unique(shown_path(&record.recording), record, &mut self.names);
        self.numbers.insert(record.file.clone(), id);
        let shown = Shown {
            name,
            file: record.file.clone(),
            stamp: None,
            row: None,
            change: 0,
        };
        self.shown.insert(id, shown);
        id
    }

    /// Takes what was read, as one change.
    pub fn take(&mut self, read: Vec<(Stale, Row)>) {
        if read.is_empty() {
            return;
        }
        self.change += 1;
        for (stale, row) in read {
            if let Some(shown) = self.shown.get_mut(&stale.id) {
                shown.stamp = Some(stale.stamp);
                shown.row = Some(row);
                shown.change = self.change;
            }
        }
    }

    fn leave_out(&mut self, id: u64) {
        let Some(shown) = self.shown.remove(&id) else {
            return;
        };
        self.numbers.remove(&shown.file);
        let ending = shown.file.extension().unwrap_or_default().to_owned();
        self.names.remove(&(shown.name, ending));
        if shown.row.is_some() {
            self.change += 1;
            self.gone.push((id, self.change));
        }
    }

    /// What the page calls the recording of this file.
    pub fn name_of(&self, file: &Path) -> Option<String> {
        let id = self.numbers.get(file)?;
        Some(self.shown[id].name.clone())
    }

    /// Name and file of a record.
    pub fn record(&self, id: u64) -> Option<(String, PathBuf)> {
        let shown = self.shown.get(&id)?;
        Some((shown.name.clone(), shown.file.clone()))
    }

    /// What has changed since a page was told; everything, where it was told by another start.
    pub fn changes(&mut self, start: &str, after: u64) -> Changes {
        let after = match start == self.start {
            true => after,
            false => 0,
        };
        let rows = self.shown.values().filter(|shown| shown.change > after);
        let rows = rows.filter_map(|shown| Some(shown.row.as_ref()?.json.clone()));
        let gone = self.gone.iter().filter(|(_, change)| *change > after);
        Changes {
            start: self.start.clone(),
            up_to: self.change,
            rows: rows.collect(),
            gone: gone.map(|(id, _)| *id).collect(),
            reading: self.reading,
            together: (self.change > after).then(|| self.together()),
        }
    }

    fn together(&mut self) -> String {
        if self.together.0 != self.change {
            let shown = self.shown.iter();
            let standings =
                shown.filter_map(|(id, shown)| Some((*id, shown.row.as_ref()?.standing.as_ref()?)));
            let json = serde_json::to_string(&FolderFacts::of(standings));
            self.together = (
                self.change,
                json.expect("numbers and lists of them are JSON"),
            );
        }
        self.together.1.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(name: &str) -> (RecordPath, Stamp) {
        let record = RecordPath {
            file: Path::new("/out").join(format!("{name}.jsonl")),
            recording: name.into(),
        };
        (record, (1, 2, 3, 4))
    }

    fn row(text: &str) -> Row {
        Row {
            json: text.to_owned(),
            standing: None,
        }
    }

    /// Reads all that is stale.
    fn follow(index: &mut Index, found: &[(RecordPath, Stamp)]) -> usize {
        let stale = index.compare(found);
        let read = stale.into_iter().map(|stale| {
            let row = row(&stale.name);
            (stale, row)
        });
        let read: Vec<_> = read.collect();
        let count = read.len();
        index.take(read);
        count
    }

    #[test]
    fn a_page_is_told_what_it_does_not_know_and_nothing_else() {
        let mut index = Index::new();
        let mut found = vec![record("a"), record("b")];
        assert_eq!(follow(&mut index, &found), 2);
        let first = index.changes("", 0);
        assert_eq!(first.rows, ["a", "b"]);
        assert!(first.together.is_some());
        let again = index.changes(&first.start, first.up_to);
        assert_eq!((again.rows.len(), again.together), (0, None));

        assert_eq!(follow(&mut index, &found), 0);
        found[1].1.0 = 9;
        found.push(record("c"));
        assert_eq!(follow(&mut index, &found), 2);
        found.remove(0);
        assert_eq!(follow(&mut index, &found), 0);
        let second = index.changes(&first.start, first.up_to);
        assert_eq!(second.rows, ["b", "c"]);
        assert_eq!(second.gone, [0]);
        let stranger = index.changes("another", second.up_to);
        assert_eq!(stranger.rows, ["b", "c"]);
        assert_eq!(index.record(0), None);
        assert_eq!(index.name_of(&found[0].0.file).as_deref(), Some("b"));
    }

    #[test]
    fn what_comes_back_has_its_name_and_another_number() {
        let mut index = Index::new();
        follow(&mut index, &[record("a")]);
        follow(&mut index, &[]);
        follow(&mut index, &[record("a")]);
        let changes = index.changes("", 0);
        assert_eq!(changes.rows, ["a"]);
        assert_eq!(index.record(1).unwrap().0, "a");
    }
}
