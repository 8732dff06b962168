use std::path::Path;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use undertone_reports::{Standing, failure_line, fixtures, standing};
use undertone_types::{Failure, Recording, Stage};

use super::*;
use crate::job::{JobMark, Version};

const RETRY: Retry = Retry {
    attempts: 3,
    backoff_s: 30.0,
    longest_s: 100.0,
};

/// A recording, the job for it, and what is known of it.
struct Case {
    recording: Arc<Recording>,
    mark: Arc<RunMark>,
    job: Job,
    presence: Presence,
    known: Known,
    sidecar_changed: bool,
    deliveries: u32,
    now: SystemTime,
}

impl Case {
    fn new() -> Self {
        let (recording, mark) = (fixtures::recording(), fixtures::mark());
        let version = Version::of_file(recording.size_bytes, recording.modified);
        let name = recording.relative.clone();
        Self {
            job: Job::new(
                Path::new("/in"),
                name,
                version.clone(),
                &JobMark::new(&mark),
            ),
            presence: Presence::There(version),
            known: Known {
                report: Standing::Unknown,
                failure: None,
            },
            sidecar_changed: false,
            deliveries: 1,
            now: SystemTime::now(),
            recording,
            mark,
        }
    }

    fn reported() -> Self {
        let out = tempfile::tempdir().unwrap();
        fixtures::write_report(out.path(), &[1.0]);
        let mut case = Self::new();
        case.known.report = standing(out.path(), &case.recording.relative);
        assert!(case.known.report.source().is_some());
        case
    }

    fn failed(cause: Cause, strikes: &[Cause], next: NextTry) -> Self {
        let mut case = Self::new();
        let failure = Failure {
            stage: Stage::Decode,
            cause,
            chain: vec!["broken".to_owned()],
            hint: None,
        };
        let line = failure_line(&case.recording, &case.mark, &failure, 1, strikes, next);
        case.known.failure = Some(line);
        case
    }

    fn course(&self) -> Course {
        Facts {
            job: &self.job,
            presence: &self.presence,
            known: &self.known,
            sidecar_changed: self.sidecar_changed,
            mark: &self.mark,
            retry: &RETRY,
            deliveries: self.deliveries,
            now: self.now,
        }
        .course()
    }

    fn is_scored_afresh(&self) -> bool {
        self.course() == Course::Score(History::default())
    }

    /// The recording has been replaced since it was scored, or failed.
    fn replace(&mut self) {
        self.presence = Presence::There(Version::of_file(1, Some(UNIX_EPOCH)));
    }
}

#[test]
fn what_has_its_report_is_done_also_when_it_is_gone_by_now() {
    let mut case = Case::reported();
    assert_eq!(case.course(), Course::Done);
    case.presence = Presence::Gone;
    assert_eq!(case.course(), Course::Done);
    case.presence = Presence::Away("no route".to_owned());
    assert_eq!(case.course(), Course::Done);
}

#[test]
fn a_report_of_something_else_does_not_count() {
    let mut case = Case::reported();
    case.replace();
    assert!(case.is_scored_afresh(), "other content");
    let mut case = Case::reported();
    case.sidecar_changed = true;
    assert!(case.is_scored_afresh(), "other subtitles");
    let mut case = Case::reported();
    let mut mark = (*case.mark).clone();
    mark.config.text_mode = "none".to_owned();
    case.mark = Arc::new(mark);
    assert!(case.is_scored_afresh(), "other settings");
}

#[test]
fn what_is_gone_is_told_from_what_cannot_be_seen() {
    let mut case = Case::new();
    assert!(case.is_scored_afresh());
    case.presence = Presence::Gone;
    assert_eq!(case.course(), Course::Gone);
    case.presence = Presence::Away("no route".to_owned());
    assert_eq!(case.course(), Course::Later(Duration::from_secs(30)));
    case.deliveries = 9;
    assert_eq!(case.course(), Course::Later(Duration::from_secs(100)));
}

#[test]
fn a_failure_for_good_ends_a_job_until_content_or_bundle_change_or_somebody_asks() {
    let quarantined = [Cause::Crashed, Cause::Crashed];
    for mut case in [
        Case::failed(Cause::Content, &[], NextTry::Never),
        Case::failed(Cause::Crashed, &quarantined, NextTry::Quarantined),
        Case::failed(Cause::Stalled, &[Cause::Stalled; 3], NextTry::Never),
    ] {
        assert!(matches!(case.course(), Course::Dead(_)));
        case.job.again = Some(jiff::Timestamp::now());
        assert!(case.is_scored_afresh(), "asked for");
        case.job.again = Some(jiff::Timestamp::UNIX_EPOCH);
        assert!(matches!(case.course(), Course::Dead(_)), "failed since");
        case.replace();
        assert!(case.is_scored_afresh(), "other content");
    }
    let mut case = Case::failed(Cause::Content, &[], NextTry::Never);
    let mut mark = (*case.mark).clone();
    mark.bundle.fingerprint = "another".to_owned();
    case.mark = Arc::new(mark);
    assert!(case.is_scored_afresh(), "another bundle");
}

/// A worker was lost after it had written the record, before the queue was told to wait.
#[test]
fn a_failure_that_may_pass_is_waited_for_and_counts() {
    let now = SystemTime::now();
    let at = now + Duration::from_secs(40);
    let mut case = Case::failed(Cause::Stalled, &[Cause::Stalled], NextTry::At(at));
    case.now = now;
    match case.course() {
        Course::Later(left) => assert!(left.as_secs() >= 38, "{left:?}"),
        other => panic!("{other:?}"),
    }
    case.now = at + Duration::from_secs(1);
    let history = History {
        attempts: 1,
        strikes: vec![Cause::Stalled],
    };
    assert_eq!(case.course(), Course::Score(history));
}

/// `undertone run` never tries again by itself, and says so of every failure.
#[test]
fn what_a_run_gave_up_for_a_passing_cause_is_tried_again() {
    for cause in [Cause::Io, Cause::Environment, Cause::Stalled] {
        let case = Case::failed(cause, &[], NextTry::Never);
        assert!(matches!(case.course(), Course::Score(_)), "{cause}");
    }
}

#[test]
fn after_a_failure_everything_that_ever_counted_counts() {
    let now = SystemTime::now();
    let after = |before: &[Cause], tried: &[Cause], cause, quarantined| {
        let history = |strikes: &[Cause]| History {
            attempts: u32::try_from(strikes.len().max(1)).unwrap(),
            strikes: strikes.to_owned(),
        };
        let (before, tried) = (history(before), history(tried));
        after_failure(&before, &tried, cause, quarantined, &RETRY, now)
    };
    let (stalled, crashed) = (Cause::Stalled, Cause::Crashed);
    let third = after(&[stalled; 2], &[stalled], stalled, false);
    assert_eq!(third.next, NextTry::Never);
    assert_eq!(third.history.strikes, [stalled; 3]);
    assert_eq!(third.history.attempts, 3);
    let first = after(&[], &[stalled], stalled, false);
    assert_eq!(first.next, NextTry::At(now + Duration::from_secs(30)));
    assert_eq!(
        after(&[], &[crashed; 2], crashed, true).next,
        NextTry::Quarantined
    );
    assert_eq!(
        after(&[crashed], &[crashed], crashed, false).next,
        NextTry::Quarantined
    );
    assert_eq!(after(&[], &[], Cause::Content, false).next, NextTry::Never);
    // A process that was killed from outside too often counts as one strike.
    assert_eq!(
        after(&[], &[crashed], crashed, true).next,
        NextTry::Quarantined
    );
}
