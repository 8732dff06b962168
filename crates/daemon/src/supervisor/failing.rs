//! What becomes of recordings that failed, and of those that a worker had when it ended.

use std::path::Path;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use super::Supervisor;
use crate::catalogue::State;
use crate::crew::{Task, Verdict};
use crate::metrics::Outcome;
use crate::verdict::{is_deadly, verdict};
use crate::worker::End;
use undertone_discovery::Found;
use undertone_reports::{NextTry, ReportPaths, failed_before, read_failure, sweep, write_failure};
use undertone_types::{Cause, Failure, Recording};

/// Workers that may fail in a row before the daemon is said to be unwell.
pub(super) const FAILED_STARTS: u32 = 3;

impl Supervisor {
    /// A recording has failed: says so in its record, and sees to the next try.
    pub(super) fn failed(&mut self, recording: &Arc<Recording>, failure: Failure) {
        let found = Found {
            relative: recording.relative.clone(),
            path: recording.path.clone(),
        };
        if !recording.path.exists() {
            return self.vanished(&found);
        }
        let paths = ReportPaths::new(&self.out, &recording.relative);
        let former = failed_before(&paths, &recording.blake3);
        let attempts = former
            .as_ref()
            .map_or(0, |former| former.attempts)
            .saturating_add(1);
        let former = former.map(|former| former.cause);
        let now = SystemTime::now();
        let next = verdict(failure.cause, attempts, former, &self.config.retry, now);
        let written = write_failure(&paths, recording, &self.mark, &failure, attempts, next);
        if !self.wrote(written, recording) {
            return;
        }
        let (name, cause) = (recording.relative.display(), failure.cause);
        let state = match next {
            NextTry::Never => {
                tracing::warn!(recording = %name, attempts, "failed: {failure}");
                State::Failed
            }
            NextTry::Quarantined => {
                tracing::error!(recording = %name, attempts, "quarantined: {failure}");
                State::Quarantined
            }
            NextTry::At(_) if is_deadly(cause) => {
                tracing::warn!(recording = %name, attempts, "failed, tried again alone: {failure}");
                State::Queued
            }
            NextTry::At(time) => {
                let pause_s = time.duration_since(now).unwrap_or_default().as_secs();
                tracing::warn!(recording = %name, attempts, "failed, tried again in {pause_s} s: {failure}");
                State::Retrying(time)
            }
        };
        self.metrics.outcome(match state {
            State::Quarantined => Outcome::Quarantined(cause),
            _ => Outcome::Failed(cause),
        });
        self.rest(&found, recording, state);
        // Unless it has changed, and is waited for again.
        if self.is_in(&found, State::Queued) {
            self.queue.push_suspect(recording.clone());
        }
    }

    /// Fails a recording for the reason that another one of the same content failed.
    pub(super) fn fail_alike(&mut self, twin: &Arc<Recording>, holder: &Path) {
        let paths = ReportPaths::new(&self.out, &twin.relative);
        let Some(line) = read_failure(&ReportPaths::new(&self.out, holder).failure) else {
            return self.queue.push_suspect(twin.clone());
        };
        let mut chain = vec![format!("the same content as {}", holder.display())];
        chain.extend(line.error.iter().cloned());
        let failure = Failure {
            stage: self.crew.stage(),
            cause: line.cause,
            chain,
            hint: line.hint.clone(),
        };
        let next = line.next();
        let written = write_failure(&paths, twin, &self.mark, &failure, 0, next);
        if self.wrote(written, twin) {
            tracing::error!(recording = %twin.relative.display(), "quarantined: {failure}");
            self.metrics.outcome(Outcome::Quarantined(line.cause));
            let found = Found {
                relative: twin.relative.clone(),
                path: twin.path.clone(),
            };
            self.rest(&found, twin, State::Quarantined);
        }
    }

    /// The worker has ended, as it should or not.
    pub(super) fn worker_ended(&mut self, end: &End) {
        let (fault, over) = (self.crew.fault.take(), self.crew.verdict.take());
        let (stage, busy) = (self.crew.stage(), self.crew.busy());
        let well = end.well && self.crew.is_finishing() && fault.is_none() && over.is_none();
        let left = self.crew.ended(well, Instant::now());
        for task in &left {
            self.attempts.end(&task.recording.relative);
        }
        if !well {
            self.metrics.replaced();
            let swept = sweep(&self.out);
            let reason = fault
                .as_ref()
                .map_or(end.how.as_str(), |(reason, _)| reason);
            tracing::warn!(
                under_way = left.len(),
                swept,
                "the worker has ended: {reason}"
            );
        }
        let cause = match (&fault, &over) {
            (Some((reason, true)), _) => {
                self.hold(format!("the disk takes nothing more: {reason}"));
                return self.put_all_back(left);
            }
            // What it had when the daemon stops is done after the next start.
            _ if well || self.watch.is_stopping() => {
                self.watch.leave(left.len());
                return self.put_all_back(left);
            }
            (_, Some(over)) => over.cause,
            (Some(_), None) => Cause::Defect,
            (None, None) => Cause::Crashed,
        };
        let fault = fault.map(|(reason, _)| reason);
        let chain = evidence(over.as_ref(), fault.as_deref(), &busy, end, left.len());
        let culprit = over.and_then(|over| over.culprit);
        for task in left {
            let is_suspect = culprit.is_none_or(|culprit| culprit == task.recording.id.0);
            if !is_suspect {
                self.put_back(task.class, task.recording, task.alone);
                continue;
            }
            let failure = Failure {
                stage,
                cause,
                chain: chain.clone(),
                hint: Some(hint(cause).to_owned()),
            };
            self.failed(&task.recording, failure);
        }
    }

    fn put_all_back(&mut self, tasks: Vec<Task>) {
        for task in tasks {
            self.put_back(task.class, task.recording, task.alone);
        }
    }
}

/// Why a worker ended with so many recordings `under_way`, outermost first.
fn evidence(
    over: Option<&Verdict>,
    fault: Option<&str>,
    busy: &str,
    end: &End,
    under_way: usize,
) -> Vec<String> {
    let mut chain = vec![match (over, fault) {
        (Some(over), _) => format!("stopped: {}", over.reason),
        (None, Some(reason)) => format!("the worker failed: {reason}"),
        (None, None) => format!("the worker failed while {busy} was at work: {}", end.how),
    }];
    if under_way > 1 && over.is_none_or(|over| over.culprit.is_none()) {
        chain.push(format!("it is one of {under_way} that were under way"));
    }
    if over.is_none() && !end.last_lines.is_empty() {
        chain.push(format!("its last words: {}", end.last_lines.join(" | ")));
    }
    chain
}

fn hint(cause: Cause) -> &'static str {
    match cause {
        Cause::Memory => "raise limits.memory_mb if the machine has more, then `undertone retry`",
        Cause::Time => {
            "raise limits.time_factor or limits.stall_s on slow machines, then `undertone retry`"
        }
        _ => {
            "repair the recording with `ffmpeg -i IN -c copy OUT`, or report this with the \
             recording; `undertone retry` tries it again"
        }
    }
}
