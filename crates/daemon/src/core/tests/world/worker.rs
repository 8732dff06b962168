//! The worker: loads, scores, fails, crashes, hangs.

use undertone_reports::fixtures;
use undertone_types::{Cause, Failure, Stage};

use super::World;
use super::contents::{Nature, content_of, hash, nature};
use super::disk::{Report, plain};
use crate::core::*;
use crate::protocol::{Event, Heartbeat};

#[derive(Debug)]
pub(super) struct SimWorker {
    pub(super) number: u64,
    pub(super) ready: bool,
    pub(super) finishing: bool,
    pub(super) movement: u64,
    pub(super) tasks: Vec<(u64, Identity)>,
}

impl World {
    pub(super) fn give(&mut self, task: u64, identity: Identity) {
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

    pub(super) fn end_worker(&mut self, success: bool, how: &str) {
        if let Some(worker) = self.worker.take() {
            let end = WorkerEnd {
                success,
                signal: None,
                how: how.to_owned(),
                last_lines: Vec::new(),
            };
            self.answers
                .push_back(Input::WorkerEnded(worker.number, end));
        }
    }

    /// Kills the worker from outside.
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

    /// Lets the worker take a step, if it can: load, or work on one of its tasks.
    pub fn work(&mut self, choice: usize) -> bool {
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
        self.score(id, &identity, content);
        true
    }

    /// What the worker makes of a recording with this content.
    fn score(&mut self, id: u64, identity: &Identity, content: u8) {
        match nature(content) {
            Nature::Hangs => {}
            Nature::Bad => self.fail(id, Cause::Content),
            Nature::Poison => self.end_worker(false, "crashed"),
            Nature::Flaky(cause, times) if *self.tries.entry(content).or_default() < times => {
                *self.tries.entry(content).or_default() += 1;
                self.fail(id, cause);
            }
            Nature::Good | Nature::Flaky(..) if self.disk_full => {
                self.say(Event::Fault {
                    reason: "disk full".to_owned(),
                    disk_full: true,
                });
                self.end_worker(false, "fault");
            }
            Nature::Good | Nature::Flaky(..) => {
                self.write_report(identity, content);
                let (duration_s, summary) = (1.0, Box::new(fixtures::summary(1)));
                self.say(Event::Opened {
                    id,
                    duration_s: Some(duration_s),
                });
                self.say(Event::Reported {
                    id,
                    duration_s,
                    summary,
                });
            }
        }
    }

    fn fail(&mut self, id: u64, cause: Cause) {
        let failure = Failure {
            stage: Stage::Decode,
            cause,
            chain: vec!["as planned".to_owned()],
            hint: None,
        };
        self.say(Event::Failed { id, failure });
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
}
