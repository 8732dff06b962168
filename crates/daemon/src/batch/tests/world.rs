//! A source of recordings and a worker that scores, crashes or hangs.

use std::time::Duration;

use undertone_config::Config;
use undertone_reports::fixtures;
use undertone_types::{Cause, Failure, Stage};

use super::super::{Batch, Effect, Ending, Input};
use crate::core::catalogue::FileId;
use crate::core::{Settings, WorkerEnd};
use crate::protocol::{Event, Heartbeat};

/// What happens to a recording in the worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nature {
    Good,
    Bad,
    Crashes,
    Hangs,
    TakesMemory,
}

/// How a recording ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Reported,
    Failed(Cause),
    Quarantined(Cause),
    Left,
}

struct SimWorker {
    number: u64,
    ready: bool,
    finishing: bool,
    tasks: Vec<FileId>,
}

/// A batch, and all that is around it.
pub struct World {
    batch: Batch,
    natures: Vec<Nature>,
    found: usize,
    now: Duration,
    movement: u64,
    worker: Option<SimWorker>,
    /// Workers started so far.
    pub workers: usize,
    given: usize,
    /// Kills from outside.
    pub kills: u32,
    /// Seconds that have passed without any work.
    pub idle_s: u32,
    ends: Vec<Option<End>>,
    ending: Option<Ending>,
}

impl World {
    pub fn new(natures: &[Nature]) -> Self {
        let config = Config::load(None, &[]).unwrap();
        let settings = Settings {
            memory_limit_bytes: 1000,
            ..Settings::new(&config, None)
        };
        Self {
            batch: Batch::new(settings),
            natures: natures.to_owned(),
            found: 0,
            now: Duration::ZERO,
            movement: 0,
            worker: None,
            workers: 0,
            given: 0,
            kills: 0,
            idle_s: 0,
            ends: vec![None; natures.len()],
            ending: None,
        }
    }

    pub fn ends(&self) -> Vec<Option<End>> {
        self.ends.clone()
    }

    pub fn given(&self) -> usize {
        self.given
    }

    pub fn fault(&self) -> Option<&str> {
        self.ending.as_ref()?.fault.as_deref()
    }

    fn handle(&mut self, input: Input) {
        let effects = self.batch.handle(self.now, input);
        effects.into_iter().for_each(|effect| self.perform(effect));
    }

    fn end(&mut self, file: FileId, end: End) {
        let former = self.ends[file.0 as usize].replace(end);
        assert_eq!(former, None, "{file:?} ends once");
    }

    fn perform(&mut self, effect: Effect) {
        assert!(self.ending.is_none(), "after the end: {effect:?}");
        match effect {
            Effect::StartWorker(number) => {
                assert!(self.worker.is_none(), "one worker at a time");
                self.workers += 1;
                self.worker = Some(SimWorker {
                    number,
                    ready: false,
                    finishing: false,
                    tasks: Vec::new(),
                });
            }
            Effect::Give(file) => {
                self.given += 1;
                let worker = self.worker.as_mut().unwrap();
                assert!(worker.ready && !worker.finishing && !worker.tasks.contains(&file));
                worker.tasks.push(file);
            }
            Effect::FinishWorker | Effect::FinishOpen => {
                self.worker.as_mut().unwrap().finishing = true;
            }
            Effect::KillWorker => self.end_worker(Some(libc::SIGKILL), &[]),
            Effect::Reported { file, .. } => self.end(file, End::Reported),
            Effect::Failed {
                file,
                failure,
                quarantined,
                ..
            } => self.end(
                file,
                match quarantined {
                    true => End::Quarantined(failure.cause),
                    false => End::Failed(failure.cause),
                },
            ),
            Effect::OverLimit(_)
            | Effect::WorkerLost { .. }
            | Effect::Opened(..)
            | Effect::Reached(..) => {}
            Effect::End(ending) => {
                assert!(self.worker.is_none(), "the worker ends first");
                for file in &ending.left {
                    self.end(*file, End::Left);
                }
                let unfinished = self.ends[..self.found].iter().position(Option::is_none);
                assert_eq!(unfinished, None, "a recording was forgotten");
                self.ending = Some(ending);
            }
        }
    }

