//! Reads files to the end and hashes them, on a few threads.
//!
//! Each watched folder has its own queue and its own few threads, so that a folder that hangs
//! does not block the others. A thread whose read does not return is abandoned and replaced, up
//! to a limit, so that a handful of bad files does not stop a folder; the file is reported as
//! overdue until the read returns.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::Sender;
use undertone_types::{Cause, Failure, Stage};

use crate::core::{FileRef, Input};
use crate::facts::FileFacts;

/// Threads per folder: reading one file while the next is opened is enough for any disk.
const THREADS: usize = 2;
/// At most so many threads of a folder are abandoned.
const GIVEN_UP: usize = 8;
/// A read that takes longer is overdue.
const OVERDUE: Duration = Duration::from_secs(60);
/// Bytes per read.
const BLOCK: usize = 1 << 20;

/// The threads that hash the files of one folder.
#[derive(Debug)]
pub struct Hashing {
    name: String,
    shared: Arc<Shared>,
    to_core: Sender<Input>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<Pool>,
    more: Condvar,
    read: Reader,
}

/// Reads a file; returns its facts and hash, or nothing when it changed meanwhile.
type Reader = fn(&Path, &Slot) -> io::Result<Option<(FileFacts, blake3::Hash)>>;

#[derive(Debug, Default)]
struct Pool {
    queue: VecDeque<(FileRef, PathBuf)>,
    slots: Vec<Arc<Slot>>,
    closed: bool,
}

/// What a thread is reading.
#[derive(Debug, Default)]
struct Slot(Mutex<Option<(PathBuf, Instant)>>);

impl Slot {
    fn reading(&self) -> MutexGuard<'_, Option<(PathBuf, Instant)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The file, when its read is overdue.
    fn overdue(&self, patience: Duration) -> Option<PathBuf> {
        let reading = self.reading();
        let (path, since) = reading.as_ref()?;
        (since.elapsed() > patience).then(|| path.clone())
    }
}

impl Hashing {
    /// Starts no thread yet: they start with the first files. Results go to `inputs`.
    pub fn new(name: String, to_core: Sender<Input>) -> Self {
        Self::with(name, to_core, read)
    }

    fn with(name: String, to_core: Sender<Input>, read: Reader) -> Self {
        let shared = Shared {
            state: Mutex::default(),
            more: Condvar::new(),
            read,
        };
        Self {
            name,
            shared: Arc::new(shared),
            to_core,
        }
    }

    /// Queues a file to be hashed.
    pub fn ask(&self, file: FileRef, path: PathBuf) {
        self.shared.pool().queue.push_back((file, path));
        self.shared.more.notify_one();
        self.keep_running();
    }

    /// Files whose read is overdue. Starts threads to replace the blocked ones.
    pub fn overdue(&self) -> Vec<PathBuf> {
        self.keep_running();
        self.shared.overdue(OVERDUE)
    }

    fn keep_running(&self) {
        let given_up = self.shared.overdue(OVERDUE).len().min(GIVEN_UP);
        self.grow_to(THREADS + given_up);
    }

    fn grow_to(&self, threads: usize) {
        let mut pool = self.shared.pool();
        while pool.slots.len() < threads.min(pool.slots.len() + pool.queue.len()) {
            let slot = Arc::new(Slot::default());
            let (shared, to_core, mine) = (self.shared.clone(), self.to_core.clone(), slot.clone());
            let started = thread::Builder::new()
                .name(self.name.clone())
                .spawn(move || shared.work(&mine, &to_core));
            if let Err(error) = started {
                // The threads that exist continue.
                tracing::error!(%error, "cannot start a hashing thread");
                return;
            }
            pool.slots.push(slot);
        }
    }
}

impl Drop for Hashing {
    fn drop(&mut self) {
        self.shared.pool().closed = true;
        self.shared.more.notify_all();
    }
}

