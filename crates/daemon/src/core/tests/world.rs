//! A simulated world for the core: watched folders, an output folder, a clock and a worker, all
//! of which can be made to fail. What is on its disk survives the daemon.

mod contents;
mod disk;
mod shell;
mod worker;

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use undertone_config::{Config, Isolation};

use crate::core::*;
use crate::facts::FileFacts;
pub use contents::{CONTENTS, Nature, hash, nature};
pub use disk::{FailureOnDisk, Report, path};
pub use shell::{PERFORMERS, Performer};
use worker::SimWorker;

#[derive(Debug)]
pub struct World {
    // The disk.
    pub sources: BTreeMap<PathBuf, (u8, FileFacts)>,
    pub reports: BTreeMap<PathBuf, Report>,
    pub failures: BTreeMap<PathBuf, FailureOnDisk>,
    attempts: BTreeMap<PathBuf, u32>,
    pub combined: Vec<Report>,
    tries: HashMap<u8, u32>,
    writes: u64,
    // What goes wrong.
    pub disk_full: bool,
    /// The disk was full, and no probe has fitted since.
    latched: bool,
    pub hung: [bool; 2],
    pub mark: u32,
    pub isolation: Isolation,
    // The daemon.
    core: Core,
    effects: BTreeMap<Performer, VecDeque<Effect>>,
    answers: VecDeque<Input>,
    worker: Option<SimWorker>,
    pub ended: Option<Ending>,
    elapsed: Duration,
    clock_offset_s: i64,
    // What was seen.
    /// Every report that was ever written, unless somebody removed it.
    pub written: BTreeSet<Report>,
    /// Contents that a worker had when it was killed from outside.
    pub killed_with: BTreeSet<u8>,
    pub said: Vec<Announcement>,
    pub given: Vec<(PathBuf, u8)>,
}

const START_S: u64 = 2_000_000_000;

pub fn settings(isolation: Isolation) -> Settings {
    let config = Config::load(None, &[]).unwrap();
    Settings {
        combined: true,
        isolation,
        capacity: 4,
        ..Settings::new(&config, None)
    }
}

impl World {
    pub fn new(isolation: Isolation) -> Self {
        let mut world = Self {
            sources: BTreeMap::new(),
            reports: BTreeMap::new(),
            failures: BTreeMap::new(),
            attempts: BTreeMap::new(),
            combined: Vec::new(),
            tries: HashMap::new(),
            writes: 0,
            disk_full: false,
            latched: false,
            hung: [false; 2],
            mark: 1,
            isolation,
            core: Core::new(settings(isolation), HashMap::new(), now(Duration::ZERO, 0)),
            effects: BTreeMap::new(),
            answers: VecDeque::new(),
            worker: None,
            ended: None,
            elapsed: Duration::ZERO,
            clock_offset_s: 0,
            written: BTreeSet::new(),
            killed_with: BTreeSet::new(),
            said: Vec::new(),
            given: Vec::new(),
        };
        world.restart();
        world
    }

    fn now(&self) -> Now {
        now(self.elapsed, self.clock_offset_s)
    }

    /// Kills the daemon, whatever it is doing, and starts another one.
    pub fn restart(&mut self) {
        let interrupted = self.attempts.iter();
        let interrupted = interrupted.map(|(path, begun)| (path.as_path().into(), *begun));
        let interrupted = interrupted.collect();
        (self.worker, self.ended, self.latched) = (None, None, false);
        self.effects.clear();
        self.answers.clear();
        self.core = Core::new(settings(self.isolation), interrupted, self.now());
        self.handle(Input::Tick);
    }

    pub fn handle(&mut self, input: Input) {
        if self.ended.is_some() {
            return;
        }
        for effect in self.core.handle(self.now(), input) {
            self.take(effect);
        }
        let (tasks, counts) = (
            self.worker.as_ref().map_or(0, |worker| worker.tasks.len()),
            self.core.counts(),
        );
        assert!(tasks <= 4, "more than the worker may have");
        assert!(counts.running <= 4);
    }

    /// Changes settings or models, and reloads them.
    pub fn reload(&mut self, mark: u32) {
        // The worker finishes with the settings that it has: modelled as if it had nothing.
        while self.work(0) {
            if self.worker.is_none() {
                break;
            }
        }
        self.mark = mark;
        self.handle(Input::Reloaded(settings(self.isolation)));
    }

    pub fn set_clock(&mut self, by_s: i64) {
        self.clock_offset_s += by_s;
    }

    /// Lets time pass; over a long time, the worker does all that it can.
    pub fn pass(&mut self, time: Duration) {
        if time > Duration::from_secs(10) {
            while self.deliver() || self.work(0) {}
        }
        self.elapsed += time;
        self.handle(Input::Tick);
    }

    /// Lets time pass until something is due, but at most so much.
    pub fn pass_to_deadline(&mut self, most: Duration) {
        let at = self.core.next_deadline();
        let time = at.map_or(most, |at| at.saturating_sub(self.elapsed));
        self.pass(time.min(most));
    }

    /// Makes everything work again, and performs all effects until nothing is left to do.
    pub fn heal(&mut self) {
        self.disk_full = false;
        self.hung = [false; 2];
        for _ in 0..2000 {
            if self.ended.is_some() {
                self.restart();
            }
            let mut busy = true;
            while busy {
                busy = self.deliver();
                for performer in PERFORMERS {
                    busy |= self.perform(performer);
                }
                busy |= self.work(0);
            }
            self.scan(0);
            self.scan(1);
            while self.deliver() || PERFORMERS.iter().any(|performer| self.perform(*performer)) {}
            if self.unmet().is_none() && self.core.counts().queued + self.core.counts().running == 0
            {
                return;
            }
            self.pass_to_deadline(Duration::from_secs(300));
        }
        panic!("never: {:?}, {:?}", self.unmet(), self.core.counts());
    }

    /// The first promise that is broken for an existing file, if any.
    pub fn unmet(&self) -> Option<String> {
        self.sources
            .iter()
            .find_map(|(relative, (content, facts))| {
                let Records { report, failure } = self.records(relative, *facts);
                let has_report = report
                    .is_some_and(|report| report.content == hash(*content) && report.is_current);
                let failure = failure.filter(|failure| failure.content == Some(hash(*content)));
                let quarantined = failure
                    .as_ref()
                    .is_some_and(|failure| failure.next == NextAttempt::Quarantined);
                let kept = match nature(*content) {
                    Nature::Good | Nature::Flaky(..) => {
                        let excused = self.killed_with.contains(content) && quarantined;
                        has_report != excused
                    }
                    Nature::Bad => {
                        let failed = failure.as_ref();
                        let failed =
                            failed.is_some_and(|failure| failure.next == NextAttempt::Never);
                        let excused = self.killed_with.contains(content) && quarantined;
                        !has_report && (failed || excused)
                    }
                    Nature::Poison | Nature::Hangs => !has_report && quarantined,
                };
                (!kept).then(|| format!("{relative:?} {content}: {report:?} {failure:?}"))
            })
    }

    pub fn counts(&self) -> crate::status::Counts {
        self.core.counts()
    }
}

fn now(elapsed: Duration, clock_offset_s: i64) -> Now {
    let start = UNIX_EPOCH + Duration::from_secs(START_S);
    let offset = Duration::from_secs(clock_offset_s.unsigned_abs());
    let start: SystemTime = match clock_offset_s < 0 {
        true => start - offset,
        false => start + offset,
    };
    Now {
        elapsed,
        wall: start + elapsed,
    }
}
