//! The worker at hand, what it has, and when the next one may start.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::Sender;

use super::protocol::{Job, Pulse, Setup};
use super::queue::Class;
use super::worker::{News, Worker, Workshop};
use undertone_config::{Config, Limits};
use undertone_types::{Cause, Recording, Stage};

/// Longest pause before a worker is replaced that ends again and again.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// A recording that the worker has.
#[derive(Debug)]
pub struct Task {
    /// Which.
    pub recording: Arc<Recording>,
    /// As what it waited.
    pub class: Class,
    /// Nothing else is with the worker.
    pub alone: bool,
    /// When it was given.
    pub given: Instant,
    /// When it was opened.
    pub opened: Option<Instant>,
    /// Its length in seconds, if its container states it.
    pub duration_s: Option<f64>,
    /// Up to where it is scored, in seconds.
    pub reached_s: f64,
}

/// Why a worker is ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// What it went over.
    pub cause: Cause,
    /// Which recording is at fault, if that is known.
    pub culprit: Option<u64>,
    /// In words.
    pub reason: String,
}

/// The worker and its tasks.
pub struct Crew {
    workshop: Workshop,
    setup: Setup,
    news: Sender<(u64, News)>,
    number: u64,
    worker: Option<Worker>,
    started: Instant,
    ready: bool,
    finishing: bool,
    failed_starts: u32,
    not_before: Instant,
    moved: Instant,
    /// When a recording was opened or ended last.
    turned: Instant,
    /// It could not be killed, which was said.
    unkillable: bool,
    /// How the chain was last.
    pub pulse: Pulse,
    /// What the worker has.
    pub tasks: BTreeMap<u64, Task>,
    /// Why it is being ended.
    pub verdict: Option<Verdict>,
    /// A fault that it told of, and whether the disk is full.
    pub fault: Option<(String, bool)>,
    /// Workers that had to be replaced.
    pub replaced: u64,
}

impl Crew {
    /// Nobody yet.
    pub fn new(workshop: Workshop, setup: Setup, news: Sender<(u64, News)>) -> Self {
        let now = Instant::now();
        Self {
            workshop,
            setup,
            news,
            number: 0,
            worker: None,
            started: now,
            ready: false,
            finishing: false,
            failed_starts: 0,
            not_before: now,
            moved: now,
            turned: now,
            unkillable: false,
            pulse: Pulse::default(),
            tasks: BTreeMap::new(),
            verdict: None,
            fault: None,
            replaced: 0,
        }
    }

    /// The next worker works so.
    pub fn change(&mut self, config: Config) {
        self.setup.config = config;
    }

    /// Starts a worker if there is none and it is time; true when one was started.
    pub fn ensure(&mut self, now: Instant) -> io::Result<bool> {
        if self.worker.is_some() || now < self.not_before {
            return Ok(false);
        }
        self.number += 1;
        let opened = self
            .workshop
            .open(self.number, self.setup.clone(), self.news.clone());
        match opened {
            Ok(worker) => self.worker = Some(worker),
            Err(error) => {
                self.slow_down(now);
                return Err(error);
            }
        }
        (self.started, self.moved) = (now, now);
        (self.ready, self.finishing, self.unkillable) = (false, false, false);
        (self.verdict, self.fault) = (None, None);
        self.pulse = Pulse::default();
        Ok(true)
    }

    /// True for news of the worker at hand, not of a former one.
    pub fn is_current(&self, number: u64) -> bool {
        self.number == number
    }

    /// True when the worker takes recordings.
    pub fn takes(&self, capacity: usize) -> bool {
        self.ready
            && !self.finishing
            && self.tasks.len() < capacity
            && !self.tasks.values().any(|task| task.alone)
    }

    /// True when the models are loaded.
    pub fn is_ready(&self) -> bool {
        self.ready
    }

    /// The models are loaded.
    pub fn is_now_ready(&mut self) {
        self.ready = true;
        self.moved = Instant::now();
    }

    /// True when the worker was asked to finish.
    pub fn is_finishing(&self) -> bool {
        self.finishing
    }

