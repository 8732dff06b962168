//! Whether a thread that reads the disk gets an answer: a network share that hangs blocks
//! every caller for ever.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Longer than any working disk takes for one answer.
const OVERDUE: Duration = Duration::from_secs(60);

/// When a thread last got an answer, while it waits for one.
#[derive(Debug, Default)]
pub struct Activity(Mutex<Option<Instant>>);

impl Activity {
    /// The thread reads the disk until the result is dropped.
    pub fn busy(&self) -> impl Drop + '_ {
        self.set(Some(Instant::now()));
        Until(self, || None)
    }

    /// The thread does not read the disk until the result is dropped.
    pub fn waits(&self) -> impl Drop + '_ {
        self.set(None);
        Until(self, || Some(Instant::now()))
    }

    /// The disk has answered; another read follows.
    pub fn moved(&self) {
        self.set(Some(Instant::now()));
    }

    /// How long the disk has not answered, when that is too long.
    pub fn overdue(&self) -> Option<Duration> {
        self.silent_for().filter(|silent| *silent > OVERDUE)
    }

    fn silent_for(&self) -> Option<Duration> {
        let asked = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        asked.map(|asked| asked.elapsed())
    }

    fn set(&self, asked: Option<Instant>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = asked;
    }
}

struct Until<'a>(&'a Activity, fn() -> Option<Instant>);

impl Drop for Until<'_> {
    fn drop(&mut self) {
        self.0.set((self.1)());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_disk_is_blamed_for_silence() {
        let activity = Activity::default();
        assert_eq!(activity.silent_for(), None);
        let busy = activity.busy();
        assert!(activity.silent_for().is_some());
        let waits = activity.waits();
        assert_eq!(activity.silent_for(), None, "the daemon is busy");
        drop(waits);
        assert!(activity.silent_for().is_some());
        drop(busy);
        assert_eq!(activity.silent_for(), None);
    }
}
