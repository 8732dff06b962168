//! Keeps the index like the folder, while somebody looks.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use undertone_pages::{Row, row};
use undertone_reports::{ReadError, read_record, records_below};

use super::index::{Index, Stale, stamp};

/// The folder is not looked at more often.
const REST: Duration = Duration::from_secs(1);
/// How many times longer than a look took nothing is looked at: large folders and slow disks
/// cost a twentieth of a core.
const REST_FACTOR: u32 = 20;
/// When nobody has looked for so long, everything is forgotten.
const FORGET: Duration = Duration::from_secs(600);
/// What was read is shown after so long, while there is more to read.
const BATCH: Duration = Duration::from_millis(200);
/// Reading fewer records is not worth a word.
const MANY: usize = 50;

/// The index, and whom to tell that somebody looks.
#[derive(Clone, Debug)]
pub struct Watched {
    index: Arc<Mutex<Index>>,
    ask: Sender<()>,
}

impl Watched {
    /// Starts the thread that reads.
    ///
    /// # Errors
    /// When there can be no thread.
    pub fn start(out: PathBuf) -> io::Result<Self> {
        let (ask, asked) = bounded(1);
        let watched = Self {
            index: Arc::new(Mutex::new(Index::new())),
            ask,
        };
        let index = watched.index.clone();
        thread::Builder::new()
            .name("pages-reader".to_owned())
            .spawn(move || follow(&out, &index, &asked))?;
        Ok(watched)
    }

    /// The index. Somebody looks: it is brought up to date soon.
    pub fn index(&self) -> MutexGuard<'_, Index> {
        // It has been asked already where the channel is full.
        let _ = self.ask.try_send(());
        locked(&self.index)
    }
}

fn locked(index: &Mutex<Index>) -> MutexGuard<'_, Index> {
    index.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Until nobody can ask any more.
fn follow(out: &Path, index: &Mutex<Index>, asked: &Receiver<()>) {
    let mut rests_until = Instant::now();
    loop {
        match asked.recv_timeout(FORGET) {
            Ok(()) => {}
            Err(RecvTimeoutError::Timeout) => {
                if locked(index).holds_something() {
                    *locked(index) = Index::new();
                }
                continue;
            }
            Err(RecvTimeoutError::Disconnected) => return,
        }
        let begun = Instant::now();
        if begun < rests_until {
            continue;
        }
        // A folder that went while it was walked is looked at again the next time.
        if let Ok(stale) = compare(out, index) {
            let took = begun.elapsed();
            read(out, index, stale);
            rests_until = Instant::now() + (took * REST_FACTOR).max(REST);
        }
    }
}

fn compare(out: &Path, index: &Mutex<Index>) -> Result<Vec<Stale>, ReadError> {
    let found = records_below(out)?.into_iter();
    let found = found.filter_map(|record| {
        let stamp = stamp(&record.file)?;
        Some((record, stamp))
    });
    let found: Vec<_> = found.collect();
    Ok(locked(index).compare(&found))
}

/// Reads records one by one, and shows them as they come.
fn read(out: &Path, index: &Mutex<Index>, stale: Vec<Stale>) {
    let all = stale.len();
    let many = |done| (all > MANY).then_some((done, all));
    locked(index).reading = many(0);
    let (mut batch, mut shown_at) = (Vec::new(), Instant::now());
    for (done, stale) in stale.into_iter().enumerate() {
        if let Some(row) = read_row(out, index, &stale) {
            batch.push((stale, row));
        }
        if shown_at.elapsed() > BATCH {
            let mut index = locked(index);
            index.reading = many(done + 1);
            index.take(std::mem::take(&mut batch));
            shown_at = Instant::now();
        }
    }
    let mut index = locked(index);
    index.reading = None;
    index.take(batch);
}

/// `None` where the record has gone meanwhile.
fn read_row(out: &Path, index: &Mutex<Index>, stale: &Stale) -> Option<Row> {
    let read = read_record(&stale.file);
    if let Err(ReadError::Io { source, .. }) = &read
        && source.kind() == io::ErrorKind::NotFound
    {
        return None;
    }
    let original = |report: &Path| locked(index).name_of(&out.join(report));
    Some(row(stale.id, &stale.name, read, original))
}

#[cfg(test)]
mod tests {
    use undertone_reports::fixtures::write_report;

    use super::*;

    fn look(out: &Path, index: &Mutex<Index>) {
        let stale = compare(out, index).unwrap();
        read(out, index, stale);
    }

    #[test]
    fn only_what_is_new_or_was_replaced_is_read() {
        let out = tempfile::tempdir().unwrap();
        let index = Mutex::new(Index::new());
        let report = write_report(out.path(), &[1.0]);
        look(out.path(), &index);
        assert_eq!(locked(&index).changes("", 0).rows.len(), 1);
        assert_eq!(compare(out.path(), &index).unwrap(), []);

        write_report(out.path(), &[1.0, 2.0]);
        let before = locked(&index).changes("", 0);
        look(out.path(), &index);
        let after = locked(&index).changes(&before.start, before.up_to);
        assert_eq!(after.rows.len(), 1);
        assert!(after.rows[0].contains(r#""utterances":2"#), "{after:?}");

        std::fs::remove_file(report).unwrap();
        look(out.path(), &index);
        let last = locked(&index).changes(&after.start, after.up_to);
        assert_eq!((last.rows.len(), last.gone.len()), (0, 1));
    }

    #[test]
    fn the_index_follows_while_somebody_asks() {
        let out = tempfile::tempdir().unwrap();
        write_report(out.path(), &[1.0]);
        let watched = Watched::start(out.path().to_owned()).unwrap();
        let patience = Instant::now() + Duration::from_secs(60);
        while watched.index().changes("", 0).rows.is_empty() {
            assert!(Instant::now() < patience, "nothing is read");
            thread::sleep(Duration::from_millis(10));
        }
    }
}
