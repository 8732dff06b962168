//! What depends on time: files to be tried again, limits, a full disk that may have space
//! again, the end of the daemon.

use std::time::Duration;

use super::boundary::{Effect, FileRef, Now, Write, WriteError};
use super::catalogue::{FileId, State};
use super::worker::OverLimit;
use super::{Announcement, Core, Settings};

/// How often a full disk is probed.
const PROBE: Duration = Duration::from_secs(2);
/// How often a stopping daemon logs what it waits for.
const SAY_BUSY: Duration = Duration::from_secs(3);
/// A chain may make no progress for this long before the daemon counts as stuck.
const STILL: Duration = Duration::from_secs(30);
/// Workers that may fail in a row before the daemon counts as stuck.
const FAILED_STARTS: u32 = 3;

/// How the daemon ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// All recordings in progress are finished.
    Drained,
    /// So many recordings were in progress and are scored after the next start.
    Interrupted(usize),
}

/// Nothing is scored while the disk cannot be written to.
#[derive(Debug)]
pub struct Paused {
    reason: String,
    next_probe: Duration,
}

impl Paused {
    /// Why, for people.
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

/// The daemon was asked to stop.
#[derive(Debug)]
pub struct Stopping {
    deadline: Duration,
    /// Recordings that are left for the next start.
    left: usize,
    say_busy: Duration,
}

/// A write that failed because the disk is full.
#[derive(Debug)]
pub enum Held {
    /// The result of a file.
    Record(FileId),
    /// A report that is to be appended to the combined file.
    Append {
        /// The file.
        file: FileRef,
        /// Whether its attempt ends with this.
        ends_attempt: bool,
    },
}

impl Core {
    pub(super) fn pass_time(&mut self, now: Now) {
        let passed = now.elapsed.saturating_sub(self.now.elapsed);
        if !self.worker.tasks.is_empty() {
            self.worked += passed;
        }
        let elapsed = self.now.elapsed.max(now.elapsed);
        self.now = Now { elapsed, ..now };
    }

    /// Does everything that is due.
    pub(super) fn advance(&mut self) {
        if self.ended {
            return;
        }
        let now = self.now.elapsed;
        while let Some(id) = self.deadlines.pop(now, &self.files) {
            self.try_again(id);
        }
        if let Some(paused) = &mut self.paused
            && paused.next_probe <= now
        {
            paused.next_probe = now + PROBE;
            self.effect(Effect::Write(Write::Probe));
        }
        if !self.is_stopping() && self.worker.start_at().is_some_and(|at| at <= now) {
            let number = self.worker.start(now);
            self.effect(Effect::StartWorker(number));
        }
        self.keep_limits();
        self.dispatch();
        self.drain();
    }

    /// When something is due next, if no input comes before.
    pub fn next_deadline(&mut self) -> Option<Duration> {
        let stopping = self.stopping.as_ref();
        let times = [
            self.deadlines.next(&self.files),
            self.paused.as_ref().map(|paused| paused.next_probe),
            self.worker.start_at().filter(|_| stopping.is_none()),
            (self.worker.next_limit(&self.settings.limits)).map(|(at, _)| at),
            stopping.map(|stopping| stopping.deadline.min(stopping.say_busy)),
        ];
        times.into_iter().flatten().min()
    }

    fn keep_limits(&mut self) {
        let (limits, memory) = (&self.settings.limits, self.settings.memory_limit_bytes);
        let Some(over) = self.worker.over(limits, memory, self.now.elapsed) else {
            return;
        };
        self.announce(Announcement::OverLimit(over.reason.clone()));
        self.worker.over = Some(over);
        self.effect(Effect::KillWorker);
    }

    pub(super) fn unstoppable(&mut self) {
        if let Some(OverLimit { reason, .. }) = self.worker.over.take() {
            self.announce(Announcement::CannotStopWorker(reason));
        }
        self.worker.is_unstoppable();
    }

    pub(super) fn not_started(&mut self, number: u64, reason: String) {
        if number == self.worker.number() {
            self.worker.not_started(self.now.elapsed);
            self.announce(Announcement::CannotStartWorker(reason));
        }
    }

    /// Requests a write that must be answered before the daemon may end.
    pub(super) fn write(&mut self, write: Write) {
        self.writes += 1;
        self.effect(Effect::Write(write));
    }

    /// Gives nothing to the worker until the disk can be written to again.
    pub(super) fn pause(&mut self, reason: String) {
        if self.paused.is_none() {
            self.announce(Announcement::Paused(reason.clone()));
        }
        let next_probe = self.now.elapsed + PROBE;
        self.paused = Some(Paused { reason, next_probe });
    }

