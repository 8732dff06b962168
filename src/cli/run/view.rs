//! What a run shows: progress while it goes, a table and the totals at its end.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::events::RunEvent;
use super::{Job, Shown};
use crate::cli::progress::{Outcome, Progress, Terminal};
use crate::cli::say;
use crate::cli::table::{Row, Totals, breaks_off, render_table, render_totals};
use undertone_config::Stages;
use undertone_daemon::{BatchEvent, Finished, InProgress};
use undertone_reports::{FailureLine, NextTry, ReportPaths, read_finished};
use undertone_telemetry::{busy_share, peak_memory_bytes};
use undertone_terminal::sentences;
use undertone_types::{Recording, RecordingId, Stage, shown_path};

/// Can be updated from any thread.
pub(super) struct View {
    /// Folder of the reports.
    out: PathBuf,
    shown: Shown,
    progress: Progress,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    rows: BTreeMap<RecordingId, Row>,
    /// Up to where each recording has been scored, in seconds.
    scored_s: HashMap<RecordingId, f64>,
    totals: Totals,
}

impl View {
    pub(super) fn new(terminal: &Terminal, recordings: usize, job: &Job<'_>) -> Self {
        let out = job.out;
        let view = Self {
            out: out.to_owned(),
            shown: job.shown,
            progress: Progress::start(terminal, recordings),
            state: Mutex::default(),
        };
        view.tell(&RunEvent::Begin { recordings, out });
        view
    }

    /// Tells a program, if one listens. One that has gone away does not end the run.
    fn tell(&self, event: &RunEvent) {
        if self.shown == Shown::Events {
            let _ = event.print();
        }
    }