impl Shared {
    fn pool(&self) -> MutexGuard<'_, Pool> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn overdue(&self, patience: Duration) -> Vec<PathBuf> {
        let slots = self.pool().slots.clone();
        slots
            .iter()
            .filter_map(|slot| slot.overdue(patience))
            .collect()
    }

    fn next(&self) -> Option<(FileRef, PathBuf)> {
        let mut pool = self.pool();
        while pool.queue.is_empty() && !pool.closed {
            pool = self.more.wait(pool).unwrap_or_else(PoisonError::into_inner);
        }
        match pool.closed {
            true => None,
            false => pool.queue.pop_front(),
        }
    }

    fn work(&self, slot: &Slot, to_core: &Sender<Input>) {
        while let Some((file, path)) = self.next() {
            let answer = answer(file, &path, (self.read)(&path, slot));
            *slot.reading() = None;
            if to_core.send(answer).is_err() {
                return;
            }
        }
    }
}

fn answer(
    file: FileRef,
    path: &Path,
    read: io::Result<Option<(FileFacts, blake3::Hash)>>,
) -> Input {
    match read {
        Ok(content) => Input::Hashed(file, content),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Input::Gone(file),
        Err(error) => {
            let failure = Failure {
                stage: Stage::Source,
                cause: Cause::Io,
                chain: vec![error.to_string()],
                hint: Some("check that it can be read".to_owned()),
            };
            Input::Unreadable(file, FileFacts::of(path).ok(), failure)
        }
    }
}

fn read(path: &Path, slot: &Slot) -> io::Result<Option<(FileFacts, blake3::Hash)>> {
    let moved = || *slot.reading() = Some((path.to_owned(), Instant::now()));
    moved();
    let before = FileFacts::of(path)?;
    let mut file = File::open(path)?;
    let (mut hasher, mut block) = (blake3::Hasher::new(), vec![0; BLOCK]);
    loop {
        moved();
        match file.read(&mut block) {
            Ok(0) => break,
            Ok(length) => hasher.update(&block[..length]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
    }
    let is_same = FileFacts::of(path)? == before;
    Ok(is_same.then(|| (before, hasher.finalize())))
}

#[cfg(test)]
mod tests {
    use crossbeam_channel::{Receiver, unbounded};

    use super::*;

    fn file(name: &str) -> FileRef {
        FileRef {
            root: 0,
            relative: Path::new(name).into(),
        }
    }

    fn hashed(answers: &Receiver<Input>) -> Option<FileRef> {
        match answers.recv_timeout(Duration::from_secs(60)) {
            Ok(Input::Hashed(file, _)) => Some(file),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_there_is_hashed_and_what_is_not_has_gone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        std::fs::write(&path, "x").unwrap();
        let (to_core, answers) = unbounded();
        let hashing = Hashing::new("hash".into(), to_core);
        hashing.ask(file("a"), path.clone());
        let answer = answers.recv().unwrap();
        let facts = FileFacts::of(&path).unwrap();
        let expected = (facts, blake3::hash(b"x"));
        assert!(matches!(answer, Input::Hashed(_, Some(content)) if content == expected));
        hashing.ask(file("b"), folder.path().join("b"));
        assert!(matches!(answers.recv().unwrap(), Input::Gone(_)));
    }

    fn hang_or_answer(path: &Path, slot: &Slot) -> io::Result<Option<(FileFacts, blake3::Hash)>> {
        *slot.reading() = Some((path.to_owned(), Instant::now()));
        while path.starts_with("hangs") {
            thread::park();
        }
        Ok(None)
    }

    #[test]
    fn a_read_that_does_not_come_back_is_named_and_its_thread_replaced() {
        let (to_core, answers) = unbounded();
        let hashing = Hashing::with("hash".into(), to_core, hang_or_answer);
        for number in 0..THREADS {
            let path = Path::new("hangs").join(number.to_string());
            hashing.ask(file("hangs"), path);
        }
        hashing.ask(file("good"), "good".into());
        let overdue = loop {
            let overdue = hashing.shared.overdue(Duration::ZERO);
            if overdue.len() == THREADS {
                break overdue;
            }
            thread::yield_now();
        };
        assert!(overdue.contains(&"hangs/0".into()), "{overdue:?}");
        assert!(answers.is_empty());
        hashing.grow_to(THREADS + overdue.len());
        assert_eq!(hashed(&answers), Some(file("good")));
    }
}
