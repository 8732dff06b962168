//! What to do with a job: all decisions, without a clock, a queue or a store.

use std::time::{Duration, SystemTime};

use undertone_config::Retry;
use undertone_daemon::{History, Next};
use undertone_reports::{FailureLine, NextTry, RunMark};
use undertone_types::Cause;

use crate::Job;
use crate::destination::Known;
use crate::source::Presence;

/// What to do with a job that came.
#[derive(Clone, Debug, PartialEq)]
pub enum Course {
    /// Its recording has its report.
    Done,
    /// Its recording has failed for good: as this record says.
    Dead(Box<FailureLine>),
    /// Its recording is gone.
    Gone,
    /// Not before this time has passed.
    Later(Duration),
    /// Score it; what counted against it before.
    Score(History),
}

/// What to do with a recording that failed.
#[derive(Clone, Debug, PartialEq)]
pub struct AfterFailure {
    /// All that counts against it.
    pub history: History,
    /// When it is tried again.
    pub next: NextTry,
}

/// Everything that is known when a job comes.
pub struct Facts<'a> {
    /// The job.
    pub job: &'a Job,
    /// Whether its recording is there.
    pub presence: &'a Presence,
    /// What is known of it where reports go.
    pub known: &'a Known,
    /// Whether the subtitles beside it are others than those of its report.
    pub sidecar_changed: bool,
    /// Bundle and settings.
    pub mark: &'a RunMark,
    /// When failures are tried again.
    pub retry: &'a Retry,
    /// How often the job came.
    pub deliveries: u32,
    /// The time.
    pub now: SystemTime,
}

impl Facts<'_> {
    /// What to do with the job.
    pub fn course(&self) -> Course {
        // The recording as it is today; where it cannot be seen, as it was submitted.
        let version = match self.presence {
            Presence::There(version) => version,
            Presence::Gone | Presence::Away(_) => &self.job.version,
        };
        let report = &self.known.report;
        let is_of_it = report.source().is_some_and(|source| version.is_of(source));
        if is_of_it && report.is_of(self.mark) && !self.sidecar_changed {
            return Course::Done;
        }
        match self.presence {
            Presence::Gone => return Course::Gone,
            Presence::Away(_) => return Course::Later(pause(self.deliveries, self.retry)),
            Presence::There(_) => {}
        }
        let failure = self.known.failure.as_ref();
        let Some(failure) = failure.filter(|line| version.is_of(&line.source) && self.counts(line))
        else {
            return Course::Score(History::default());
        };
        match failure.next() {
            _ if self.is_for_good(failure) => Course::Dead(Box::new(failure.clone())),
            NextTry::At(at) => match at.duration_since(self.now) {
                Ok(left) if !left.is_zero() => Course::Later(left),
                _ => Course::Score(history(failure)),
            },
            // A run writes that of every failure; for a fleet it may be passing.
            NextTry::Never | NextTry::Quarantined => Course::Score(history(failure)),
        }
    }

    /// True unless it was made with another bundle, or somebody asked since then to try again.
    fn counts(&self, failure: &FailureLine) -> bool {
        let failed_at = failure.failed_at.parse::<jiff::Timestamp>();
        let is_forgiven = match (self.job.again, failed_at) {
            (Some(again), Ok(failed_at)) => failed_at <= again,
            (Some(_), Err(_)) => true,
            (None, _) => false,
        };
        self.mark.is_of_bundle(&failure.bundle) && !is_forgiven
    }

    fn is_for_good(&self, failure: &FailureLine) -> bool {
        let is_strike = |cause: &&Cause| matches!(cause, Cause::Stalled | Cause::Engine);
        let strikes = failure.strikes.iter().filter(is_strike).count();
        failure.quarantined
            || failure.cause == Cause::Content
            || strikes >= self.retry.attempts as usize
    }
}

/// What to do with a recording that failed: `tried` is what this worker's attempts add to what
/// counted `before`.
pub fn after_failure(
    before: &History,
    tried: &History,
    cause: Cause,
    quarantined: bool,
    retry: &Retry,
    now: SystemTime,
) -> AfterFailure {
    let mut history = before.clone();
    let mut strikes = &tried.strikes[..];
    // The last attempt is added with what follows from it.
    if let Some((last, earlier)) = strikes.split_last()
        && *last == cause
    {
        strikes = earlier;
    }
    history.attempts = history
        .attempts
        .saturating_add(tried.attempts.saturating_sub(1));
    history.strikes.extend_from_slice(strikes);
    let next = match history.add(cause, retry) {
        _ if quarantined => NextTry::Quarantined,
        Next::After(pause) => NextTry::At(now + pause),
        Next::Alone => NextTry::At(now + Duration::from_secs_f64(retry.backoff_s)),
        Next::Never => NextTry::Never,
        Next::Quarantined => NextTry::Quarantined,
    };
    AfterFailure { history, next }
}

/// How long a job waits that came so often, when nothing is the recording's fault.
pub fn pause(deliveries: u32, retry: &Retry) -> Duration {
    let doublings = deliveries.saturating_sub(1).min(64).cast_signed();
    let doubled_s = retry.backoff_s * 2_f64.powi(doublings);
    Duration::from_secs_f64(doubled_s.min(retry.longest_s))
}

fn history(failure: &FailureLine) -> History {
    History {
        attempts: failure.attempts,
        strikes: failure.strikes.clone(),
    }
}

#[cfg(test)]
mod tests;
