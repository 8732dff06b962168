//! The shell: performs the effects of the core, each performer in order, and delivers answers.

use std::collections::VecDeque;
use std::path::Path;

use super::World;
use super::contents::hash;
use super::worker::SimWorker;
use crate::core::*;

/// A part of the shell that performs effects, each in order.
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

/// The folder that a path is in.
fn root(relative: &Path) -> u16 {
    u16::from(relative.starts_with("b"))
}

impl World {
    pub(super) fn take(&mut self, effect: Effect) {
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

    /// Performs the next effect of this performer; false when it has none, or hangs.
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

    /// Delivers the next answer to the core.
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
}
