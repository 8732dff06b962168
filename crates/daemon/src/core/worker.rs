//! What the core knows about the worker: its tasks, whether they exceed their limits, and when
//! the next worker may start.

use std::collections::BTreeMap;
use std::time::Duration;

use undertone_config::Limits;
use undertone_types::{Cause, Stage};

use super::catalogue::FileId;
use super::queue::Class;
use crate::protocol::Heartbeat;

/// Longest pause before a new worker when workers end again and again.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// Models may take so long to load, whatever the limits: a loading worker sends no heartbeat.
const LOADING: Duration = Duration::from_secs(60);
/// The first such pause; each is twice the one before.
const FIRST_PAUSE: Duration = Duration::from_millis(500);

/// A recording that the worker has, or is about to get.
#[derive(Debug)]
pub struct Task {
    /// Which.
    pub file: FileId,
    /// Why it waited.
    pub class: Class,
    /// It is the only recording in the worker.
    pub alone: bool,
    /// When it was given.
    pub given: Duration,
    /// When it was opened.
    pub opened: Option<Duration>,
    /// Its length in seconds, if its container states it.
    pub duration_s: Option<f64>,
    /// How far it is scored, in seconds.
    pub reached_s: f64,
}

/// Why a worker is killed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverLimit {
    /// The limit that was exceeded.
    pub cause: Cause,
    /// Which task is at fault, if that is known.
    pub culprit: Option<u64>,
    /// Why, for people.
    pub reason: String,
}

/// A failure of the chain itself that a worker reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainFault {
    /// What happened, with causes.
    pub reason: String,
    /// The disk is full or read-only.
    pub disk_full: bool,
}

/// The worker. Times are since the start of the daemon.
#[derive(Debug, Default)]
pub struct Worker {
    number: u64,
    is_there: bool,
    ready: bool,
    finishing: bool,
    /// It runs in this process, and a limit was exceeded.
    unstoppable: bool,
    failed_starts: u32,
    not_before: Duration,
    /// When the chain last made progress.
    moved: Duration,
    /// When a recording was last opened or ended.
    turned: Duration,
    /// The last heartbeat.
    pub heartbeat: Heartbeat,
    /// The recordings that it has, by task number.
    pub tasks: BTreeMap<u64, Task>,
    /// Why it is being killed, if it is.
    pub over: Option<OverLimit>,
    /// The failure that it reported before it ended, if it did.
    pub fault: Option<ChainFault>,
    /// Memory that it holds, in bytes.
    pub memory_bytes: Option<u64>,
    /// Workers that had to be replaced.
    pub replaced: u64,
}

impl Worker {
    /// Its number; every worker has another.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// True when a worker is running.
    pub fn is_there(&self) -> bool {
        self.is_there
    }

    /// True when its models are loaded.
    pub fn is_ready(&self) -> bool {
        self.ready
    }

    /// True when it was asked to finish.
    pub fn is_finishing(&self) -> bool {
        self.finishing
    }

    /// How many workers in a row ended before they had scored anything.
    pub fn failed_starts(&self) -> u32 {
        self.failed_starts
    }

    /// When a worker is to be started; none while one is running.
    pub fn start_at(&self) -> Option<Duration> {
        (!self.is_there).then_some(self.not_before)
    }

    /// A worker is being started; returns its number.
    pub fn start(&mut self, now: Duration) -> u64 {
        *self = Self {
            number: self.number + 1,
            is_there: true,
            failed_starts: self.failed_starts,
            not_before: self.not_before,
            moved: now,
            turned: now,
            replaced: self.replaced,
            ..Self::default()
        };
        self.number
    }

    /// It could not be started.
    pub fn not_started(&mut self, now: Duration) {
        self.is_there = false;
        self.slow_down(now);
    }

    /// Its models are loaded.
    pub fn loaded(&mut self, now: Duration) {
        (self.ready, self.moved) = (true, now);
    }

    /// True when it accepts recordings; `under_way` is the number that it has.
    pub fn takes(&self, under_way: usize, capacity: usize) -> bool {
        self.can_take() && under_way < capacity && !self.tasks.values().any(|task| task.alone)
    }

    /// True when it accepts the recordings that were chosen for it.
    pub fn can_take(&self) -> bool {
        self.is_there && self.ready && !self.finishing && self.over.is_none()
    }

