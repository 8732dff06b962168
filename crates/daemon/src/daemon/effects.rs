//! Performs the effects of the core.

use std::thread;

use sd_notify::NotifyState;
use undertone_reports::sweep;

use super::Daemon;
use crate::announce::announce;
use crate::core::{Announcement, Effect, FileRef, Input, Write};
use crate::lookups::{Question, report_of};
use crate::protocol::{Job, Setup};
use crate::records::recording;
use crate::roots::Root;
use crate::scanner::Request;
use crate::worker_handle::{Output, WorkerHandle};

impl Daemon {
    /// Sending cannot fail: a thread that has ended is noticed in `run`.
    pub(super) fn perform(&mut self, effect: Effect) {
        match effect {
            Effect::Settle { file, renamed } => {
                let FileRef { root, relative } = file;
                let file = relative;
                self.scanners[usize::from(root)].ask(Request::Settle { file, renamed });
            }
            Effect::Check(FileRef { root, relative }) => {
                self.scanners[usize::from(root)].ask(Request::Check(relative));
            }
            Effect::LookUp {
                file,
                facts,
                ticket,
                had_report,
            } => {
                self.backlog += 1;
                let mark = self.mark.clone();
                let path = self.root(&file).path_of(&file.relative);
                let question = Question {
                    file,
                    path,
                    facts,
                    ticket,
                    had_report,
                    mark,
                };
                let _ = self.look_up.send(question);
            }
            Effect::Hash(file) => {
                let path = self.root(&file).path_of(&file.relative);
                self.hashing[usize::from(file.root)].ask(file, path);
            }
            Effect::Write(write) => {
                if matches!(write, Write::Append { .. }) {
                    self.backlog += 1;
                }
                let _ = self.records.send((write, self.mark.clone()));
            }
            Effect::StartWorker(number) => self.start_worker(number),
            Effect::Give { task, file } => {
                let job = Job::from(&recording(task, &file, self.root(&file.file)));
                if let Some(worker) = &self.worker {
                    worker.give(job);
                }
            }
            Effect::FinishWorker => {
                if let Some(worker) = &self.worker {
                    worker.finish();
                }
            }
            Effect::KillWorker => {
                if !self.worker.as_ref().is_some_and(WorkerHandle::kill) {
                    let _ = self.to_core.send(Input::Unstoppable);
                }
            }
            Effect::CallHook(file) => self.hooks.report(&report_of(&self.out, &file)),
            Effect::Announce(announcement) => self.announce(&announcement),
            Effect::End(ending) => self.ending = Some(ending),
        }
    }

    fn root(&self, file: &FileRef) -> &Root {
        self.scanners[usize::from(file.root)].root()
    }

    fn start_worker(&mut self, number: u64) {
        let setup = Setup {
            config: self.config.clone(),
            out: self.out.clone(),
        };
        let to_core = self.to_core.clone();
        let report = move |output| {
            // The receiver is gone only when the daemon ends.
            let _ = to_core.send(match output {
                Output::Event(event) => Input::Worker(number, event),
                Output::Ended(end) => Input::WorkerEnded(number, end),
            });
        };
        match self.workshop.start(setup, report) {
            Ok(worker) => {
                self.metrics.new_worker(worker.process());
                self.worker = Some(worker);
            }
            Err(error) => {
                let input = Input::NotStarted(number, error.to_string());
                let _ = self.to_core.send(input);
            }
        }
    }

    fn announce(&mut self, announcement: &Announcement) {
        announce(announcement, &self.metrics);
        match announcement {
            Announcement::Ready => {
                let _ = sd_notify::notify(&[NotifyState::Ready]);
                self.reporting.soon();
            }
            Announcement::Paused(_) | Announcement::Resumed => self.reporting.soon(),
            Announcement::WorkerLost { .. } => self.sweep(),
            _ => {}
        }
    }

    /// Removes the incomplete files of a worker that has ended. On a thread of its own, since it
    /// visits all reports.
    fn sweep(&self) {
        let out = self.out.clone();
        let body = move || {
            let swept = sweep(&out);
            if swept > 0 {
                tracing::info!(files = swept, "removed the incomplete files of the worker");
            }
        };
        if let Err(error) = thread::Builder::new().name("sweep".to_owned()).spawn(body) {
            tracing::warn!(%error, "cannot remove the incomplete files of the worker");
        }
    }
}
