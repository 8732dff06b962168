//! A stage's clock: how long it worked, waited for input, and waited for its successor.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use undertone_types::Stage;

/// Shared by the replicas of a stage and its observers; the counts are sums over the replicas.
/// Values that are read while they run are recent, not exact.
#[derive(Debug, Default)]
pub struct StageClock {
    busy_ns: AtomicU64,
    blocked_in_ns: AtomicU64,
    blocked_out_ns: AtomicU64,
    items: AtomicU64,
    workers_at_work: AtomicU64,
    taken: AtomicU64,
    given: AtomicU64,
    steps: AtomicU64,
}

/// A worker counts as working until this is dropped, also by a panic.
#[derive(Debug)]
#[must_use]
pub struct AtWork<'c>(&'c StageClock);

impl Drop for AtWork<'_> {
    fn drop(&mut self) {
        self.0.workers_at_work.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The times of a clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StageTimes {
    /// Time work_times working.
    pub busy: Duration,
    /// Time work_times waiting for something to do.
    pub blocked_in: Duration,
    /// Time work_times waiting for the next stage to take a result.
    pub blocked_out: Duration,
    /// Pieces of work done.
    pub items: u64,
}

impl StageClock {
    /// A clock at zero.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts a worker as working from now on.
    pub fn at_work(&self) -> AtWork<'_> {
        self.workers_at_work.fetch_add(1, Ordering::Relaxed);
        AtWork(self)
    }

    /// True while at least one worker is working.
    #[must_use]
    pub fn is_at_work(&self) -> bool {
        self.workers_at_work.load(Ordering::Relaxed) > 0
    }

    /// Adds working time, and how many pieces of work were done in it.
    pub fn worked(&self, time: Duration, items: u64) {
        add(&self.busy_ns, time);
        self.items.fetch_add(items, Ordering::Relaxed);
    }

    /// Counts messages that were received from the stage before.
    pub fn took(&self, messages: u64) {
        self.taken.fetch_add(messages, Ordering::Relaxed);
    }

    /// Counts a message that was sent to the next stage.
    pub fn gave(&self) {
        self.given.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a step of the work on an item: the stage is not stuck.
    pub fn step(&self) {
        self.steps.fetch_add(1, Ordering::Relaxed);
    }

    /// Adds time work_times waiting for something to do.
    pub fn waited_for_input(&self, time: Duration) {
        add(&self.blocked_in_ns, time);
    }

    /// Adds time work_times waiting for the next stage to take a result.
    pub fn waited_for_output(&self, time: Duration) {
        add(&self.blocked_out_ns, time);
    }

    /// The times so far.
    #[must_use]
    pub fn times(&self) -> StageTimes {
        let read = |counter: &AtomicU64| Duration::from_nanos(counter.load(Ordering::Relaxed));
        StageTimes {
            busy: read(&self.busy_ns),
            blocked_in: read(&self.blocked_in_ns),
            blocked_out: read(&self.blocked_out_ns),
            items: self.items.load(Ordering::Relaxed),
        }
    }
}

/// Share of `wall` that each of `workers` replicas worked which together worked `busy_s`, in [0, 1].
#[must_use]
pub fn busy_share(busy_s: f64, wall: Duration, workers: usize) -> f64 {
    let available_s = wall.as_secs_f64() * workers as f64;
    match available_s > 0.0 {
        true => (busy_s / available_s).min(1.0),
        false => 0.0,
    }
}

fn add(counter: &AtomicU64, time: Duration) {
    let time_ns = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
    counter.fetch_add(time_ns, Ordering::Relaxed);
}

/// One clock for each stage of a chain.
#[derive(Debug, Default)]
pub struct StageClocks([StageClock; Stage::ALL.len()]);

impl StageClocks {
    /// The clock of a stage.
    #[must_use]
    pub fn of(&self, stage: Stage) -> &StageClock {
        &self.0[stage as usize]
    }

    /// Messages that wait for a stage, approximately while it runs.
    #[must_use]
    pub fn waiting(&self, stage: Stage) -> u64 {
        let Some(before) = (stage as usize).checked_sub(1) else {
            return 0;
        };
        let taken = self.of(stage).taken.load(Ordering::Relaxed);
        let given = self.0[before].given.load(Ordering::Relaxed);
        given.saturating_sub(taken)
    }

    /// A number that changes with everything that happens in the chain.
    #[must_use]
    pub fn movement(&self) -> u64 {
        let count = |clock: &StageClock| {
            [&clock.items, &clock.taken, &clock.given, &clock.steps]
                .map(|count| count.load(Ordering::Relaxed))
                .into_iter()
                .sum::<u64>()
        };
        self.0.iter().map(count).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_counted_separately() {
        let clocks = StageClocks::default();
        let clock = clocks.of(Stage::Fuse);
        let nap = Duration::from_millis(5);
        clock.worked(nap, 2);
        clock.worked(nap, 0);
        clock.waited_for_input(nap);
        let times = clock.times();
        assert_eq!(
            (times.items, times.busy, times.blocked_in),
            (2, 2 * nap, nap)
        );
        assert_eq!(times.blocked_out, Duration::ZERO);
        assert_eq!(clocks.of(Stage::Decode).times(), StageTimes::default());
    }

    #[test]
    fn waiting_messages_and_movements_are_counted() {
        let clocks = StageClocks::default();
        let before = clocks.movement();
        clocks.of(Stage::Decode).gave();
        clocks.of(Stage::Decode).gave();
        clocks.of(Stage::Transcribe).took(1);
        assert_eq!(clocks.waiting(Stage::Transcribe), 1);
        assert_eq!(clocks.waiting(Stage::Source), 0);
        assert_eq!(clocks.waiting(Stage::Decode), 0);
        let moved = clocks.movement();
        clocks.of(Stage::Decode).step();
        assert!(before < moved && moved < clocks.movement());
    }

    #[test]
    fn a_panic_ends_the_work_of_a_worker() {
        let clock = StageClock::new();
        let first = clock.at_work();
        let panicked = std::panic::catch_unwind(|| {
            let _second = clock.at_work();
            panic!("injected");
        });
        assert!(panicked.is_err() && clock.is_at_work());
        drop(first);
        assert!(!clock.is_at_work());
    }

    #[test]
    fn the_busy_share_is_of_all_workers() {
        assert_eq!(busy_share(3.0, Duration::from_secs(6), 1), 0.5);
        assert_eq!(busy_share(3.0, Duration::from_secs(6), 2), 0.25);
        assert_eq!(busy_share(3.0, Duration::ZERO, 1), 0.0);
    }
}
