//! Reads reports and failure records, on threads of their own: after a start, those of every
//! recording are looked up.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use blake3::Hash;
use crossbeam_channel::{Receiver, Sender, unbounded};
use undertone_reports::{
    FailureLine, NextTry, ReportPaths, RunMark, SourceLine, Standing, read_failure, reported,
};

use crate::core::{
    FailureRecord, FileRef, History, Input, LookUp, NextAttempt, Records, ReportRecord, is_strike,
};
use crate::facts::FileFacts;

/// Threads: most of the time is spent opening files.
const THREADS: usize = 2;

/// What to look up.
#[derive(Debug)]
pub struct Question {
    /// Which file.
    pub file: FileRef,
    /// Where it is.
    pub path: PathBuf,
    /// Its size and modification time now.
    pub facts: FileFacts,
    /// Number of the look-up.
    pub ticket: u32,
    /// It had a report: whether that still exists is all that is asked.
    pub had_report: bool,
    /// The current bundle and settings.
    pub mark: Arc<RunMark>,
}

/// Starts the threads; answers go to `inputs`.
///
/// # Errors
/// When the system cannot start them.
pub fn start(out: &Path, to_core: &Sender<Input>) -> io::Result<Sender<Question>> {
    let (ask, asked) = unbounded();
    for _ in 0..THREADS {
        let (out, to_core, asked) = (out.to_owned(), to_core.clone(), asked.clone());
        thread::Builder::new()
            .name("look-up".to_owned())
            .spawn(move || answer_all(&out, &asked, &to_core))?;
    }
    Ok(ask)
}

fn answer_all(out: &Path, asked: &Receiver<Question>, to_core: &Sender<Input>) {
    for question in asked {
        let answer = answer(out, &question);
        let Question { file, ticket, .. } = question;
        let input = Input::LookedUp {
            file,
            ticket,
            answer,
        };
        if to_core.send(input).is_err() {
            return;
        }
    }
}

fn answer(out: &Path, question: &Question) -> LookUp {
    let relative = &question.file.relative;
    let paths = ReportPaths::new(out, relative);
    if question.had_report && paths.report.exists() && !has_newer_sidecar(question, &paths.report) {
        return LookUp::StillThere;
    }
    LookUp::Read(Records {
        report: reported(out, relative).and_then(|standing| report_record(&standing, question)),
        failure: read_failure(&paths.failure).map(|line| failure_record(line, question)),
    })
}

/// Whether subtitles beside a recording came, or were changed, after its report was made. Those that
/// were removed are noticed when the report is read: at a start, and when settings are read again.
fn has_newer_sidecar(question: &Question, report: &Path) -> bool {
    let changed = |path: &Path| {
        let facts = fs::metadata(path).ok()?;
        // Copies keep the time of modification.
        Some((facts.ctime(), facts.ctime_nsec()))
    };
    let sidecars = question.mark.sidecars.as_ref();
    let sidecar = sidecars.and_then(|sidecars| sidecars.path_beside(&question.path));
    sidecar.is_some_and(|sidecar| changed(&sidecar) > changed(report))
}

fn report_record(standing: &Standing, question: &Question) -> Option<ReportRecord> {
    let source = standing.source()?;
    Some(ReportRecord {
        is_pointer: matches!(standing, Standing::Duplicate { .. }),
        content: content(source)?,
        is_unchanged: is_unchanged(source, question.facts),
        is_current: standing.is_of(&question.mark)
            && (standing.sidecar_change(&question.path, &question.mark)).is_none(),
    })
}

fn failure_record(line: FailureLine, question: &Question) -> FailureRecord {
    let next = match line.next() {
        NextTry::At(time) => NextAttempt::At(time),
        NextTry::Never => NextAttempt::Never,
        NextTry::Quarantined => NextAttempt::Quarantined,
    };
    let strikes = match line.strikes.is_empty() && is_strike(line.cause) {
        // Written by a version that did not record strikes.
        true => vec![line.cause; line.attempts.min(2) as usize],
        false => line.strikes,
    };
    FailureRecord {
        content: content(&line.source),
        is_unchanged: is_unchanged(&line.source, question.facts),
        cause: line.cause,
        history: History {
            attempts: line.attempts,
            strikes,
        },
        next,
    }
}

fn content(source: &SourceLine) -> Option<Hash> {
    Hash::from_hex(source.blake3.as_deref()?).ok()
}

fn is_unchanged(source: &SourceLine, facts: FileFacts) -> bool {
    source.is_unchanged(facts.size_bytes, facts.modified)
}

/// Where the report of a file is.
pub fn report_of(out: &Path, file: &FileRef) -> PathBuf {
    ReportPaths::new(out, &file.relative).report
}