    /// It gets a recording.
    pub fn give(&mut self, number: u64, task: Task) {
        if self.tasks.is_empty() {
            self.moved = task.given;
        }
        self.tasks.insert(number, task);
    }

    /// A recording was opened: those behind it have waited for it.
    pub fn opened(&mut self, number: u64, duration_s: Option<f64>, now: Duration) {
        if let Some(task) = self.tasks.get_mut(&number) {
            (task.opened, task.duration_s) = (Some(now), duration_s);
        }
        self.turned = now;
    }

    /// A recording is scored up to here.
    pub fn reached(&mut self, number: u64, end_s: f64) {
        if let Some(task) = self.tasks.get_mut(&number) {
            task.reached_s = task.reached_s.max(end_s);
        }
    }

    /// Removes a recording that it reported as ended. A worker that scores something resets the
    /// pause before the next one.
    pub fn take_back(&mut self, number: u64, now: Duration) -> Option<Task> {
        let task = self.tasks.remove(&number)?;
        (self.failed_starts, self.unstoppable, self.turned) = (0, false, now);
        Some(task)
    }

    /// It is asked to finish; true for the first time.
    pub fn finish(&mut self) -> bool {
        self.is_there && !std::mem::replace(&mut self.finishing, true)
    }

    /// It cannot be stopped.
    pub fn is_unstoppable(&mut self) {
        (self.unstoppable, self.over) = (true, None);
    }

    /// A heartbeat has arrived.
    pub fn beat(&mut self, heartbeat: Heartbeat, now: Duration) {
        if heartbeat.movement != self.heartbeat.movement {
            self.moved = now;
        }
        self.heartbeat = heartbeat;
    }

    /// It has ended: returns the recordings that it still had. The next worker starts after a
    /// pause when this one had not scored anything.
    pub fn ended(&mut self, as_asked: bool, now: Duration) -> BTreeMap<u64, Task> {
        (self.is_there, self.ready, self.memory_bytes) = (false, false, None);
        if !as_asked {
            self.replaced += 1;
            self.slow_down(now);
        }
        std::mem::take(&mut self.tasks)
    }

    fn slow_down(&mut self, now: Duration) {
        // The first is replaced at once.
        let pause = FIRST_PAUSE * 2_u32.pow(self.failed_starts.min(10));
        if self.failed_starts > 0 {
            self.not_before = now + pause.min(LONGEST_PAUSE);
        }
        self.failed_starts += 1;
    }

    /// The stage that is busy, or the first.
    pub fn stage(&self) -> Stage {
        let busy = self.heartbeat.busy().into_iter();
        let mut busy = busy.filter(|stage| *stage != Stage::Source);
        busy.next().unwrap_or(Stage::Decode)
    }

    /// Stages that are busy, for people.
    pub fn busy(&self) -> String {
        let busy: Vec<_> = self.heartbeat.busy().into_iter().map(Stage::name).collect();
        match busy.is_empty() {
            true => "no stage".to_owned(),
            false => busy.join(", "),
        }
    }

    /// How long no progress was made though there is work.
    pub fn still_since(&self) -> Option<Duration> {
        let waits = self.is_there && (!self.tasks.is_empty() || !self.ready || self.finishing);
        waits.then_some(self.moved)
    }

    /// When a limit will be exceeded, unless there is progress, and by which task.
    pub fn next_limit(&self, limits: &Limits) -> Option<(Duration, Option<u64>)> {
        if self.over.is_some() || self.unstoppable {
            return None;
        }
        let patience = match self.ready {
            true => seconds(limits.stall_s),
            false => seconds(limits.stall_s).max(LOADING),
        };
        let stalled = self.still_since().map(|since| (since + patience, None));
        let all_s: f64 = self.tasks.values().filter_map(|task| task.duration_s).sum();
        let tasks = self.tasks.iter().filter_map(|(number, task)| {
            let (since, limit) = self.limit(task, all_s, limits)?;
            Some((since + limit, Some(*number)))
        });
        stalled.into_iter().chain(tasks).min_by_key(|(at, _)| *at)
    }

