//! What a run shows: progress while it goes, a table and the totals at its end.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::progress::{Outcome, Progress, Terminal};
use super::say;
use super::table::{Row, Totals, render_table, render_totals};
use crate::stages::report::ReportEvent;
use undertone_config::Stages;
use undertone_reports::read_finished;
use undertone_telemetry::{StageClocks, peak_memory_bytes};
use undertone_types::{Recording, RecordingId, Stage};

/// Can be updated from any thread.
pub(super) struct View {
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
    pub(super) fn new(terminal: &Terminal, recordings: usize) -> Self {
        Self {
            progress: Progress::start(terminal, recordings),
            state: Mutex::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A recording had its report already.
    pub(super) fn skipped(&self, recording: &Recording, report: &Path) {
        let name = name(recording);
        if let Some(finished) = read_finished(report) {
            self.state()
                .rows
                .insert(recording.id, Row::done(&name, &finished.summary));
        }
        self.state().totals.skipped += 1;
        self.progress.recording(&name, &Outcome::Skipped);
    }

    /// Takes an event of the last stage.
    pub(super) fn update(&self, event: ReportEvent) {
        match event {
            ReportEvent::Opened { .. } => {}
            ReportEvent::Scored { recording, end_s } => self.reach(recording, end_s),
            ReportEvent::Reported {
                recording,
                duration_s,
                summary,
            } => {
                self.reach(recording.id, duration_s);
                let name = name(&recording);
                let mut state = self.state();
                state.rows.insert(recording.id, Row::done(&name, &summary));
                state.totals.done += 1;
                state.totals.media_s += duration_s;
                drop(state);
                self.progress.recording(&name, &Outcome::Done);
            }
            ReportEvent::Failed { recording, failure } => {
                let name = name(&recording);
                let mut state = self.state();
                state
                    .rows
                    .insert(recording.id, Row::failed(&name, &failure.chain.join(": ")));
                state.totals.failed += 1;
                drop(state);
                self.progress
                    .recording(&name, &Outcome::Failed(failure.to_string()));
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

    /// Prints the table and the totals; returns how many recordings failed.
    pub(super) fn finish(self, clocks: &StageClocks, workers: &Stages) -> std::io::Result<usize> {
        let Self { progress, state } = self;
        let wall = progress.elapsed();
        drop(progress);
        let State {
            rows, mut totals, ..
        } = state.into_inner().unwrap_or_else(PoisonError::into_inner);
        totals.wall = wall;
        let rows: Vec<Row> = rows.into_values().collect();
        let busy: Vec<String> = [
            (Stage::Decode, workers.decode),
            (Stage::Transcribe, workers.transcribe),
            (Stage::Represent, workers.represent),
            (Stage::Observe, workers.observe),
            (Stage::Fuse, workers.fuse),
        ]
        .into_iter()
        .map(|(stage, replicas)| {
            let share = clocks.of(stage).times().busy_share(wall, replicas.workers);
            format!("{stage} {:.0}%", 100.0 * share)
        })
        .collect();
        let memory = peak_memory_bytes().map_or_else(String::new, |bytes| {
            format!("; peak memory {} MB", bytes / 1_000_000)
        });
        say(&render_table(&rows))?;
        say(&format!(
            "{}\nbusy: {}{memory}\n",
            render_totals(&totals).trim_end(),
            busy.join(", ")
        ))?;
        Ok(totals.failed)
    }
}

fn name(recording: &Recording) -> String {
    recording.relative.display().to_string()
}
