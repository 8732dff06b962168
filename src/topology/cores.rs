//! The budget of cores: stages that compute take their threads from it, whichever stage has work.
//!
//! Which stage is the slowest depends on the bundle and the recordings. So each has enough
//! workers to use every core, and what they use together is limited here: no core idles while
//! there is work, and none is fought for.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// A number of cores. Workers are served in the order in which they ask.
#[derive(Debug)]
pub struct Cores {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    free: usize,
    /// The next number that is drawn by who asks.
    next: u64,
    /// The number that is served next.
    served: u64,
}

/// Cores that a worker uses until this is dropped, also by a panic.
#[derive(Debug)]
#[must_use]
pub struct Taken<'c> {
    cores: &'c Cores,
    count: usize,
}

impl Cores {
    /// A budget of `total` cores, at least one.
    #[must_use]
    pub fn new(total: usize) -> Self {
        Self {
            state: Mutex::new(State {
                free: total.max(1),
                next: 0,
                served: 0,
            }),
            changed: Condvar::new(),
        }
    }

    /// Waits until `count` cores are free, and takes them. `count` must not be more than the
    /// budget.
    pub fn take(&self, count: usize) -> Taken<'_> {
        let mut state = self.lock();
        let mine = state.next;
        state.next += 1;
        while state.served != mine || state.free < count {
            state = self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        state.served += 1;
        state.free -= count;
        // Who is next may find enough cores too.
        self.changed.notify_all();
        Taken { cores: self, count }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        self.cores.lock().free += self.count;
        self.cores.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn no_more_cores_are_used_than_there_are() {
        let (cores, used) = (Cores::new(3), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for thread in 0..8 {
                let (cores, used) = (&cores, &used);
                scope.spawn(move || {
                    for round in 0..200 {
                        let count = 1 + (thread + round) % 3;
                        let _taken = cores.take(count);
                        let before = used.fetch_add(count, Ordering::SeqCst);
                        assert!(before + count <= 3);
                        std::thread::yield_now();
                        used.fetch_sub(count, Ordering::SeqCst);
                    }
                });
            }
        });
        assert_eq!(cores.lock().free, 3);
    }

    #[test]
    fn a_panic_gives_cores_back() {
        let cores = Cores::new(1);
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let _taken = cores.take(1);
            panic!("injected");
        }));
        assert!(panicked.is_err());
        drop(cores.take(1));
    }
}
