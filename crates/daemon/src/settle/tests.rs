//! Files at rest and files in motion, on a made-up disk and clock.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::time::UNIX_EPOCH;

use proptest::prelude::*;

use super::*;

const SETTLE: Duration = Duration::from_secs(5);
const LATE: Duration = Duration::from_secs(60);

/// A disk with one second resolution, and who writes.
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

impl Look for Disk {
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
    fn today(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(self.now_s.get())
    }
}

fn found() -> Found {
    Found {
        relative: "a.mp4".into(),
        path: "/in/a.mp4".into(),
    }
}

fn at(start: Instant, seconds: u64) -> Instant {
    start + Duration::from_secs(seconds)
}

#[test]
fn a_file_that_grows_is_waited_for_and_reported() {
    let (disk, start) = (Disk::new(), Instant::now());
    let mut settling = Settling::new(SETTLE, LATE);
    disk.grow("/in/a.mp4");
    assert_eq!(settling.wait(found(), false, start, &disk), None);
    let mut late = 0;
    for second in 1..=600 {
        disk.grow("/in/a.mp4");
        for settled in settling.step(at(start, second), &disk) {
            assert_eq!(settled, Settled::Late(found(), Unrest::Changing));
            late += 1;
        }
    }
    assert!((8..=10).contains(&late), "{late} reports in ten minutes");
    let whole = (601..=620).find_map(|second| settling.step(at(start, second), &disk).pop());
    assert!(matches!(whole, Some(Settled::Whole(..))), "{whole:?}");
    assert_eq!(settling.files.len(), 0);
}

#[test]
fn an_open_file_is_not_whole_however_long_it_rests() {
    let (disk, start) = (Disk::new(), Instant::now());
    let mut settling = Settling::new(SETTLE, LATE);
    disk.grow("/in/a.mp4");
    disk.writers.set(Writers::Some);
    settling.wait(found(), false, start, &disk);
    let said: Vec<_> = (1..=66)
        .flat_map(|second| settling.step(at(start, second), &disk))
        .collect();
    assert_eq!(said, [Settled::Late(found(), Unrest::Open)]);
    disk.writers.set(Writers::None);
    let whole = settling.step(at(start, 72), &disk);
    assert!(matches!(whole[..], [Settled::Whole(..)]), "{whole:?}");
}

#[test]
fn a_rename_into_place_counts_at_once_when_nobody_writes() {
    let (disk, now) = (Disk::new(), Instant::now());
    disk.grow("/in/a.mp4");
    let mut settling = Settling::new(SETTLE, LATE);
    let mut rename = || settling.wait(found(), true, now, &disk);
    disk.writers.set(Writers::Some);
    assert_eq!(rename(), None);
    // Modified a second ago; without a word from the kernel it may still be written.
    disk.writers.set(Writers::Unknown);
    assert_eq!(rename(), None);
    disk.now_s.set(2000);
    assert!(matches!(rename(), Some(Settled::Whole(..))));
    disk.writers.set(Writers::None);
    disk.now_s.set(1000);
    assert!(matches!(rename(), Some(Settled::Whole(..))));
    assert_eq!(settling.files.len(), 0);
}

#[test]
fn a_file_that_goes_is_forgotten() {
    let (disk, start) = (Disk::new(), Instant::now());
    let mut settling = Settling::new(SETTLE, LATE);
    assert_eq!(
        settling.wait(found(), false, start, &disk),
        Some(Settled::Gone(found()))
    );
    disk.grow("/in/a.mp4");
    settling.wait(found(), false, start, &disk);
    disk.files.borrow_mut().clear();
    assert_eq!(settling.step(at(start, 5), &disk), [Settled::Gone(found())]);
    assert_eq!(settling.files.len(), 0);
}

proptest! {
    /// However a file grows: it is whole only after it rested, and then soon.
    #[test]
    fn whole_means_at_rest(growth in prop::collection::vec(0_u64..20, 0..10)) {
        let (disk, start) = (Disk::new(), Instant::now());
        let mut settling = Settling::new(SETTLE, LATE);
        disk.grow("/in/a.mp4");
        settling.wait(found(), false, start, &disk);
        let mut changes: Vec<u64> = growth.iter().scan(0, |at, pause| {
            *at += pause;
            Some(*at)
        }).collect();
        let mut last = 0;
        for second in 0..400 {
            while changes.first() == Some(&second) {
                changes.remove(0);
                disk.grow("/in/a.mp4");
                last = second;
            }
            let settled = settling.step(at(start, second), &disk).pop();
            if matches!(settled, Some(Settled::Whole(..))) {
                prop_assert!(second - last >= 5, "changed at {last}, whole at {second}");
                prop_assert!(second - last <= 10, "changed at {last}, whole at {second}");
                return Ok(());
            }
        }
        prop_assert!(false, "never whole");
    }
}
