//! The disk: watched files, reports, failure records and attempts.

use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use undertone_types::Cause;

use super::World;
use super::contents::{content_of, hash};
use crate::core::*;
use crate::facts::FileFacts;

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

pub(super) fn plain(facts: FileFacts) -> (u64, u64) {
    let modified = facts.modified.unwrap().duration_since(UNIX_EPOCH);
    (facts.size_bytes, modified.unwrap().as_secs())
}

/// Even names are in one watched folder, odd ones in another.
pub fn path(name: u8) -> PathBuf {
    let folder = match name % 2 {
        0 => "a",
        _ => "b",
    };
    Path::new(folder).join(name.to_string())
}

impl World {
    pub(super) fn written(&mut self, write: Write) -> Option<Input> {
        let full = WriteError {
            disk_full: true,
            reason: "full".to_owned(),
        };
        // As in `records`: after a failed write, all later ones wait for a probe as well.
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
                // On a full disk it is not recorded.
                if written.is_ok() {
                    self.attempts.remove(&*file.relative);
                }
                return None;
            }
            Write::Failure(record) => {
                let file = record.identity.file.clone();
                if written.is_ok() {
                    self.write_failure(*record);
                }
                Input::Wrote(file, written.map(|()| true))
            }
            Write::CopyFailure { file, from } => {
                let is_there = self.failures.contains_key(&*from.relative);
                if written.is_ok() {
                    self.copy_failure(&file, &from);
                }
                Input::Wrote(file.file, written.map(|()| is_there))
            }
            Write::Duplicate { file, of } => {
                // Another process may have made it anew with other settings.
                let is_there = (self.reports.get(&*of.relative))
                    .is_some_and(|report| report.mark == self.mark);
                if is_there && written.is_ok() {
                    self.write_pointer(&file, &of);
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

    fn write_failure(&mut self, record: FailureToWrite) {
        let FailureToWrite {
            identity,
            failure,
            history,
            next,
        } = record;
        let on_disk = FailureOnDisk {
            content: identity.content.map(content_of),
            facts: identity.facts,
            cause: failure.cause,
            history,
            next,
        };
        let relative = identity.file.relative.to_path_buf();
        self.failures.insert(relative, on_disk);
    }

    fn copy_failure(&mut self, file: &Identity, from: &FileRef) {
        if let Some(copied) = self.failures.get(&*from.relative).cloned() {
            let copied = FailureOnDisk {
                facts: file.facts,
                ..copied
            };
            let relative = file.file.relative.to_path_buf();
            self.failures.insert(relative, copied);
        }
    }

    fn write_pointer(&mut self, file: &Identity, of: &FileRef) {
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

    pub(super) fn records(&self, relative: &Path, facts: FileFacts) -> Records {
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
                is_current: report.mark == self.mark
                    && (report.of.as_ref().and_then(|of| self.reports.get(of)))
                        .is_none_or(|of| of.mark == self.mark),
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

    /// Makes or replaces a file with this content.
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

    /// Removes a report, as a user may.
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
}