    /// The source finds the next recording, if the batch wants it.
    pub fn find(&mut self) {
        if self.ending.is_some() || !self.batch.wants_more() {
            return;
        }
        let input = match self.found < self.natures.len() {
            true => Input::Found(FileId(u32::try_from(self.found).unwrap())),
            false => Input::NoMore,
        };
        self.found = (self.found + 1).min(self.natures.len());
        self.handle(input);
    }

    pub fn stop(&mut self) {
        if self.ending.is_none() {
            self.handle(Input::Stop);
        }
    }

    pub fn pass(&mut self, time: Duration) {
        self.now += time;
        if self.ending.is_none() {
            self.handle(Input::Tick);
        }
    }

    /// Its models are loaded.
    pub fn load(&mut self) {
        if let Some(worker) = self.worker.as_mut().filter(|worker| !worker.ready) {
            worker.ready = true;
            self.say(Event::Ready);
        }
    }

    pub fn end_worker(&mut self, signal: Option<i32>, last_lines: &[&str]) {
        let Some(worker) = self.worker.take() else {
            return;
        };
        let end = WorkerEnd {
            success: worker.finishing && signal.is_none(),
            signal,
            how: "it ended".to_owned(),
            last_lines: last_lines.iter().map(ToString::to_string).collect(),
        };
        self.handle(Input::WorkerEnded(worker.number, end));
    }

    /// Kills it from outside.
    pub fn kill_worker(&mut self) {
        self.end_worker(Some(libc::SIGKILL), &[]);
        self.kills += 1;
    }

    pub fn chain_fault(&mut self, reason: &str) {
        self.say(Event::Fault {
            reason: reason.to_owned(),
            disk_full: true,
        });
        self.end_worker(None, &[]);
    }

    fn say(&mut self, event: Event) {
        if let Some(worker) = &self.worker {
            let number = worker.number;
            self.handle(Input::Worker(number, event));
        }
    }

    /// The worker takes a step.
    pub fn work(&mut self, choice: usize) {
        self.load();
        let Some(worker) = &mut self.worker else {
            return;
        };
        if worker.tasks.is_empty() {
            if worker.finishing {
                self.end_worker(None, &[]);
            }
            return;
        }
        let index = choice % worker.tasks.len();
        let file = worker.tasks[index];
        let nature = self.natures[file.0 as usize];
        if nature != Nature::Hangs {
            worker.tasks.remove(index);
            self.movement += 1;
            self.say(Event::Heartbeat(Heartbeat {
                movement: self.movement,
                ..Heartbeat::default()
            }));
        }
        let id = file.0.into();
        match nature {
            Nature::Hangs => {}
            Nature::Good => self.say(Event::Reported {
                id,
                duration_s: 1.0,
                summary: Box::new(fixtures::summary(1)),
            }),
            Nature::Bad => self.say(Event::Failed {
                id,
                failure: Failure {
                    stage: Stage::Decode,
                    cause: Cause::Content,
                    chain: vec!["no media".to_owned()],
                    hint: None,
                },
            }),
            Nature::Crashes => self.end_worker(Some(libc::SIGABRT), &["an assertion"]),
            Nature::TakesMemory => self.handle(Input::Memory(1001)),
        }
    }

    /// Everything goes on until nothing is left to do.
    pub fn run_to_its_end(&mut self) {
        for _ in 0..10_000 {
            if self.ending.is_some() {
                return;
            }
            self.find();
            self.work(0);
            // Longer than any limit of those that make no progress.
            if self.worker.as_ref().is_some_and(|worker| worker.ready) {
                self.pass(Duration::from_secs(31));
            }
        }
        panic!("it does not end");
    }
}
