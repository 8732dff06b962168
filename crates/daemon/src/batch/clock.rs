//! The time of a run, without the time in which the run itself was stopped.

use std::time::{Duration, Instant};

/// A longer step is not the worker's: this process was stopped (Ctrl-Z), or the machine slept.
const LONGEST_STEP: Duration = Duration::from_secs(2);

/// Counts time in steps, each of bounded length.
#[derive(Debug)]
pub struct Clock {
    last: Instant,
    elapsed: Duration,
}

impl Clock {
    /// A clock at zero.
    pub fn start() -> Self {
        Self {
            last: Instant::now(),
            elapsed: Duration::ZERO,
        }
    }

    /// Counts the time since the last step; returns it.
    pub fn advance(&mut self) -> Duration {
        self.advance_to(Instant::now())
    }

    fn advance_to(&mut self, now: Instant) -> Duration {
        let step = now.saturating_duration_since(self.last).min(LONGEST_STEP);
        self.last = now;
        self.elapsed += step;
        step
    }

    /// The time so far.
    pub fn elapsed(&self) -> Duration {
        self.elapsed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_in_which_the_run_was_stopped_counts_as_a_moment() {
        let mut clock = Clock::start();
        let start = clock.last;
        clock.advance_to(start + Duration::from_secs(1));
        assert_eq!(clock.elapsed(), Duration::from_secs(1));
        clock.advance_to(start + Duration::from_secs(3601));
        assert_eq!(clock.elapsed(), Duration::from_secs(3));
    }
}