    /// A recording was opened or has ended: those behind it have waited for it.
    pub fn turned(&mut self) {
        self.turned = Instant::now();
    }

    /// True when there is a worker.
    pub fn is_there(&self) -> bool {
        self.worker.is_some()
    }

    /// How often workers ended in a row before they had done anything.
    pub fn failed_starts(&self) -> u32 {
        self.failed_starts
    }

    /// Gives a recording to the worker.
    pub fn give(&mut self, recording: Arc<Recording>, class: Class, alone: bool) {
        let Some(worker) = &self.worker else { return };
        worker.give(Job::from(&*recording));
        let now = Instant::now();
        if self.tasks.is_empty() {
            self.moved = now;
        }
        let task = Task {
            class,
            alone,
            given: now,
            opened: None,
            duration_s: None,
            reached_s: 0.0,
            recording,
        };
        self.tasks.insert(task.recording.id.0, task);
    }

    /// Takes back what has ended, one way or the other. A worker that gets something done
    /// is a good one.
    pub fn take_back(&mut self, id: u64) -> Option<Task> {
        self.failed_starts = 0;
        self.unkillable = false;
        self.turned();
        self.tasks.remove(&id)
    }

    /// Asks the worker to finish what it has, and to end; once.
    pub fn finish(&mut self) {
        if let Some(worker) = self.worker.as_ref().filter(|_| !self.finishing) {
            worker.finish();
            self.finishing = true;
        }
    }

    /// Ends the worker at once; `false` where that cannot be done.
    pub fn kill(&mut self, verdict: Verdict) -> bool {
        let killed = self.worker.as_ref().is_some_and(Worker::kill);
        if killed {
            self.verdict = Some(verdict);
        }
        self.unkillable = !killed;
        killed
    }

    /// Hears how the chain is.
    pub fn feel(&mut self, pulse: Pulse) {
        if pulse.movement != self.pulse.movement {
            self.moved = Instant::now();
        }
        self.pulse = pulse;
    }

    /// The stage that is at work, or the first.
    pub fn stage(&self) -> Stage {
        self.pulse
            .busy()
            .into_iter()
            .find(|stage| *stage != Stage::Source)
            .unwrap_or(Stage::Decode)
    }

    /// Stages at work, in words.
    pub fn busy(&self) -> String {
        let busy: Vec<_> = self.pulse.busy().into_iter().map(Stage::name).collect();
        match busy.is_empty() {
            true => "no stage".to_owned(),
            false => busy.join(", "),
        }
    }

    /// Memory of the worker, in bytes.
    pub fn memory_bytes(&self) -> Option<u64> {
        self.worker.as_ref()?.memory_bytes()
    }

    /// How long nothing has moved though there is something to do.
    pub fn still(&self, now: Instant) -> Option<Duration> {
        let waits =
            self.worker.is_some() && (!self.tasks.is_empty() || !self.ready || self.finishing);
        waits.then(|| now.saturating_duration_since(self.moved))
    }

    /// What goes over a limit, if anything does.
    pub fn over(&self, limits: &Limits, memory_limit: u64, now: Instant) -> Option<Verdict> {
        if self.verdict.is_some() || self.unkillable {
            return None;
        }
        let stalled = self
            .still(now)
            .filter(|still| still.as_secs_f64() > limits.stall_s);
        if let Some(still) = stalled {
            let (still_s, busy) = (still.as_secs_f64(), self.busy());
            return Some(Verdict {
                cause: Cause::Time,
                culprit: None,
                reason: format!("nothing moved for {still_s:.0} s while {busy} was at work"),
            });
        }
        if let Some(memory) = self.memory_bytes().filter(|memory| *memory > memory_limit) {
            let (memory, limit) = (memory / 1_000_000, memory_limit / 1_000_000);
            return Some(Verdict {
                cause: Cause::Memory,
                culprit: None,
                reason: format!("the worker took {memory} MB of memory; the limit is {limit} MB"),
            });
        }
        let all_s: f64 = self.tasks.values().filter_map(|task| task.duration_s).sum();
        self.tasks.iter().find_map(|(id, task)| {
            let (since, length_s) = match task.opened {
                // Of unknown length: it may take long, as long as something moves.
                Some(opened) => (opened, task.duration_s?),
                // It waits for those that are open.
                None => (task.given.max(self.turned), all_s),
            };
            let limit_s = limits.time_s + limits.time_factor * length_s;
            let took_s = now.saturating_duration_since(since).as_secs_f64();
            (took_s > limit_s).then(|| Verdict {
                cause: Cause::Time,
                culprit: Some(*id),
                reason: format!(
                    "it took {took_s:.0} s; the limit is {limit_s:.0} s; {} was at work",
                    self.busy()
                ),
            })
        })
    }