    /// When a task's time starts, and how long it may take.
    fn limit(&self, task: &Task, all_s: f64, limits: &Limits) -> Option<(Duration, Duration)> {
        let (since, length_s) = match task.opened {
            // Of unknown length: it may take any time, as long as there is progress.
            Some(opened) => (opened, task.duration_s?),
            // It waits for those that are open.
            None => (task.given.max(self.turned), all_s),
        };
        let limit_s = limits.time_s + limits.time_factor * length_s.max(0.0);
        Some((since, seconds(limit_s)))
    }

    /// The limit that is exceeded, if one is.
    pub fn over(&self, limits: &Limits, memory_limit: u64, now: Duration) -> Option<OverLimit> {
        let (at, culprit) = self.next_limit(limits)?;
        if at <= now {
            let busy = self.busy();
            let took = |since: Duration| now.saturating_sub(since).as_secs();
            let reason = match culprit.and_then(|number| self.tasks.get(&number)) {
                None => {
                    let still_s = took(self.moved);
                    format!("no progress for {still_s} s while {busy} was busy")
                }
                Some(task) => {
                    let since = task.opened.unwrap_or(task.given.max(self.turned));
                    let limit_s = at.saturating_sub(since).as_secs();
                    let took_s = took(since);
                    format!("it took {took_s} s; the limit is {limit_s} s; {busy} was busy")
                }
            };
            return Some(OverLimit {
                cause: Cause::Time,
                culprit,
                reason,
            });
        }
        let memory = self.memory_bytes.filter(|memory| *memory > memory_limit)?;
        let (memory, limit) = (memory / 1_000_000, memory_limit / 1_000_000);
        Some(OverLimit {
            cause: Cause::Memory,
            culprit: None,
            reason: format!("the worker took {memory} MB of memory; the limit is {limit} MB"),
        })
    }
}

/// Seconds of the settings, which may be more than a duration can hold once multiplied.
fn seconds(seconds: f64) -> Duration {
    const YEAR: Duration = Duration::from_secs(365 * 86_400);
    Duration::try_from_secs_f64(seconds).map_or(YEAR, |seconds| seconds.min(YEAR))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits {
        memory_mb: 0,
        stall_s: 1000.0,
        time_s: 60.0,
        time_factor: 10.0,
    };

    /// When each task was opened (if it was) and its length; all were given at second 0.
    type Tasks<'t> = &'t [(Option<u64>, Option<f64>)];

    fn culprit(tasks: Tasks, now_s: u64) -> Option<Option<u64>> {
        let mut worker = Worker::default();
        worker.start(Duration::ZERO);
        worker.loaded(Duration::ZERO);
        for (number, (opened, duration_s)) in tasks.iter().enumerate() {
            let task = Task {
                file: FileId(0),
                class: Class::Fresh,
                alone: false,
                given: Duration::ZERO,
                opened: opened.map(Duration::from_secs),
                duration_s: *duration_s,
                reached_s: 0.0,
            };
            worker.give(number as u64, task);
        }
        let over = worker.over(&LIMITS, u64::MAX, Duration::from_secs(now_s));
        over.map(|over| over.culprit)
    }

    #[test]
    fn a_recording_may_take_so_long_for_its_length() {
        assert_eq!(culprit(&[(Some(0), Some(10.0))], 159), None);
        let two = [(Some(160), Some(10.0)), (Some(1), Some(10.0))];
        assert_eq!(culprit(&two, 161), Some(Some(1)));
        assert_eq!(culprit(&[(Some(0), None)], 900), None, "of unknown length");
    }

    #[test]
    fn those_behind_a_long_one_are_not_at_fault() {
        assert_eq!(culprit(&[(Some(0), Some(60.0)), (None, None)], 500), None);
    }

    #[test]
    fn a_chain_that_stands_still_is_nobodys_fault_in_particular() {
        assert_eq!(culprit(&[(Some(0), None)], 3000), Some(None));
    }

    #[test]
    fn workers_that_get_nothing_done_come_ever_less_often() {
        let mut worker = Worker::default();
        let mut now = Duration::ZERO;
        let pauses: Vec<_> = (0..10)
            .map(|_| {
                worker.start(now);
                worker.ended(false, now);
                let at = worker.start_at().unwrap();
                let pause = at.saturating_sub(now);
                now += pause;
                pause.as_millis()
            })
            .collect();
        assert_eq!(pauses[..4], [0, 1000, 2000, 4000]);
        assert_eq!(pauses[9], 60_000);
    }
}
