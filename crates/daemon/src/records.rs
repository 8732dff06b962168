//! Writes what the core decided: attempts, failure records, pointers, the combined file. On one
//! thread, in the order in which the core asked; a slow disk blocks nothing else.

use std::error::Error;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use crossbeam_channel::{Receiver, Sender, unbounded};
use undertone_reports::{
    NextTry, ReportError, ReportPaths, RunMark, Standing, place, read_failure, reported,
    write_duplicate, write_failure,
};
use undertone_types::{Failure, Recording, RecordingId, Stage};

use crate::attempts::Attempts;
use crate::combined::Combined;
use crate::core::{FailureToWrite, FileRef, Identity, Input, NextAttempt, Write, WriteError};
use crate::lookups::report_of;
use crate::roots::Root;

/// What must fit on the disk before the daemon continues, in bytes.
const PROBE_BYTES: usize = 256 * 1024;

/// What is to be written, with the bundle and settings in effect when it was asked for.
pub type Request = (Write, Arc<RunMark>);

/// Writes to the folder of reports.
pub struct Writer {
    /// The folder of reports.
    pub out: PathBuf,
    /// File that is written to see whether a full disk has space again.
    pub probe: PathBuf,
    /// The folders that are watched.
    pub roots: Vec<Arc<Root>>,
    /// The record of attempts.
    pub attempts: Attempts,
    /// The combined file, if there is one.
    pub combined: Option<Combined>,
    /// Why nothing can be written. Nothing is written until a probe succeeds, so that what is
    /// repeated then is still in the order in which the core asked.
    pub full: Option<String>,
}

impl Writer {
    /// Starts the thread; answers go to `inputs`. It ends when the last request is done and
    /// the sender is dropped.
    ///
    /// # Errors
    /// When the system cannot start it.
    pub fn start(
        mut self,
        to_core: Sender<Input>,
    ) -> io::Result<(Sender<Request>, thread::JoinHandle<()>)> {
        let (ask, asked) = unbounded();
        let body = move || self.write_all(&asked, &to_core);
        let thread = thread::Builder::new()
            .name("records".to_owned())
            .spawn(body)?;
        Ok((ask, thread))
    }

    fn write_all(&mut self, asked: &Receiver<Request>, to_core: &Sender<Input>) {
        for (write, mark) in asked {
            let refusal = self.full.clone().map(|reason| WriteError {
                disk_full: true,
                reason,
            });
            let answer = match refusal {
                Some(error) => self.refuse(write, error),
                None => self.write(write, &mark),
            };
            if let Some(error) = answer.as_ref().and_then(pausing) {
                self.full = Some(error.reason.clone());
            }
            if let Some(answer) = answer {
                // When the daemon ends, nobody receives the last answers.
                let _ = to_core.send(answer);
            }
        }
    }

    /// Refuses everything but a probe.
    fn refuse(&mut self, write: Write, error: WriteError) -> Option<Input> {
        Some(match write {
            Write::BeginAttempts(tasks) => Input::Began(
                tasks.into_iter().map(|(task, _)| task).collect(),
                Err(error),
            ),
            Write::EndAttempt(file) => {
                self.attempts.end(&file.relative);
                return None;
            }
            Write::Failure(record) => Input::Wrote(record.identity.file, Err(error)),
            Write::CopyFailure { file, .. } | Write::Duplicate { file, .. } => {
                Input::Wrote(file.file, Err(error))
            }
            Write::Append { file, ends_attempt } => Input::Appended {
                file,
                ends_attempt,
                result: Err(error),
            },
            Write::Probe => {
                let takes = self.probe();
                if takes {
                    self.full = None;
                }
                Input::Probed(takes)
            }
        })
    }

    fn write(&mut self, write: Write, mark: &RunMark) -> Option<Input> {
        Some(match write {
            Write::BeginAttempts(tasks) => {
                let paths = tasks.iter().map(|(_, file)| &*file.relative);
                let begun = self.attempts.begin(paths).map_err(write_error);
                Input::Began(tasks.into_iter().map(|(task, _)| task).collect(), begun)
            }
            Write::EndAttempt(file) => {
                self.attempts.end(&file.relative);
                return None;
            }
            Write::Failure(record) => {
                let file = record.identity.file.clone();
                let written = self.failure(*record, mark).map(|()| true);
                Input::Wrote(file, written.map_err(write_error))
            }
            Write::CopyFailure { file, from } => {
                let written = self.copy_failure(&file, &from, mark);
                Input::Wrote(file.file, written.map_err(write_error))
            }
            Write::Duplicate { file, of } => {
                let written = self.duplicate(&file, &of, mark);
                Input::Wrote(file.file, written.map_err(write_error))
            }
            Write::Append { file, ends_attempt } => {
                let report = report_of(&self.out, &file);
                let combined = self.combined.as_mut();
                let appended = combined.map_or(Ok(()), |combined| combined.append(&report));
                if ends_attempt && appended.is_ok() {
                    self.attempts.end(&file.relative);
                }
                Input::Appended {
                    file,
                    ends_attempt,
                    result: appended.map_err(write_error),
                }
            }
            Write::Probe => Input::Probed(self.probe()),
        })
    }

