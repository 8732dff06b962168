//! Gives recordings to the worker, and hears what becomes of them.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use super::Supervisor;
use crate::catalogue::State;
use crate::metrics::Outcome;
use crate::protocol::Event;
use crate::queue::{Class, Next};
use crate::worker::News;
use undertone_discovery::Found;
use undertone_reports::{ReportError, ReportPaths, SummaryLine};
use undertone_types::Recording;

impl Supervisor {
    /// Recordings that the worker may have at once: enough that no stage waits, few enough
    /// that not many are under suspicion when it ends.
    fn capacity(&self) -> usize {
        2 * (self.config.stages.decode.workers + self.config.stages.queue)
    }

    /// Gives the worker what it can take.
    pub(super) fn dispatch(&mut self) {
        while !self.watch.is_held() && self.crew.takes(self.capacity()) {
            let Some(next) = self.queue.pop(self.crew.tasks.len()) else {
                return;
            };
            let (class, recording, alone) = match next {
                Next::Any(class, recording) => (class, recording, false),
                Next::Alone(recording) => (Class::Again, recording, true),
            };
            if let Err(error) = self.attempts.begin(&recording.relative) {
                self.put_back(class, recording, alone);
                return self.pause(&error);
            }
            self.catalogue.set(&recording.relative, State::Running);
            self.crew.give(recording, class, alone);
        }
    }

    /// Lines up again what was not scored through no fault of its own.
    pub(super) fn put_back(&mut self, class: Class, recording: Arc<Recording>, alone: bool) {
        self.catalogue.set(&recording.relative, State::Queued);
        match alone {
            true => self.queue.push_suspect(recording),
            false => self.queue.push(class, recording),
        }
    }

    pub(super) fn heard(&mut self, number: u64, news: News) {
        if !self.crew.is_current(number) {
            return;
        }
        match news {
            News::Said(event) => self.said(event),
            News::Ended(end) => self.worker_ended(&end),
        }
    }

    fn said(&mut self, event: Event) {
        match event {
            Event::Ready => self.crew.is_now_ready(),
            Event::Opened { id, duration_s } => {
                if let Some(task) = self.crew.tasks.get_mut(&id) {
                    task.opened = Some(Instant::now());
                    task.duration_s = duration_s;
                }
                self.crew.turned();
            }
            Event::Scored { id, end_s } => {
                if let Some(task) = self.crew.tasks.get_mut(&id) {
                    task.reached_s = task.reached_s.max(end_s);
                }
            }
            Event::Reported {
                id,
                duration_s,
                summary,
            } => {
                if let Some(task) = self.crew.take_back(id) {
                    self.reported(&task.recording, duration_s, &summary);
                }
            }
            Event::Failed { id, failure } => {
                if let Some(task) = self.crew.take_back(id) {
                    self.attempts.end(&task.recording.relative);
                    self.failed(&task.recording, failure);
                }
            }
            Event::Fault { reason, disk_full } => self.crew.fault = Some((reason, disk_full)),
            Event::Pulse(pulse) => {
                self.metrics.pulse(&pulse);
                self.crew.feel(pulse);
            }
        }
    }

    fn reported(&mut self, recording: &Arc<Recording>, duration_s: f64, summary: &SummaryLine) {
        self.attempts.end(&recording.relative);
        let report = ReportPaths::new(&self.out, &recording.relative).report;
        let mean = summary.sentiment.as_ref().map(|sentiment| sentiment.mean);
        tracing::info!(
            recording = %recording.relative.display(),
            utterances = summary.utterances,
            mean,
            simulated = summary.text.simulated,
            "scored"
        );
        self.metrics.outcome(Outcome::Scored);
        self.metrics.report(duration_s, summary);
        self.watch.scored_s += duration_s;
        self.closed(recording, State::Done);
        self.hooks.report(&report);
    }

    /// A recording has a report now: it is in its last state, until its file changes.
    pub(super) fn closed(&mut self, recording: &Recording, state: State) {
        let found = Found {
            relative: recording.relative.clone(),
            path: recording.path.clone(),
        };
        self.combine(ReportPaths::new(&self.out, &found.relative).report);
        self.rest(&found, recording, state);
    }

    /// Puts a recording into a state that lasts, unless its file changed meanwhile.
    pub(super) fn rest(&mut self, found: &Found, recording: &Recording, state: State) {
        let facts = crate::facts::FileFacts {
            size_bytes: recording.size_bytes,
            modified: recording.modified,
        };
        let changed = self
            .catalogue
            .get(&found.relative)
            .is_some_and(|entry| entry.changed);
        let hash = (!recording.blake3.is_empty()).then(|| recording.blake3.clone());
        self.catalogue.put(found, facts, state, hash);
        match changed {
            // Those that wait for it go on waiting, until it is known what it holds now.
            true => self.wait_again(found.clone()),
            false => self.settle_twins(&found.relative),
        }
    }

    /// Adds a report to the file of all reports, if there is one.
    pub(super) fn combine(&mut self, report: PathBuf) {
        let Some(combined) = &mut self.combined else {
            return;
        };
        if let Err(error) = combined.append(&report) {
            self.uncombined.push(report);
            self.pause(&error);
        }
    }

    /// Whether something was written. If not, nothing is lost: its file is looked at again
    /// when the disk takes something.
    pub(super) fn wrote(
        &mut self,
        written: Result<(), ReportError>,
        recording: &Recording,
    ) -> bool {
        let Err(error) = written else { return true };
        if !error.is_disk_full() {
            // It is this recording's place that takes nothing: the others go on.
            let why = std::error::Error::source(&error).map(ToString::to_string);
            let name = recording.relative.display();
            tracing::error!(recording = %name, why, "cannot be recorded: {error}");
            let pause = Duration::from_secs_f64(self.config.retry.longest_s);
            let state = State::Stranded(SystemTime::now() + pause);
            self.catalogue.set(&recording.relative, state);
            return false;
        }
        self.catalogue.set(&recording.relative, State::Hashing);
        self.later.push(Found {
            relative: recording.relative.clone(),
            path: recording.path.clone(),
        });
        self.pause(&error);
        false
    }
}
