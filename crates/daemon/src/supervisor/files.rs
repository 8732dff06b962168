//! From a file that was seen to a recording that waits for the worker.

use std::sync::Arc;

use super::Supervisor;
use crate::catalogue::State;
use crate::eyes::{Errand, Seen, Sighting};
use crate::facts::FileFacts;
use crate::identify::Identified;
use crate::metrics::Outcome;
use crate::queue::Class;
use crate::settle::{Settled, Unrest};
use undertone_config::{Duplicates, Isolation, Outdated};
use undertone_discovery::Found;
use undertone_reports::{NextTry, ReportPaths, Standing, is_done, standing, write_duplicate};
use undertone_types::{Cause, Failure, Recording, RecordingId, Stage};

impl Supervisor {
    pub(super) fn sighted(&mut self, sighting: Sighting) {
        match sighting {
            Sighting::Seen(seen) => {
                let wait: Vec<_> = seen
                    .into_iter()
                    .filter_map(|seen| self.seen(seen))
                    .collect();
                if !wait.is_empty() {
                    self.tell_eyes(Errand::Wait(wait));
                }
            }
            Sighting::Scanned(folder) => self.catalogue.scanned(&folder),
            Sighting::Settled(settled) => self.settled(settled),
        }
    }

    /// What to wait for, if it is news.
    fn seen(&mut self, seen: Seen) -> Option<(Found, bool)> {
        let Seen {
            found,
            facts,
            renamed,
        } = seen;
        if let Some(entry) = self.catalogue.see(&found) {
            let is_same = entry.facts == facts;
            match entry.state {
                State::Settling => return Some((found, renamed)),
                state if state.is_moving() => {
                    entry.changed |= !is_same;
                    return None;
                }
                State::Stranded(_) if is_same => return None,
                State::Done if is_same => {
                    let report = ReportPaths::new(&self.out, &found.relative).report;
                    // Who removes a report wants another.
                    if report.exists() {
                        return None;
                    }
                }
                // A pointer may point nowhere by now; a record may have been removed or
                // changed by `undertone retry`.
                _ => {}
            }
        }
        self.look_up(found, facts, renamed)
    }

    /// Puts a file into the state that the reports say.
    fn look_up(&mut self, found: Found, facts: FileFacts, renamed: bool) -> Option<(Found, bool)> {
        let (source, made, state) = match standing(&self.out, &found.relative) {
            Standing::Unknown => return self.wait(found, facts, renamed),
            Standing::Reported(line) => {
                let made = self.mark.made(&line.bundle, &line.config);
                (line.source, made, State::Done)
            }
            Standing::Duplicate(line) => {
                let made = self.mark.made(&line.bundle, &line.config);
                (line.source, made, State::Duplicate)
            }
            Standing::Failed(line) => {
                let state = match line.next() {
                    NextTry::At(time) => State::Retrying(time),
                    NextTry::Never => State::Failed,
                    NextTry::Quarantined => State::Quarantined,
                };
                (line.source, true, state)
            }
        };
        let is_current = made || self.config.watch.outdated == Outdated::Keep;
        if !is_current || !source.is_unchanged(facts.size_bytes, facts.modified) {
            return self.wait(found, facts, renamed);
        }
        self.catalogue.put(&found, facts, state, source.blake3);
        if matches!(state, State::Done | State::Duplicate) {
            self.attempts.end(&found.relative);
            self.combine(ReportPaths::new(&self.out, &found.relative).report);
        }
        None
    }

    fn wait(&mut self, found: Found, facts: FileFacts, renamed: bool) -> Option<(Found, bool)> {
        self.catalogue.put(&found, facts, State::Settling, None);
        Some((found, renamed))
    }

    /// Waits once more until a file is whole.
    pub(super) fn wait_again(&mut self, found: Found) {
        match FileFacts::of(&found.path) {
            Ok(facts) => {
                if let Some(wait) = self.wait(found, facts, false) {
                    self.tell_eyes(Errand::Wait(vec![wait]));
                }
            }
            Err(_) => self.vanished(&found),
        }
    }

    fn settled(&mut self, settled: Settled) {
        match settled {
            // A second wait for the same file may end after the first one did.
            Settled::Whole(found, facts) if !self.is_in(&found, State::Settling) => {
                let renamed = false;
                let seen = Seen {
                    found,
                    facts,
                    renamed,
                };
                self.sighted(Sighting::Seen(vec![seen]));
            }
            Settled::Whole(found, facts) => {
                self.catalogue.put(&found, facts, State::Hashing, None);
                self.hash(found);
            }
            Settled::Gone(found) if !self.is_in(&found, State::Settling) => {}
            Settled::Gone(found) => self.vanished(&found),
            Settled::Late(found, unrest) => {
                let recording = found.relative.display();
                let why = match unrest {
                    Unrest::Changing => "it keeps changing",
                    Unrest::Open => "a program has it open to write",
                };
                tracing::warn!(%recording, why, "not whole yet; still waiting for it");
            }
        }
    }

    pub(super) fn is_in(&self, found: &Found, state: State) -> bool {
        self.catalogue
            .get(&found.relative)
            .is_some_and(|entry| entry.state == state)
    }