    fn failure(&self, record: FailureToWrite, mark: &RunMark) -> Result<(), ReportError> {
        let FailureToWrite {
            identity,
            failure,
            history,
            next,
        } = record;
        let paths = ReportPaths::new(&self.out, &identity.file.relative);
        let recording = self.recording(&identity);
        let next = match next {
            NextAttempt::At(time) => NextTry::At(time),
            NextAttempt::Never => NextTry::Never,
            NextAttempt::Quarantined => NextTry::Quarantined,
        };
        let (attempts, strikes) = (history.attempts, &history.strikes);
        write_failure(&paths, &recording, mark, &failure, attempts, strikes, next)
    }

    /// False when there is no record to copy.
    fn copy_failure(
        &self,
        file: &Identity,
        from: &FileRef,
        mark: &RunMark,
    ) -> Result<bool, ReportError> {
        let paths = |file: &FileRef| ReportPaths::new(&self.out, &file.relative);
        let Some(line) = read_failure(&paths(from).failure) else {
            return Ok(false);
        };
        let mut chain = vec![format!("the same content as {}", from.relative.display())];
        chain.extend(line.error.iter().cloned());
        let mut stages = Stage::ALL.iter().copied();
        let failure = Failure {
            stage: stages
                .find(|stage| stage.name() == line.stage)
                .unwrap_or(Stage::Decode),
            cause: line.cause,
            chain,
            hint: line.hint.clone(),
        };
        let (paths, recording) = (paths(&file.file), self.recording(file));
        let (strikes, next) = (&line.strikes, line.next());
        write_failure(
            &paths,
            &recording,
            mark,
            &failure,
            line.attempts,
            strikes,
            next,
        )?;
        Ok(true)
    }

    /// False when there is no report to point to that was made as this one would be.
    fn duplicate(
        &self,
        file: &Identity,
        of: &FileRef,
        mark: &RunMark,
    ) -> Result<bool, ReportError> {
        let recording = self.recording(file);
        match reported(&self.out, &of.relative) {
            Some(standing @ Standing::Reported(_))
                if standing.is_of(mark)
                    && standing.source().is_some_and(|source| {
                        source.blake3.as_deref() == Some(&*recording.blake3)
                    }) => {}
            _ => return Ok(false),
        }
        let original = self.root(of).path_of(&of.relative);
        write_duplicate(&self.out, &recording, &original, &of.relative, mark)?;
        Ok(true)
    }

    fn probe(&self) -> bool {
        let path = &self.probe;
        let written = place(path, |file| {
            file.write_all(&[0; PROBE_BYTES])
                .map_err(|source| ReportError::Io {
                    path: path.clone(),
                    source,
                })
        });
        let _ = std::fs::remove_file(path);
        written.is_ok()
    }

    fn root(&self, file: &FileRef) -> &Root {
        &self.roots[usize::from(file.root)]
    }

    fn recording(&self, identity: &Identity) -> Recording {
        recording(0, identity, self.root(&identity.file))
    }
}

/// The recording that the chain is given for a file.
pub fn recording(id: u64, identity: &Identity, root: &Root) -> Recording {
    let relative = &identity.file.relative;
    Recording {
        id: RecordingId(id),
        path: root.path_of(relative),
        relative: relative.to_path_buf(),
        size_bytes: identity.facts.size_bytes,
        modified: identity.facts.modified,
        blake3: identity
            .content
            .map(|hash| hash.to_hex().to_string())
            .unwrap_or_default(),
        remote: None,
    }
}

/// The error that makes the core pause, if the answer holds one.
fn pausing(answer: &Input) -> Option<&WriteError> {
    match answer {
        Input::Began(_, result) | Input::Appended { result, .. } => result.as_ref().err(),
        Input::Wrote(_, result) => result.as_ref().err().filter(|error| error.disk_full),
        _ => None,
    }
}

fn write_error(error: ReportError) -> WriteError {
    let why = error
        .source()
        .map_or(String::new(), |why| format!(": {why}"));
    WriteError {
        disk_full: error.is_disk_full(),
        reason: format!("{error}{why}"),
    }
}
