//! A world for the core: watched folders, an output folder, a clock and a worker, all of
//! which go wrong when they are told to. What is on its disk survives the daemon.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use blake3::Hash;
use undertone_config::{Config, Isolation};
use undertone_reports::{SummaryLine, TextShares};
use undertone_types::{Cause, Failure, Stage};

use crate::core::*;
use crate::facts::FileFacts;
use crate::protocol::{Event, Heartbeat};

/// What happens to a recording, decided by its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nature {
    Good,
    Bad,
    Poison,
    Hangs,
    /// Fails so often, and then is good.
    Flaky(Cause, u32),
}

pub fn nature(content: u8) -> Nature {
    match content {
        0..=3 => Nature::Good,
        4 => Nature::Bad,
        5 => Nature::Poison,
        6 => Nature::Hangs,
        7 => Nature::Flaky(Cause::Io, 12),
        8 => Nature::Flaky(Cause::Engine, 2),
        _ => Nature::Flaky(Cause::Environment, 3),
    }
}

/// How many contents there are.
pub const CONTENTS: u8 = 10;

pub fn hash(content: u8) -> Hash {
    blake3::hash(&[content])
}

fn content_of(hash: Hash) -> u8 {
    (0..CONTENTS)
        .find(|content| self::hash(*content) == hash)
        .unwrap()
}

/// A report, or a pointer to one, as it is on the disk.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Report {
    pub relative: PathBuf,
    pub content: u8,
    pub mark: u32,
    pub facts: (u64, u64),
    pub of: Option<PathBuf>,
}

#[derive(Clone, Debug)]
pub struct FailureOnDisk {
    pub content: Option<u8>,
    pub facts: FileFacts,
    pub cause: Cause,
    pub history: History,
    pub next: NextAttempt,
}

fn plain(facts: FileFacts) -> (u64, u64) {
    let modified = facts.modified.unwrap().duration_since(UNIX_EPOCH);
    (facts.size_bytes, modified.unwrap().as_secs())
}

#[derive(Debug)]
struct SimWorker {
    number: u64,
    ready: bool,
    finishing: bool,
    movement: u64,
    tasks: Vec<(u64, Identity)>,
}

/// Who performs effects, each in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Performer {
    Records,
    LookUps,
    Scanner(u16),
    Hasher(u16),
}

pub const PERFORMERS: [Performer; 6] = [
    Performer::Records,
    Performer::LookUps,
    Performer::Scanner(0),
    Performer::Scanner(1),
    Performer::Hasher(0),
    Performer::Hasher(1),
];

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