    /// The worker has ended: gives what it still had. The next one waits when this one had
    /// not done anything.
    pub fn ended(&mut self, well: bool, now: Instant) -> Vec<Task> {
        self.worker = None;
        self.ready = false;
        if !well {
            self.replaced += 1;
            self.slow_down(now);
        }
        std::mem::take(&mut self.tasks).into_values().collect()
    }

    fn slow_down(&mut self, now: Instant) {
        // The first is replaced at once.
        let pause = Duration::from_millis(500) * 2_u32.pow(self.failed_starts.min(10));
        if self.failed_starts > 0 {
            self.not_before = now + pause.min(LONGEST_PAUSE);
        }
        self.failed_starts += 1;
    }
}

#[cfg(test)]
mod tests {
    use crossbeam_channel::unbounded;

    use super::*;
    use undertone_reports::fixtures;
    use undertone_types::RecordingId;

    const LIMITS: Limits = Limits {
        memory_mb: 0,
        stall_s: 1000.0,
        time_s: 60.0,
        time_factor: 10.0,
    };

    /// A crew whose worker has these recordings, opened so many seconds ago or not yet.
    fn crew(tasks: &[(Option<u64>, Option<f64>)], now: Instant) -> Crew {
        let setup = Setup {
            config: Config::load(None, &[]).unwrap(),
            out: "/out".into(),
        };
        let workshop = Workshop::Thread(Arc::new(|_, _, _| Ok(())));
        let mut crew = Crew::new(workshop, setup, unbounded().0);
        assert!(crew.ensure(Instant::now()).unwrap());
        crew.is_now_ready();
        for (index, (opened_s, duration_s)) in tasks.iter().enumerate() {
            let recording = Recording {
                id: RecordingId(index as u64),
                ..(*fixtures::recording()).clone()
            };
            crew.give(Arc::new(recording), Class::Fresh, false);
            let task = crew.tasks.get_mut(&(index as u64)).unwrap();
            task.opened = opened_s.map(|ago| now - Duration::from_secs(ago));
            task.duration_s = *duration_s;
        }
        crew
    }

    fn culprit(tasks: &[(Option<u64>, Option<f64>)], later_s: u64) -> Option<Option<u64>> {
        let now = Instant::now();
        let over = crew(tasks, now).over(&LIMITS, u64::MAX, now + Duration::from_secs(later_s));
        over.map(|verdict| verdict.culprit)
    }

    #[test]
    fn a_recording_may_take_so_long_for_its_length() {
        assert_eq!(culprit(&[(Some(159), Some(10.0))], 0), None);
        assert_eq!(
            culprit(&[(Some(1), Some(10.0)), (Some(161), Some(10.0))], 0),
            Some(Some(1))
        );
        assert_eq!(culprit(&[(Some(900), None)], 0), None, "of unknown length");
    }

    #[test]
    fn those_behind_a_long_one_are_not_at_fault() {
        assert_eq!(culprit(&[(Some(0), Some(60.0)), (None, None)], 500), None);
    }

    #[test]
    fn nothing_that_moves_is_nobodys_fault_in_particular() {
        assert_eq!(culprit(&[(Some(0), None), (None, None)], 3000), Some(None));
    }
}