    pub(super) fn vanished(&mut self, found: &Found) {
        let recording = found.relative.display();
        tracing::info!(%recording, "vanished before it was scored");
        self.attempts.end(&found.relative);
        self.catalogue.forget(&found.relative);
    }

    /// Looks again at files whose next try has come.
    pub(super) fn retry_due(&mut self) {
        for found in self.catalogue.due(std::time::SystemTime::now()) {
            self.catalogue.set(&found.relative, State::Hashing);
            self.hash(found);
        }
    }

    pub(super) fn identified(&mut self, identified: Identified) {
        let Identified { found, recording } = identified;
        if !self.is_in(&found, State::Hashing) {
            return;
        }
        let changed = self
            .catalogue
            .get(&found.relative)
            .is_none_or(|entry| entry.changed);
        match recording {
            Ok(Some(recording)) if !changed => self.line_up(&found, recording),
            Ok(_) => self.wait_again(found),
            Err(_) if !found.path.exists() => self.vanished(&found),
            Err(error) => {
                let failure = Failure::new(Stage::Source, Cause::Io, &error)
                    .with_hint("check that it can be read");
                let facts = FileFacts::of(&found.path).ok();
                let recording = Recording {
                    id: RecordingId(0),
                    size_bytes: facts.map_or(0, |facts| facts.size_bytes),
                    modified: facts.and_then(|facts| facts.modified),
                    path: found.path,
                    relative: found.relative,
                    blake3: String::new(),
                };
                self.failed(&Arc::new(recording), failure);
            }
        }
    }

    /// A recording is known by its content now.
    fn line_up(&mut self, found: &Found, mut recording: Recording) {
        let facts = FileFacts {
            size_bytes: recording.size_bytes,
            modified: recording.modified,
        };
        let hash = recording.blake3.clone();
        // The same content under the same name, written anew.
        if is_done(&self.out, &found.relative, &hash, &self.mark) {
            let state = match standing(&self.out, &found.relative) {
                Standing::Duplicate(_) => State::Duplicate,
                _ => State::Done,
            };
            self.attempts.end(&found.relative);
            self.catalogue.put(found, facts, state, Some(hash));
            self.settle_twins(&found.relative);
            return;
        }
        self.next_id += 1;
        recording.id = RecordingId(self.next_id);
        let recording = Arc::new(recording);
        if self.config.watch.duplicates == Duplicates::Point {
            let holder = self
                .catalogue
                .holder(&hash)
                .filter(|holder| *holder != found.relative);
            if let Some(holder) = holder.map(ToOwned::to_owned) {
                self.catalogue.put(found, facts, State::Queued, Some(hash));
                self.twins
                    .entry(holder.clone())
                    .or_default()
                    .push(recording);
                self.settle_twins(&holder);
                return;
            }
        }
        self.catalogue.put(found, facts, State::Queued, Some(hash));
        let interrupted = self.attempts.interrupted(&found.relative);
        if interrupted > 0 && self.config.watch.isolation == Isolation::None {
            // Whatever ended the daemon: it may have been this recording.
            self.attempts.end(&found.relative);
            let failure = Failure {
                stage: Stage::Decode,
                cause: Cause::Crashed,
                chain: vec!["the daemon ended while it was scored".to_owned()],
                hint: Some("with watch.isolation = \"process\" it would be known why".to_owned()),
            };
            return self.failed(&recording, failure);
        }
        let class = match (interrupted, standing(&self.out, &found.relative)) {
            (1.., _) => Class::Interrupted(interrupted),
            (_, Standing::Failed(line)) if line.source.blake3 == Some(recording.blake3.clone()) => {
                if crate::verdict::is_deadly(line.cause) {
                    return self.queue.push_suspect(recording);
                }
                Class::Again
            }
            (_, Standing::Reported(line)) if !self.mark.made(&line.bundle, &line.config) => {
                Class::Outdated
            }
            _ => Class::Fresh,
        };
        self.queue.push(class, recording);
    }

    /// Does what is to be done for those that wait for `holder`, as it stands now.
    pub(super) fn settle_twins(&mut self, holder: &std::path::Path) {
        let (path, state, hash) = match self.catalogue.get(holder) {
            Some(entry) => (entry.path.clone(), Some(entry.state), entry.blake3.clone()),
            None => (holder.to_owned(), None, None),
        };
        if state.is_some_and(|state| state.is_moving() || matches!(state, State::Retrying(_))) {
            return;
        }
        for twin in self.twins.remove(holder).unwrap_or_default() {
            // The first may have other content by now.
            let is_same = hash.as_deref() == Some(&*twin.blake3);
            match state {
                Some(State::Done) if is_same => self.point(&twin, &path, holder),
                // What made the first fail would make it fail as well.
                Some(State::Quarantined) if is_same => self.fail_alike(&twin, holder),
                _ => self.queue.push(Class::Fresh, twin),
            }
        }
    }

    fn point(&mut self, twin: &Arc<Recording>, path: &std::path::Path, holder: &std::path::Path) {
        let written = write_duplicate(&self.out, twin, path, holder, &self.mark);
        if !self.wrote(written, twin) {
            return;
        }
        let (recording, of) = (twin.relative.display(), holder.display());
        tracing::info!(%recording, %of, "the same content; its report points there");
        self.metrics.outcome(Outcome::Duplicate);
        self.closed(twin, State::Duplicate);
    }
}