    fn report_of(&self, recording: &Recording) -> PathBuf {
        ReportPaths::new(&self.out, &recording.relative).report
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A recording had its report already.
    pub(super) fn skipped(&self, recording: &Recording) {
        self.state().totals.skipped += 1;
        self.has_report(recording, &Outcome::Skipped);
    }

    /// Another run has scored a recording.
    pub(super) fn elsewhere(&self, recording: &Recording) {
        self.state().totals.elsewhere += 1;
        self.has_report(recording, &Outcome::Elsewhere);
    }

    fn has_report(&self, recording: &Recording, outcome: &Outcome) {
        let (name, report) = (name(recording), self.report_of(recording));
        self.tell(&RunEvent::Skipped {
            path: &recording.path,
            report: &report,
            by_another_run: *outcome == Outcome::Elsewhere,
        });
        if let Some(finished) = read_finished(&report) {
            let mut state = self.state();
            state
                .rows
                .insert(recording.id, Row::done(&name, &finished.summary));
            state.totals.truncated += usize::from(finished.summary.truncated);
        }
        self.progress.recording(&name, outcome);
    }

    /// A recording was quarantined by a former run, and is not tried again.
    pub(super) fn quarantined(&self, recording: &Recording, record: &FailureLine) {
        let why = record.error.join(": ");
        let said = format!("{}: {why}", record.stage);
        let hint = "quarantined, so it was not tried; --force tries it again";
        self.tell_record(recording, record);
        self.failed(recording, &why, format!("{said} ({hint})"));
    }

    /// Another run has failed at a recording.
    pub(super) fn failed_elsewhere(&self, recording: &Recording, record: &FailureLine) {
        let why = record.error.join(": ");
        let said = format!("{}: {why} (tried by another run)", record.stage);
        self.tell_record(recording, record);
        self.failed(recording, &why, said);
    }

    fn tell_record(&self, recording: &Recording, record: &FailureLine) {
        self.tell(&RunEvent::Failed {
            path: &recording.path,
            stage: &record.stage,
            cause: record.cause.name(),
            error: &record.error,
            hint: record.hint.as_deref(),
            quarantined: record.next() == NextTry::Quarantined,
        });
    }

    fn failed(&self, recording: &Recording, why: &str, said: String) {
        let name = name(recording);
        let mut state = self.state();
        state.rows.insert(recording.id, Row::failed(&name, why));
        state.totals.failed += 1;
        drop(state);
        self.progress.recording(&name, &Outcome::Failed(said));
    }

    /// Takes an event of the run.
    pub(super) fn update(&self, event: BatchEvent) {
        match event {
            BatchEvent::Ready => self.progress.begin(),
            BatchEvent::Opened(recording, duration_s) => {
                let path = &recording.path;
                self.tell(&RunEvent::Started { path, duration_s });
            }
            BatchEvent::Reached(recording, end_s) => {
                let (path, reached_s) = (&recording.path, end_s);
                self.tell(&RunEvent::Progress { path, reached_s });
                self.reach(recording.id, end_s);
            }
            BatchEvent::Reported {
                recording,
                duration_s,
                summary,
            } => {
                self.tell(&RunEvent::Done {
                    path: &recording.path,
                    report: &self.report_of(recording),
                    summary,
                });
                self.reach(recording.id, duration_s);
                let name = name(recording);
                let mut state = self.state();
                state.rows.insert(recording.id, Row::done(&name, summary));
                state.totals.done += 1;
                state.totals.media_s += duration_s;
                state.totals.truncated += usize::from(summary.truncated);
                drop(state);
                let outcome = breaks_off(summary).map_or(Outcome::Done, Outcome::Truncated);
                self.progress.recording(&name, &outcome);
            }
            BatchEvent::Failed {
                recording,
                failure,
                quarantined,
            } => {
                self.tell(&RunEvent::Failed {
                    path: &recording.path,
                    stage: failure.stage.name(),
                    cause: failure.cause.name(),
                    error: &failure.chain,
                    hint: failure.hint.as_deref(),
                    quarantined,
                });
                self.failed(recording, &failure.chain.join(": "), failure.to_string());
            }
            BatchEvent::Stopping { under_way, left_s } => {
                self.tell(&RunEvent::Stopping {
                    under_way: under_way.iter().map(|task| &*task.recording).collect(),
                    left_s,
                });
                self.progress.say(&stopping(&under_way, left_s));
            }
        }
    }

    /// A recording has been scored up to here; with replicas, events may come out of order.
    fn reach(&self, recording: RecordingId, end_s: f64) {
        let mut state = self.state();
        let before = state.scored_s.entry(recording).or_default();
        let more = (end_s - *before).max(0.0);
        *before += more;
        drop(state);
        self.progress.advance(more);
    }

    /// Ends the progress; returns how many recordings failed or break off.
    pub(super) fn finish(&self) -> usize {
        self.progress.clear();
        let totals = &self.state().totals;
        totals.failed + totals.truncated
    }

    /// Prints how the run went.
    pub(super) fn print(&self, usage: &Finished, workers: &Stages) -> std::io::Result<()> {
        let State {
            rows, mut totals, ..
        } = std::mem::take(&mut *self.state());
        totals.wall = self.progress.elapsed();
        match self.shown {
            Shown::Events => self.tell(&RunEvent::Summary {
                done: totals.done,
                skipped: totals.skipped + totals.elsewhere,
                failed: totals.failed,
                truncated: totals.truncated,
                media_s: totals.media_s,
                wall_s: totals.wall.as_secs_f64(),
            }),
            Shown::Table => {
                let rows: Vec<Row> = rows.into_values().collect();
                say(&render_table(&rows))?;
                let totals = format!(
                    "{}\n{}\n",
                    render_totals(&totals).trim_end(),
                    cost(usage, workers, totals.wall)
                );
                say(&sentences(&totals))?;
            }
            Shown::Nothing => {}
        }
        Ok(())
    }
}

/// What the run took: how busy each stage was, and memory.
fn cost(usage: &Finished, workers: &Stages, wall: Duration) -> String {
    let stages = [
        (Stage::Decode, workers.decode),
        (Stage::Transcribe, workers.transcribe),
        (Stage::Represent, workers.represent),
        (Stage::Observe, workers.observe),
        (Stage::Fuse, workers.fuse),
    ];
    let busy = stages.map(|(stage, replicas)| {
        let busy_s = usage.busy_s.get(&stage).copied().unwrap_or_default();
        let share = busy_share(busy_s, wall, replicas.workers);
        format!("{stage} {:.0}%", 100.0 * share)
    });
    // Most of what this process holds is the program itself, which the worker shares.
    let peak = peak_memory_bytes().max(usage.worker_peak_bytes);
    let memory = peak.map_or_else(String::new, |bytes| {
        format!("; peak memory {} MB", bytes / 1_000_000)
    });
    format!("busy: {}{memory}", busy.join(", "))
}

fn name(recording: &Recording) -> String {
    shown_path(&recording.relative)
}

/// What a run that was asked to stop waits for.
fn stopping(under_way: &[InProgress], left_s: Option<f64>) -> String {
    const NAMED: usize = 3;
    let names: Vec<_> = under_way.iter().map(|task| &*task.recording).collect();
    let names = match names.len() {
        0 => "the worker".to_owned(),
        count if count > NAMED => {
            format!("{} and {} more", names[..NAMED].join(", "), count - NAMED)
        }
        _ => names.join(", "),
    };
    let time = match left_s {
        Some(left_s) if !under_way.is_empty() => {
            format!(" (about {:.0} s left at the speed so far)", left_s.ceil())
        }
        _ => String::new(),
    };
    format!("stopping: waiting for {names}{time}; a second signal stops at once")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(count: usize, left_s: Option<f64>) -> String {
        let task = |number| InProgress {
            recording: format!("{number}.mp4"),
            for_s: 1.0,
            reached_s: 1.0,
            duration_s: Some(2.0),
        };
        stopping(&(0..count).map(task).collect::<Vec<_>>(), left_s)
    }

    #[test]
    fn what_a_stop_waits_for_is_named_with_the_time_that_it_takes() {
        assert_eq!(
            said(2, Some(39.2)),
            "stopping: waiting for 0.mp4, 1.mp4 (about 40 s left at the speed so far); \
             a second signal stops at once"
        );
        assert_eq!(
            said(5, None),
            "stopping: waiting for 0.mp4, 1.mp4, 2.mp4 and 2 more; a second signal stops at once"
        );
        assert_eq!(
            said(0, Some(0.0)),
            "stopping: waiting for the worker; a second signal stops at once"
        );
    }
}
