//! Whether and when a recording that failed is tried again.

use std::time::Duration;

use undertone_config::Retry;
use undertone_types::Cause;

/// How often a recording may end a worker before it is quarantined.
const DEADLY_ATTEMPTS: usize = 2;
/// Longest pause when the installation lacks something, in multiples of the longest pause for
/// other causes: somebody has to install it, and every start tries at once.
const ENVIRONMENT_FACTOR: u32 = 24;
/// Strikes that are kept; more would add nothing.
const STRIKES_KEPT: usize = 100;

/// The failed attempts at a recording.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// Their number.
    pub attempts: u32,
    /// Causes of those that count against the recording, in order: see `is_strike`.
    pub strikes: Vec<Cause>,
}

/// What happens to a recording that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// It is tried again after this time.
    After(Duration),
    /// It is tried again at once, with nothing else in the worker.
    Alone,
    /// It is tried again when its content changes.
    Never,
    /// It is quarantined: tried again only when the user asks for it.
    Quarantined,
}

/// True for causes that end the worker, or make the daemon kill it.
#[must_use]
pub fn is_deadly(cause: Cause) -> bool {
    matches!(
        cause,
        Cause::Crashed | Cause::Memory | Cause::Time | Cause::Defect
    )
}

/// True for causes that count against a recording, though another attempt may succeed.
#[must_use]
pub fn is_strike(cause: Cause) -> bool {
    is_deadly(cause) || matches!(cause, Cause::Stalled | Cause::Engine)
}

impl History {
    /// True when it ended a worker, or was in one that ended.
    #[must_use]
    pub fn is_suspect(&self) -> bool {
        self.strikes.iter().copied().any(is_deadly)
    }

    /// Adds an attempt that failed for this `cause`; returns what follows.
    ///
    /// Disk, network and installation are not the recording's fault: it is tried for ever, at
    /// growing intervals. A cause that may be its fault has `retry.attempts` attempts, one that
    /// ends the worker has two.
    pub fn add(&mut self, cause: Cause, retry: &Retry) -> Next {
        self.attempts = self.attempts.saturating_add(1);
        if is_strike(cause) && self.strikes.len() < STRIKES_KEPT {
            self.strikes.push(cause);
        }
        let longest = longest_pause(retry);
        match cause {
            Cause::Content => Next::Never,
            Cause::Io => Next::After(pause(self.attempts, retry, longest)),
            Cause::Environment => {
                let longest = longest * ENVIRONMENT_FACTOR;
                Next::After(pause(self.attempts, retry, longest))
            }
            Cause::Stalled | Cause::Engine => {
                let strikes = self.strikes.iter().filter(|cause| !is_deadly(**cause));
                let strikes = u32::try_from(strikes.count()).unwrap_or(u32::MAX);
                match strikes >= retry.attempts {
                    true => Next::Never,
                    false => Next::After(pause(strikes, retry, longest)),
                }
            }
            Cause::Crashed | Cause::Memory | Cause::Time | Cause::Defect => {
                let strikes = self.strikes.iter().filter(|cause| is_deadly(**cause));
                match strikes.count() >= DEADLY_ATTEMPTS {
                    true => Next::Quarantined,
                    false => Next::Alone,
                }
            }
        }
    }
}

/// The longest pause between two attempts, unless the installation lacks something.
#[must_use]
pub fn longest_pause(retry: &Retry) -> Duration {
    Duration::from_secs_f64(retry.longest_s)
}

/// The longest pause after any failure.
#[must_use]
pub fn longest_pause_of_all(retry: &Retry) -> Duration {
    longest_pause(retry) * ENVIRONMENT_FACTOR
}

fn pause(attempts: u32, retry: &Retry, longest: Duration) -> Duration {
    let doublings = attempts.saturating_sub(1).min(64).cast_signed();
    let doubled_s = retry.backoff_s * 2_f64.powi(doublings);
    Duration::from_secs_f64(doubled_s.min(longest.as_secs_f64()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RETRY: Retry = Retry {
        attempts: 4,
        backoff_s: 30.0,
        longest_s: 100.0,
    };

    fn outcomes(causes: &[Cause]) -> Vec<Next> {
        let mut history = History::default();
        causes
            .iter()
            .map(|cause| history.add(*cause, &RETRY))
            .collect()
    }

    fn after(seconds: u64) -> Next {
        Next::After(Duration::from_secs(seconds))
    }

    /// Retries once stopped after seven and a half minutes: a network share that was offline for a
    /// night failed all recordings on it.
    #[test]
    fn disk_and_network_are_tried_for_ever_ever_less_often() {
        let outcomes = outcomes(&[Cause::Io; 400]);
        assert_eq!(outcomes[..4], [30, 60, 100, 100].map(after));
        assert_eq!(outcomes[399], after(100));
    }

    #[test]
    fn what_an_installation_lacks_is_tried_ever_less_often() {
        let outcomes = outcomes(&[Cause::Environment; 40]);
        assert_eq!(outcomes[..4], [30, 60, 120, 240].map(after));
        assert_eq!(outcomes[39], after(2400));
    }

    #[test]
    fn what_may_be_the_recordings_fault_is_tried_a_few_times() {
        let stalled = outcomes(&[Cause::Stalled; 4]);
        assert_eq!(stalled, [after(30), after(60), after(100), Next::Never]);
        // A night without the network share does not use up the attempts.
        let mut causes = vec![Cause::Io; 50];
        causes.push(Cause::Engine);
        assert_eq!(outcomes(&causes)[50], after(30));
    }

    #[test]
    fn bad_content_is_not_tried_again() {
        assert_eq!(outcomes(&[Cause::Content]), [Next::Never]);
    }

    #[test]
    fn what_ends_the_worker_twice_is_quarantined() {
        for cause in [Cause::Crashed, Cause::Memory, Cause::Time, Cause::Defect] {
            assert_eq!(
                outcomes(&[cause, Cause::Crashed]),
                [Next::Alone, Next::Quarantined]
            );
        }
    }

    /// Only the last cause was once considered: after a failure of another kind, a recording that
    /// ends workers was no longer a suspect.
    #[test]
    fn a_failure_in_between_clears_nobody() {
        let causes = [Cause::Crashed, Cause::Io, Cause::Crashed];
        assert_eq!(outcomes(&causes)[2], Next::Quarantined);
    }
}