    pub(super) fn probed(&mut self, takes: bool) {
        if !takes || self.paused.take().is_none() {
            return;
        }
        self.announce(Announcement::Resumed);
        for held in std::mem::take(&mut self.held) {
            match held {
                Held::Record(id) => self.write_pending(id),
                Held::Append { file, ends_attempt } => {
                    // A new attempt may have begun since, which this must not end.
                    let ends_attempt = ends_attempt
                        && self.in_state(&file, State::Beginning).is_none()
                        && self.in_state(&file, State::Running).is_none();
                    self.write(Write::Append { file, ends_attempt });
                }
            }
        }
    }

    /// Appends the reports that the previous daemon had not appended when it was killed, before
    /// anything can replace them.
    pub(super) fn append_interrupted(&mut self) {
        if !self.settings.combined {
            return;
        }
        let interrupted: Vec<_> = self.attempts.keys().cloned().collect();
        for relative in interrupted {
            let file = FileRef { root: 0, relative };
            self.write(Write::Append {
                file,
                ends_attempt: false,
            });
        }
    }

    pub(super) fn appended(
        &mut self,
        file: FileRef,
        ends_attempt: bool,
        result: Result<(), WriteError>,
    ) {
        self.writes = self.writes.saturating_sub(1);
        if let Err(error) = result {
            self.held.push(Held::Append { file, ends_attempt });
            self.pause(error.reason);
        }
    }

    /// Changes the settings. The worker finishes the recordings that it has; files in a lasting
    /// state are looked up again, since their reports may be outdated now.
    pub(super) fn reloaded(&mut self, settings: Settings) {
        self.settings = settings;
        if self.worker.finish() {
            self.effect(Effect::FinishWorker);
        }
        // A file that was queued because its report was outdated may have a current one now.
        for id in self.queue.take_all() {
            self.consult(id);
        }
        let (moving, resting): (Vec<_>, Vec<_>) = self
            .files
            .iter()
            .map(|(id, entry)| (id, entry.state()))
            .partition(|(_, state)| state.is_moving());
        for (id, state) in moving {
            match state {
                State::New | State::Consulting => self.ask_again(id),
                // It is finished with the old settings, and looked up again afterwards.
                State::Beginning | State::Running => {
                    if let Some(entry) = self.files.get_mut(id) {
                        entry.changed = true;
                    }
                }
                _ => {}
            }
        }
        for (id, _) in resting {
            self.forget(id);
        }
    }

    pub(super) fn stop(&mut self) {
        if self.stopping.is_some() {
            return;
        }
        let now = self.now.elapsed;
        self.stopping = Some(Stopping {
            deadline: now + self.settings.grace,
            left: 0,
            say_busy: now,
        });
        if self.worker.finish() {
            self.effect(Effect::FinishWorker);
        }
    }

    /// True while nothing is given to the worker.
    pub(super) fn is_held(&self) -> bool {
        self.paused.is_some() || self.is_stopping()
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.stopping.is_some()
    }

    /// How many recordings are left for the next start, if the daemon stops now.
    pub(super) fn leave(&mut self, recordings: usize) {
        if let Some(stopping) = &mut self.stopping {
            stopping.left += recordings;
        }
    }

    /// Ends when the recordings in progress are finished, or the time for them is over.
    fn drain(&mut self) {
        let Some(stopping) = &mut self.stopping else {
            return;
        };
        let (now, left) = (self.now.elapsed, stopping.left);
        if !self.worker.is_there() && self.writes == 0 {
            return self.end(left);
        }
        let (busy, under_way) = (self.worker.busy(), self.worker.tasks.len());
        if stopping.deadline <= now {
            self.announce(Announcement::OutOfTime { busy, under_way });
            let tasks = self.worker.tasks.values();
            let files = tasks.filter_map(|task| Some(self.files.get(task.file)?.file()));
            for file in files.collect::<Vec<_>>() {
                self.end_attempt(file);
            }
            self.effect(Effect::KillWorker);
            self.end(left + under_way);
        } else if stopping.say_busy <= now {
            stopping.say_busy = now + SAY_BUSY;
            self.announce(Announcement::Finishing { busy, under_way });
        }
    }

    fn end(&mut self, left: usize) {
        self.ended = true;
        self.effect(Effect::End(match left {
            0 => Ending::Drained,
            left => Ending::Interrupted(left),
        }));
    }

    /// What is wrong with the daemon itself: work waits, but no progress is made.
    #[must_use]
    pub fn stuck(&self) -> Option<String> {
        if self.worker.failed_starts() > FAILED_STARTS {
            return Some("workers end before they score anything".to_owned());
        }
        let limit = Duration::try_from_secs_f64(self.settings.limits.stall_s);
        let limit = limit.unwrap_or(Duration::MAX).max(STILL);
        let still = self.now.elapsed.saturating_sub(self.worker.still_since()?);
        (still > limit).then(|| {
            let (still_s, busy) = (still.as_secs(), self.worker.busy());
            format!("no progress for {still_s} s; busy: {busy}")
        })
    }
}
