//! Files at rest and files that change, on a simulated disk and clock.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::path::PathBuf;
use std::time::UNIX_EPOCH;

use proptest::prelude::*;

use super::*;

const SETTLE: Duration = Duration::from_secs(5);
const LATE: Duration = Duration::from_secs(60);

/// A disk, and who writes to it.
struct Disk {
    files: RefCell<HashMap<PathBuf, u64>>,
    writers: Cell<Writers>,
    now_s: Cell<u64>,
}

impl Disk {
    fn new() -> Self {
        Self {
            files: RefCell::default(),
            writers: Cell::new(Writers::None),
            now_s: Cell::new(1000),
        }
    }

    fn grow(&self, path: &str) {
        *self.files.borrow_mut().entry(path.into()).or_default() += 1;
    }
}

impl FileSystem for Disk {
    fn facts(&self, path: &Path) -> Option<FileFacts> {
        let size_bytes = *self.files.borrow().get(path)?;
        Some(FileFacts {
            size_bytes,
            modified: Some(UNIX_EPOCH + Duration::from_secs(999)),
        })
    }
    fn writers(&self, _: &Path) -> Writers {
        self.writers.get()
    }
    fn wall_clock(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(self.now_s.get())
    }
}

fn file() -> RelativePath {
    Path::new("a.mp4").into()
}

/// All that is due.
fn step(settling: &mut Settling, now: Instant, disk: &Disk) -> Vec<Settled> {
    std::iter::from_fn(|| settling.step(now, disk))
        .flatten()
        .collect()
}

fn at(start: Instant, seconds: u64) -> Instant {
    start + Duration::from_secs(seconds)
}

#[test]
fn a_file_that_grows_is_waited_for_and_reported() {
    let (disk, start) = (Disk::new(), Instant::now());
    let mut settling = Settling::new(SETTLE, LATE);
    disk.grow("a.mp4");
    assert_eq!(settling.wait(file(), false, start, &disk), None);
    let mut late = 0;
    for second in 1..=600 {
        disk.grow("a.mp4");
        for settled in step(&mut settling, at(start, second), &disk) {
            assert_eq!(settled, Settled::Late(file(), Unsettled::Changing));
            late += 1;
        }
    }
    assert!((8..=10).contains(&late), "{late} reports in ten minutes");
    let complete =
        (601..=620).find_map(|second| step(&mut settling, at(start, second), &disk).pop());
    assert!(
        matches!(complete, Some(Settled::Complete(..))),
        "{complete:?}"
    );
    assert_eq!(settling.files.len(), 0);
}

#[test]
fn an_open_file_is_not_complete_however_long_it_rests() {
    let (disk, start) = (Disk::new(), Instant::now());
    let mut settling = Settling::new(SETTLE, LATE);
    disk.grow("a.mp4");
    disk.writers.set(Writers::Some);
    settling.wait(file(), false, start, &disk);
    let said: Vec<_> = (1..=66)
        .flat_map(|second| step(&mut settling, at(start, second), &disk))
        .collect();
    assert_eq!(said, [Settled::Late(file(), Unsettled::Open)]);
    disk.writers.set(Writers::None);
    let complete = step(&mut settling, at(start, 72), &disk);
    assert!(
        matches!(complete[..], [Settled::Complete(..)]),
        "{complete:?}"
    );
}

#[test]
fn a_rename_into_place_counts_at_once_when_nobody_writes() {
    let (disk, now) = (Disk::new(), Instant::now());
    disk.grow("a.mp4");
    let mut settling = Settling::new(SETTLE, LATE);
    let mut rename = || settling.wait(file(), true, now, &disk);
    disk.writers.set(Writers::Some);
    assert_eq!(rename(), None);
    // Modified a second ago; while the kernel does not tell, it may still be written.
    disk.writers.set(Writers::Unknown);
    assert_eq!(rename(), None);
    disk.now_s.set(2000);
    assert!(matches!(rename(), Some(Settled::Complete(..))));
    disk.writers.set(Writers::None);
    disk.now_s.set(1000);
    assert!(matches!(rename(), Some(Settled::Complete(..))));
    assert_eq!(settling.files.len(), 0);
}

#[test]
fn a_file_that_goes_is_forgotten() {
    let (disk, start) = (Disk::new(), Instant::now());
    let mut settling = Settling::new(SETTLE, LATE);
    assert_eq!(
        settling.wait(file(), false, start, &disk),
        Some(Settled::Gone(file()))
    );
    disk.grow("a.mp4");
    settling.wait(file(), false, start, &disk);
    disk.files.borrow_mut().clear();
    assert_eq!(
        step(&mut settling, at(start, 5), &disk),
        [Settled::Gone(file())]
    );
    assert_eq!(settling.files.len(), 0);
}

proptest! {
    /// However a file grows: it is complete only after it rested, and then soon.
    #[test]
    fn complete_means_at_rest(growth in prop::collection::vec(0_u64..20, 0..10)) {
        let (disk, start) = (Disk::new(), Instant::now());
        let mut settling = Settling::new(SETTLE, LATE);
        disk.grow("a.mp4");
        settling.wait(file(), false, start, &disk);
        let mut changes: Vec<u64> = growth.iter().scan(0, |at, pause| {
            *at += pause;
            Some(*at)
        }).collect();
        let mut last = 0;
        for second in 0..400 {
            while changes.first() == Some(&second) {
                changes.remove(0);
                disk.grow("a.mp4");
                last = second;
            }
            let settled = step(&mut settling, at(start, second), &disk).pop();
            if matches!(settled, Some(Settled::Complete(..))) {
                prop_assert!(second - last >= 5, "changed at {last}, complete at {second}");
                prop_assert!(second - last <= 10, "changed at {last}, complete at {second}");
                return Ok(());
            }
        }
        prop_assert!(false, "never complete");
    }
}
