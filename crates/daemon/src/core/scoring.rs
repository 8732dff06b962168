//! Gives recordings to the worker, and handles its events.

use super::boundary::{Effect, Scored, Write, WriteError};
use super::catalogue::{Entry, State};
use super::queue::Queued;
use super::worker::{ChainFault, Task};
use super::{Announcement, Core};
use crate::protocol::Event;

impl Core {
    /// Chooses what the worker gets next. The worker gets it once the attempt is recorded.
    pub(super) fn dispatch(&mut self) {
        let mut chosen = Vec::new();
        while !self.is_held() {
            let under_way = self.worker.tasks.len() + self.beginning.len();
            let is_alone = self.beginning.values().any(|task| task.alone);
            if is_alone || !self.worker.takes(under_way, self.settings.capacity) {
                break;
            }
            let Some(queued) = self.queue.pop(under_way) else {
                break;
            };
            let Queued { file, class, alone } = queued;
            let Some(entry) = self.files.get(file) else {
                continue;
            };
            if entry.changed {
                self.settle_again(file);
                continue;
            }
            self.next_task += 1;
            chosen.push((self.next_task, entry.file()));
            let task = Task {
                file,
                class,
                alone,
                given: self.now.elapsed,
                opened: None,
                duration_s: None,
                reached_s: 0.0,
            };
            self.beginning.insert(self.next_task, task);
            self.files.set(file, State::Beginning);
        }
        if !chosen.is_empty() {
            self.write(Write::BeginAttempts(chosen));
        }
    }

    pub(super) fn began(&mut self, tasks: &[u64], result: Result<(), WriteError>) {
        self.writes = self.writes.saturating_sub(1);
        for number in tasks {
            let Some(task) = self.beginning.remove(number) else {
                continue;
            };
            let Some(entry) = self.files.get(task.file) else {
                continue;
            };
            let (identity, changed) = (entry.identity(), entry.changed);
            if result.is_err() {
                self.put_back(task);
                continue;
            }
            let open = self.attempts.entry(identity.file.relative.clone());
            *open.or_default() += 1;
            // The worker may have ended or been replaced meanwhile.
            if changed || self.is_held() || !self.worker.can_take() {
                self.end_attempt(identity.file);
                self.put_back(task);
                continue;
            }
            self.files.set(task.file, State::Running);
            let given = self.now.elapsed;
            self.worker.give(*number, Task { given, ..task });
            let (task, file) = (*number, identity);
            self.effect(Effect::Give { task, file });
        }
        if let Err(error) = result {
            self.pause(error.reason);
        }
    }

    /// Queues again a recording that was not scored through no fault of its own.
    pub(super) fn put_back(&mut self, task: Task) {
        self.line_up(task.file, task.class, task.alone);
    }

    pub(super) fn handle_event(&mut self, number: u64, event: Event) {
        if number != self.worker.number() || !self.worker.is_there() {
            return;
        }
        let now = self.now.elapsed;
        match event {
            Event::Ready => {
                self.worker.loaded(now);
                if !std::mem::replace(&mut self.was_ready, true) {
                    self.announce(Announcement::Ready);
                }
            }
            Event::Opened { id, duration_s } => self.worker.opened(id, duration_s, now),
            Event::Scored { id, end_s } => self.worker.reached(id, end_s),
            Event::Reported {
                id,
                duration_s,
                summary,
            } => {
                let Some(task) = self.worker.take_back(id, now) else {
                    return;
                };
                let (id, began) = (task.file, task.opened.unwrap_or(task.given));
                let Some(file) = self.files.get(id).map(Entry::file) else {
                    return;
                };
                self.scored_s += duration_s;
                let scored = Scored {
                    file: file.clone(),
                    duration_s,
                    took_s: now.saturating_sub(began).as_secs_f64(),
                    summary: *summary,
                };
                self.announce(Announcement::Scored(Box::new(scored)));
                self.effect(Effect::CallHook(file.clone()));
                self.files.set_outdated(id, false);
                self.closed(id, file, State::Done);
            }
            Event::Failed { id, failure } => {
                let task = self.worker.take_back(id, now);
                let id = task.map(|task| task.file);
                let Some((id, entry)) = id.and_then(|id| Some((id, self.files.get(id)?))) else {
                    return;
                };
                let file = entry.file();
                self.end_attempt(file);
                self.failed(id, failure);
            }
            Event::Fault { reason, disk_full } => {
                self.worker.fault = Some(ChainFault { reason, disk_full });
            }
            Event::Heartbeat(heartbeat) => self.worker.beat(heartbeat, now),
        }
    }
}