/// The folder that a path is in.
fn root(relative: &Path) -> u16 {
    u16::from(relative.starts_with("b"))
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

    /// The daemon is killed, whatever it was doing, and another one starts.
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

    fn take(&mut self, effect: Effect) {
        let performer = match &effect {
            Effect::Settle { file, .. } | Effect::Check(file) => Performer::Scanner(file.root),
            Effect::Hash(file) => Performer::Hasher(file.root),
            Effect::LookUp { .. } => Performer::LookUps,
            Effect::Write(_) => Performer::Records,
            Effect::StartWorker(number) => {
                assert!(self.worker.is_none(), "a second worker");
                self.worker = Some(SimWorker {
                    number: *number,
                    ready: false,
                    finishing: false,
                    movement: 0,
                    tasks: Vec::new(),
                });
                return;
            }
            Effect::Give { task, file } => return self.give(*task, file.clone()),
            Effect::FinishWorker => {
                if let Some(worker) = &mut self.worker {
                    worker.finishing = true;
                }
                return;
            }
            Effect::KillWorker => return self.end_worker(false, "killed"),
            Effect::Announce(said) => return self.said.push(said.clone()),
            Effect::CallHook(_) => return,
            Effect::End(ending) => {
                self.ended = Some(*ending);
                return;
            }
        };
        self.effects.entry(performer).or_default().push_back(effect);
    }

    fn give(&mut self, task: u64, identity: Identity) {
        let relative = &identity.file.relative;
        assert!(
            self.attempts.contains_key(&**relative),
            "{relative:?} is given before its attempt is on the disk"
        );
        let content = content_of(identity.content.unwrap());
        self.given.push((relative.to_path_buf(), content));
        let is_suspect = |identity: &Identity| {
            let failure = self.failures.get(&*identity.file.relative);
            failure.is_some_and(|failure| {
                failure.content.map(hash) == identity.content && failure.history.is_suspect()
            })
        };
        if let Some(worker) = &self.worker {
            let mut others = worker.tasks.iter().map(|(_, other)| other);
            let alone = is_suspect(&identity) || others.any(is_suspect);
            assert!(
                !alone || worker.tasks.is_empty(),
                "what may have ended a worker is scored alone: {relative:?}"
            );
        }
        if let Some(worker) = &mut self.worker {
            let twice = worker
                .tasks
                .iter()
                .any(|(_, other)| other.file == identity.file);
            assert!(!twice, "{relative:?} is given twice at once");
            assert!(!worker.finishing, "a worker that finishes gets nothing");
            worker.tasks.push((task, identity));
        }
    }

    fn end_worker(&mut self, success: bool, how: &str) {
        if let Some(worker) = self.worker.take() {
            let end = WorkerEnd {
                success,
                how: how.to_owned(),
                last_lines: Vec::new(),
            };
            self.answers
                .push_back(Input::WorkerEnded(worker.number, end));
        }
    }

    /// Somebody kills the worker.
    pub fn kill_worker(&mut self) {
        for (_, identity) in self.worker.iter().flat_map(|worker| &worker.tasks) {
            self.killed_with
                .insert(content_of(identity.content.unwrap()));
        }
        self.end_worker(false, "killed from outside");
    }

    fn say(&mut self, event: Event) {
        if let Some(worker) = &self.worker {
            self.answers.push_back(Input::Worker(worker.number, event));
        }
    }

    /// The worker does something, if it can: loads, or works on one of its tasks.
    pub fn work(&mut self, choice: usize) -> bool {
        let full = self.disk_full;
        let Some(worker) = &mut self.worker else {
            return false;
        };
        worker.movement += 1;
        let movement = worker.movement;
        if !worker.ready {
            worker.ready = true;
            self.say(Event::Ready);
            return true;
        }
        let able: Vec<usize> = (0..worker.tasks.len())
            .filter(|index| {
                let content = worker.tasks[*index].1.content.unwrap();
                nature(content_of(content)) != Nature::Hangs
            })
            .collect();
        if able.is_empty() {
            if worker.finishing && worker.tasks.is_empty() {
                self.end_worker(true, "finished");
                return true;
            }
            return false;
        }
        let (id, identity) = worker.tasks.remove(able[choice % able.len()]);
        let heartbeat = Heartbeat {
            movement,
            ..Heartbeat::default()
        };
        self.say(Event::Heartbeat(heartbeat));
        let content = content_of(identity.content.unwrap());
        let mut fails = |cause| {
            let failure = Failure {
                stage: Stage::Decode,
                cause,
                chain: vec!["as planned".to_owned()],
                hint: None,
            };
            self.say(Event::Failed { id, failure });
        };
        match nature(content) {
            Nature::Hangs => {}
            Nature::Bad => fails(Cause::Content),
            Nature::Poison => self.end_worker(false, "crashed"),
            Nature::Flaky(cause, times) if *self.tries.entry(content).or_default() < times => {
                *self.tries.entry(content).or_default() += 1;
                let failure = Failure {
                    stage: Stage::Decode,
                    cause,
                    chain: vec!["as planned".to_owned()],
                    hint: None,
                };
                self.say(Event::Failed { id, failure });
            }
            Nature::Good | Nature::Flaky(..) if full => {
                self.say(Event::Fault {
                    reason: "disk full".to_owned(),
                    disk_full: true,
                });
                self.end_worker(false, "fault");
            }
            Nature::Good | Nature::Flaky(..) => {
                self.write_report(&identity, content);
                let summary = summary();
                self.say(Event::Opened {
                    id,
                    duration_s: Some(1.0),
                });
                self.say(Event::Reported {
                    id,
                    duration_s: 1.0,
                    summary,
                });
            }
        }
        true
    }

    fn write_report(&mut self, identity: &Identity, content: u8) {
        let relative = identity.file.relative.to_path_buf();
        let report = Report {
            relative: relative.clone(),
            content,
            mark: self.mark,
            facts: plain(identity.facts),
            of: None,
        };
        if let Some(former) = self.reports.get(&relative) {
            let is_same =
                former.of.is_none() && (former.content, former.mark) == (content, self.mark);
            assert!(!is_same, "{relative:?} is scored twice");
        }
        self.failures.remove(&relative);
        self.written.insert(report.clone());
        self.reports.insert(relative, report);
    }

    /// Performs the next effect of this performer; false when there is none, or it hangs.
    pub fn perform(&mut self, performer: Performer) -> bool {
        let hangs = match performer {
            Performer::Scanner(root) | Performer::Hasher(root) => self.hung[usize::from(root)],
            _ => false,
        };
        let queue = self.effects.get_mut(&performer);
        let Some(effect) = queue.filter(|_| !hangs).and_then(VecDeque::pop_front) else {
            return false;
        };
        let answer = self.done(effect);
        self.answers.extend(answer);
        true
    }

    fn done(&mut self, effect: Effect) -> Option<Input> {
        Some(match effect {
            Effect::Settle { file, .. } => match self.sources.get(&*file.relative) {
                Some((_, facts)) => Input::Settled(file, *facts),
                None => Input::Gone(file),
            },
            Effect::Check(file) => {
                let facts = self.sources.get(&*file.relative).map(|(_, facts)| *facts);
                Input::Checked(file, facts)
            }
            Effect::Hash(file) => match self.sources.get(&*file.relative) {
                Some((content, facts)) => Input::Hashed(file, Some((*facts, hash(*content)))),
                None => Input::Gone(file),
            },
            Effect::LookUp {
                file,
                facts,
                ticket,
                had_report,
            } => {
                let answer = match had_report && self.reports.contains_key(&*file.relative) {
                    true => LookUp::StillThere,
                    false => LookUp::Read(self.records(&file.relative, facts)),
                };
                Input::LookedUp {
                    file,
                    ticket,
                    answer,
                }
            }
            Effect::Write(write) => return self.written(write),
            other => unreachable!("{other:?}"),
        })
    }

    fn written(&mut self, write: Write) -> Option<Input> {
        let full = WriteError {
            disk_full: true,
            reason: "full".to_owned(),
        };
        // As `records` does: whatever comes after what failed waits for a probe, too.
        match &write {
            Write::Probe => self.latched = self.disk_full,
            Write::EndAttempt(_) => {}
            _ => self.latched |= self.disk_full,
        }
        let refuses = self.latched || self.disk_full;
        let written = match refuses {
            true => Err(full),
            false => Ok(()),
        };
        Some(match write {
            Write::BeginAttempts(tasks) => {
                if written.is_ok() {
                    for (_, file) in &tasks {
                        *self
                            .attempts
                            .entry(file.relative.to_path_buf())
                            .or_default() += 1;
                    }
                }
                Input::Began(tasks.into_iter().map(|(task, _)| task).collect(), written)
            }
            Write::EndAttempt(file) => {
                // On a full disk it is not written down.
                if written.is_ok() {
                    self.attempts.remove(&*file.relative);
                }
                return None;
            }
            Write::Failure(record) => {
                let FailureToWrite {
                    identity,
                    failure,
                    history,
                    next,
                } = *record;
                let on_disk = FailureOnDisk {
                    content: identity.content.map(content_of),
                    facts: identity.facts,
                    cause: failure.cause,
                    history,
                    next,
                };
                if written.is_ok() {
                    self.failures
                        .insert(identity.file.relative.to_path_buf(), on_disk);
                }
                Input::Wrote(identity.file, written.map(|()| true))
            }
            Write::CopyFailure { file, from } => {
                let copied = self.failures.get(&*from.relative).cloned();
                let is_there = copied.is_some();
                if let Some(copied) = copied.filter(|_| written.is_ok()) {
                    let copied = FailureOnDisk {
                        facts: file.facts,
                        ..copied
                    };
                    self.failures
                        .insert(file.file.relative.to_path_buf(), copied);
                }
                Input::Wrote(file.file, written.map(|()| is_there))
            }
            Write::Duplicate { file, of } => {
                let is_there = self.reports.contains_key(&*of.relative);
                if is_there && written.is_ok() {
                    let relative = file.file.relative.to_path_buf();
                    let report = Report {
                        relative: relative.clone(),
                        content: content_of(file.content.unwrap()),
                        mark: self.mark,
                        facts: plain(file.facts),
                        of: Some(of.relative.to_path_buf()),
                    };
                    self.failures.remove(&relative);
                    self.reports.insert(relative, report);
                }
                Input::Wrote(file.file, written.map(|()| is_there))
            }
            Write::Append { file, ends_attempt } => {
                let report = self.reports.get(&*file.relative);
                if let Some(report) = report.filter(|_| written.is_ok())
                    && !self.combined.contains(report)
                {
                    self.combined.push(report.clone());
                }
                if ends_attempt && written.is_ok() {
                    self.attempts.remove(&*file.relative);
                }
                Input::Appended {
                    file,
                    ends_attempt,
                    result: written,
                }
            }
            Write::Probe => Input::Probed(written.is_ok()),
        })
    }

    fn records(&self, relative: &Path, facts: FileFacts) -> Records {
        let report = self
            .reports
            .get(relative)
            .filter(|report| match &report.of {
                None => true,
                Some(of) => (self.reports.get(of))
                    .is_some_and(|of| of.of.is_none() && of.content == report.content),
            });
        Records {
            report: report.map(|report| ReportRecord {
                is_pointer: report.of.is_some(),
                content: hash(report.content),
                is_unchanged: report.facts == plain(facts),
                is_current: report.mark == self.mark,
            }),
            failure: self.failures.get(relative).map(|failure| FailureRecord {
                content: failure.content.map(hash),
                is_unchanged: failure.facts == facts,
                cause: failure.cause,
                history: failure.history.clone(),
                next: failure.next,
            }),
        }
    }

    /// Tells the core of the next answer.
    pub fn deliver(&mut self) -> bool {
        let Some(input) = self.answers.pop_front() else {
            return false;
        };
        self.handle(input);
        true
    }

    pub fn scan(&mut self, root: u16) {
        if self.hung[usize::from(root)] {
            return;
        }
        let here = self
            .sources
            .iter()
            .filter(|(path, _)| self::root(path) == root);
        let seen = here.map(|(relative, (_, facts))| Sighting {
            root,
            relative: relative.clone(),
            facts: *facts,
            renamed: false,
        });
        let seen = seen.collect();
        self.handle(Input::Seen(seen));
        self.handle(Input::Scanned(root));
    }

    /// Puts a file with this content into its place.
    pub fn put(&mut self, name: u8, content: u8) {
        self.writes += 1;
        let facts = FileFacts {
            size_bytes: u64::from(content) + 1,
            modified: Some(UNIX_EPOCH + Duration::from_secs(self.writes)),
        };
        self.sources.insert(path(name), (content, facts));
    }

    pub fn remove(&mut self, name: u8) {
        self.sources.remove(&path(name));
    }

    pub fn rename(&mut self, from: u8, to: u8) {
        if let Some(file) = self.sources.remove(&path(from)) {
            self.sources.insert(path(to), file);
        }
    }

    /// Somebody removes a report.
    pub fn remove_report(&mut self, name: u8) {
        if let Some(report) = self.reports.remove(&path(name)) {
            self.written.remove(&report);
        }
    }

    /// `undertone retry`.
    pub fn retry(&mut self, name: u8) {
        let wall = self.now().wall;
        if let Some(failure) = self.failures.get_mut(&path(name)) {
            failure.next = NextAttempt::At(wall);
        }
    }

    /// Other settings or models, and a signal to read them.
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

    /// Time passes. A worker that can work has done so by then.
    pub fn pass(&mut self, time: Duration) {
        if time > Duration::from_secs(10) {
            while self.deliver() || self.work(0) {}
        }
        self.elapsed += time;
        self.handle(Input::Tick);
    }

    /// Time passes until something is due, at most so much.
    pub fn pass_to_deadline(&mut self, most: Duration) {
        let at = self.core.next_deadline();
        let time = at.map_or(most, |at| at.saturating_sub(self.elapsed));
        self.pass(time.min(most));
    }

    /// Everything works again, and everybody does all there is to do, until nothing is left.
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

    /// The first promise that is not kept for a file that is there, if any.
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

/// Even names are in one watched folder, odd ones in another.
pub fn path(name: u8) -> PathBuf {
    let folder = match name % 2 {
        0 => "a",
        _ => "b",
    };
    Path::new(folder).join(name.to_string())
}

fn summary() -> SummaryLine {
    SummaryLine {
        utterances: 1,
        scored_s: 1.0,
        sentiment: None,
        text: TextShares {
            transcribed: 1.0,
            simulated: 0.0,
        },
        stage_s: BTreeMap::new(),
    }
}
