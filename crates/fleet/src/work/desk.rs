//! What is in progress: shared by the thread that scores and the one that fetches and sends.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use jiff::Timestamp;
use tokio::sync::oneshot;
use undertone_daemon::BatchEvent;
use undertone_reports::{FailureLine, read_failure};
use undertone_types::{Failure, RecordingId, shown_path};

use super::WorkTotals;
use super::metrics::QueueCounts;
use crate::control::InWork;
use crate::destination::paths;

/// What became of a recording that was scored.
#[derive(Debug)]
pub enum Outcome {
    /// It has a report, in the spool.
    Reported {
        /// Its length in seconds.
        duration_s: f64,
    },
    /// It failed.
    Failed {
        /// Why.
        failure: Failure,
        /// The batch's record, with all of its attempts.
        record: Option<Box<FailureLine>>,
        /// It ended the scoring process twice.
        quarantined: bool,
    },
}

/// What is done with a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "lowercase")]
pub enum Phase {
    /// Its recording is looked for and fetched.
    Fetch,
    /// It waits to be scored.
    Wait,
    /// It is scored.
    Score,
    /// Its report is sent.
    Send,
}

impl Phase {
    /// All of them, in order.
    pub const ALL: &'static [Self] = <Self as strum::VariantArray>::VARIANTS;

    /// The name in status and metrics.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// What is in progress.
#[derive(Debug, Default)]
pub struct Desk(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    tasks: HashMap<RecordingId, Task>,
    next: u64,
    totals: WorkTotals,
    /// The batch has ended.
    closed: bool,
    /// Why no jobs are taken for now.
    problem: Option<String>,
    queue: QueueCounts,
    /// Where the batch writes failure records.
    reports: PathBuf,
}

#[derive(Debug)]
struct Task {
    name: PathBuf,
    since: Instant,
    phase: Phase,
    reached_s: f64,
    duration_s: Option<f64>,
    /// Gets what became of it, while the batch has it.
    outcome: Option<oneshot::Sender<Outcome>>,
}

impl Desk {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where the batch writes failure records.
    pub fn reports_in(&self, folder: &Path) {
        self.state().reports = folder.to_owned();
    }

    /// Begins with a recording; `None` while one of the same name is in progress: both would have
    /// the same report.
    pub fn begin(&self, name: &Path) -> Option<RecordingId> {
        let mut state = self.state();
        if state.tasks.values().any(|task| task.name == name) {
            return None;
        }
        let id = RecordingId(state.next);
        // Numbers of a batch have 32 bits.
        state.next = (state.next + 1) % u64::from(u32::MAX);
        state.tasks.insert(
            id,
            Task {
                name: name.to_owned(),
                since: Instant::now(),
                phase: Phase::Fetch,
                reached_s: 0.0,
                duration_s: None,
                outcome: None,
            },
        );
        Some(id)
    }

    /// Nothing is in progress any more with this recording.
    pub fn end(&self, id: RecordingId) {
        self.state().tasks.remove(&id);
    }

    /// Says what is done with a recording.
    pub fn phase(&self, id: RecordingId, phase: Phase) {
        if let Some(task) = self.state().tasks.get_mut(&id) {
            task.phase = phase;
        }
    }

    /// What will become of a recording that is about to be handed to the batch; `None` when the
    /// batch has ended.
    pub fn outcome(&self, id: RecordingId) -> Option<oneshot::Receiver<Outcome>> {
        let mut state = self.state();
        if state.closed {
            return None;
        }
        let task = state.tasks.get_mut(&id)?;
        let (tell, told) = oneshot::channel();
        task.outcome = Some(tell);
        task.phase = Phase::Wait;
        Some(told)
    }

    /// The batch has ended: what it has not said by now it never will.
    pub fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        for task in state.tasks.values_mut() {
            task.outcome = None;
        }
    }

    /// True when the batch has ended.
    pub fn is_closed(&self) -> bool {
        self.state().closed
    }

    /// Takes in what the batch tells.
    pub fn tell(&self, event: BatchEvent) {
        match event {
            BatchEvent::Opened(recording, duration_s) => {
                if let Some(task) = self.state().tasks.get_mut(&recording.id) {
                    task.phase = Phase::Score;
                    task.duration_s = duration_s;
                }
            }
            BatchEvent::Reached(recording, end_s) => {
                if let Some(task) = self.state().tasks.get_mut(&recording.id) {
                    task.reached_s = end_s;
                }
            }
            BatchEvent::Reported {
                recording,
                duration_s,
                ..
            } => self.came_out(recording.id, Outcome::Reported { duration_s }),
            BatchEvent::Failed {
                recording,
                failure,
                quarantined,
            } => {
                let path = self
                    .state()
                    .reports
                    .join(paths(&recording.relative).failure);
                let outcome = Outcome::Failed {
                    failure: failure.clone(),
                    record: taken(&path).map(Box::new),
                    quarantined,
                };
                self.came_out(recording.id, outcome);
            }
            BatchEvent::Ready => tracing::info!("the models are loaded"),
            BatchEvent::Stopping { under_way, .. } => {
                let waiting = under_way.len();
                tracing::info!(waiting, "stopping: finishing the recordings in progress");
            }
        }
    }

    fn came_out(&self, id: RecordingId, outcome: Outcome) {
        let mut state = self.state();
        let task = state.tasks.get_mut(&id);
        if let Some(tell) = task.and_then(|task| task.outcome.take()) {
            // Nobody waits for it once the time for an orderly end is over.
            let _ = tell.send(outcome);
        }
    }

    /// Counts.
    pub fn count(&self, count: impl FnOnce(&mut WorkTotals)) {
        count(&mut self.state().totals);
    }

    /// What was done so far.
    pub fn totals(&self) -> WorkTotals {
        self.state().totals
    }

    /// Says why no jobs are taken for now, or that they are.
    pub fn problem(&self, problem: Option<String>) {
        self.state().problem = problem;
    }

    /// Why no jobs are taken for now.
    pub fn current_problem(&self) -> Option<String> {
        self.state().problem.clone()
    }

    /// What the queue said that it holds.
    pub fn set_queue(&self, counts: QueueCounts) {
        self.state().queue = counts;
    }

    /// What the queue said last.
    pub fn queue(&self) -> QueueCounts {
        self.state().queue
    }

    /// With how many recordings this is done.
    pub fn count_of(&self, phase: Phase) -> u64 {
        let state = self.state();
        let tasks = state.tasks.values();
        tasks.filter(|task| task.phase == phase).count() as u64
    }

    /// What is in progress, the oldest first.
    pub fn in_work(&self) -> Vec<InWork> {
        let state = self.state();
        let mut tasks: Vec<&Task> = state.tasks.values().collect();
        tasks.sort_by_key(|task| task.since);
        let shown = |task: &Task| InWork {
            recording: shown_path(&task.name),
            phase: task.phase.name().to_owned(),
            for_s: task.since.elapsed().as_secs_f64(),
            reached_s: task.reached_s,
            duration_s: task.duration_s,
        };
        tasks.into_iter().map(shown).collect()
    }
}

/// The batch's failure record, which is not kept: that of the whole fleet is where reports go.
fn taken(path: &Path) -> Option<FailureLine> {
    let record = read_failure(path);
    let _ = std::fs::remove_file(path);
    record
}

/// The time, as it is said to others.
pub fn now() -> String {
    let now = Timestamp::now();
    Timestamp::from_second(now.as_second())
        .unwrap_or(now)
        .to_string()
}
