//! What becomes of a recording that failed.

use std::time::{Duration, SystemTime};

use undertone_config::Retry;
use undertone_reports::NextTry;
use undertone_types::Cause;

/// What becomes of a recording that failed for this `cause` at attempt number `attempts`;
/// `former` is why it failed before.
///
/// The content itself: never again. What may pass: again, after a time that doubles. What
/// ended the worker, or took too much: once more, and then it is quarantined.
#[must_use]
pub fn verdict(
    cause: Cause,
    attempts: u32,
    former: Option<Cause>,
    retry: &Retry,
    now: SystemTime,
) -> NextTry {
    match cause {
        Cause::Content => NextTry::Never,
        Cause::Io | Cause::Stalled | Cause::Environment | Cause::Engine => {
            match attempts >= retry.attempts {
                true => NextTry::Never,
                false => NextTry::At(now + pause(attempts, retry)),
            }
        }
        cause if is_deadly(cause) && former.is_some_and(is_deadly) => NextTry::Quarantined,
        _ => NextTry::At(now),
    }
}

/// True for what ends the worker, or makes the daemon end it.
#[must_use]
pub fn is_deadly(cause: Cause) -> bool {
    matches!(
        cause,
        Cause::Crashed | Cause::Memory | Cause::Time | Cause::Defect
    )
}

fn pause(attempts: u32, retry: &Retry) -> Duration {
    let doubled = retry.backoff_s * 2_f64.powi(attempts.saturating_sub(1).min(64).cast_signed());
    Duration::from_secs_f64(doubled.min(retry.longest_s))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RETRY: Retry = Retry {
        attempts: 4,
        backoff_s: 30.0,
        longest_s: 100.0,
    };

    fn next(cause: Cause, attempts: u32, former: Option<Cause>) -> Option<f64> {
        let now = SystemTime::UNIX_EPOCH;
        match verdict(cause, attempts, former, &RETRY, now) {
            NextTry::At(at) => Some(at.duration_since(now).unwrap().as_secs_f64()),
            NextTry::Never => Some(-1.0),
            NextTry::Quarantined => None,
        }
    }

    #[test]
    fn what_may_pass_is_tried_ever_less_often_and_then_no_more() {
        let pauses: Vec<_> = (1..=5)
            .map(|attempts| next(Cause::Io, attempts, None))
            .collect();
        assert_eq!(pauses, [30.0, 60.0, 100.0, -1.0, -1.0].map(Some));
        assert_eq!(next(Cause::Stalled, 60, None), Some(-1.0));
    }

    #[test]
    fn an_engine_that_failed_once_is_tried_again() {
        assert_eq!(next(Cause::Engine, 1, None), Some(30.0));
    }

    #[test]
    fn bad_content_is_not_tried_again() {
        assert_eq!(next(Cause::Content, 1, None), Some(-1.0));
    }

    #[test]
    fn what_ends_the_worker_twice_is_quarantined() {
        for cause in [Cause::Crashed, Cause::Memory, Cause::Time, Cause::Defect] {
            assert_eq!(next(cause, 1, None), Some(0.0));
            assert_eq!(next(cause, 2, Some(Cause::Crashed)), None);
            assert_eq!(next(cause, 2, Some(Cause::Io)), Some(0.0));
        }
    }
}
