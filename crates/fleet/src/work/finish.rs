//! The end of a job: what came out of the batch goes where reports are, or becomes a failure record.

use std::path::Path;
use std::time::{Duration, SystemTime};

use undertone_daemon::History;
use undertone_reports::{FailureLine, NextTry, failure_line};
use undertone_types::{Cause, Failure, Recording, Stage, shown_path};

use super::exports;
use super::spool::Berth;
use super::task::{Task, Verdict};
use crate::decide::{AfterFailure, after_failure};
use crate::destination::{failure_text, paths};
use crate::job::Version;
use crate::source::Source;
use crate::status::DeadLetter;
use crate::store::StoreError;

/// Between two attempts to send what is finished.
const AGAIN: Duration = Duration::from_secs(2);

impl Task<'_> {
    /// Sends a report, and what is made of it, unless another worker has.
    pub async fn reported(&self, berth: &Berth, version: &Version, duration_s: f64) -> Verdict {
        let (worker, name) = (self.worker, &self.job.name);
        let below = paths(name);
        let report = worker.spool.reports().join(&below.report);
        loop {
            match self.send(&report, berth, version).await {
                Ok(is_first) => {
                    let recording = shown_path(name);
                    if is_first {
                        tracing::info!(%recording, duration_s, "scored");
                        worker.desk.count(|totals| {
                            totals.done += 1;
                            totals.scored_s += duration_s;
                        });
                    } else {
                        tracing::info!(%recording, "another worker has scored it meanwhile");
                        worker.desk.count(|totals| totals.known += 1);
                    }
                    worker.went_well();
                    break;
                }
                // What is scored is not thrown away: it waits here until it can be sent.
                Err(error) => {
                    worker.hold_on(&format!("reports cannot be sent: {error}"));
                    tokio::time::sleep(AGAIN).await;
                }
            }
        }
        let _ = std::fs::remove_file(&report);
        Verdict::Done
    }

    /// True when no other worker had sent it.
    async fn send(
        &self,
        report: &Path,
        berth: &Berth,
        version: &Version,
    ) -> Result<bool, StoreError> {
        let (worker, name) = (self.worker, &self.job.name);
        let below = paths(name);
        let known = worker.out.look(name).await?;
        let standing = &known.report;
        let is_of_it = standing
            .source()
            .is_some_and(|source| version.is_of(source));
        let is_there = is_of_it && standing.is_of(&worker.mark);
        // With other subtitles the report is another: it is sent whatever is there.
        if !is_there || worker.mark.sidecars.is_some() {
            // The report comes last: whoever sees it finds the exports beside it.
            if !worker.exports.is_empty() {
                let folder = berth.folder().join("exports");
                let files = exports::write(report, name, &worker.exports, &folder);
                for (beside, file) in files.map_err(StoreError::Failed)? {
                    worker.out.put_file(&beside, &file).await?;
                }
            }
            worker.out.put_file(&below.report, report).await?;
        }
        if known.failure.is_some() {
            worker.out.remove(&below.failure).await?;
        }
        Ok(!is_there)
    }

    /// Records a failure of the recording, for good or for now; `tried` is what this worker's
    /// attempts add to what counted `before`.
    pub async fn failed(
        &self,
        recording: &Recording,
        failure: &Failure,
        before: &History,
        tried: &History,
        quarantined: bool,
    ) -> Verdict {
        let (retry, now) = (&self.worker.config.retry, SystemTime::now());
        let after = after_failure(before, tried, failure.cause, quarantined, retry, now);
        self.record(recording, failure, &after).await
    }

    async fn record(
        &self,
        recording: &Recording,
        failure: &Failure,
        after: &AfterFailure,
    ) -> Verdict {
        let (worker, name) = (self.worker, &self.job.name);
        let AfterFailure { history, next } = after;
        let line = failure_line(
            recording,
            &worker.mark,
            failure,
            history.attempts,
            &history.strikes,
            *next,
        );
        tracing::warn!(recording = %shown_path(name), attempts = history.attempts, "{failure}");
        let below = paths(name);
        let put = worker.out.put(&below.failure, failure_text(line.clone()));
        if let Err(error) = put.await {
            return self.trouble(&format!("failure records cannot be sent: {error}"));
        }
        match next {
            NextTry::At(at) => {
                worker.desk.count(|totals| totals.failed += 1);
                Verdict::Later(at.duration_since(SystemTime::now()).unwrap_or_default())
            }
            NextTry::Never | NextTry::Quarantined => Verdict::Dead(self.letter(line)),
        }
    }

    fn letter(&self, failure: FailureLine) -> Box<DeadLetter> {
        Box::new(DeadLetter {
            job: self.job.clone(),
            failure,
        })
    }

    /// The recording is gone: nobody can score it.
    pub async fn gone(&self, source: &Source) -> Verdict {
        let recording = self.unread(source, &self.job.version);
        let failure = Failure {
            stage: Stage::Source,
            cause: Cause::Io,
            chain: vec!["it is gone since it was submitted".to_owned()],
            hint: Some("put it back, then `undertone fleet retry`".to_owned()),
        };
        let after = AfterFailure {
            history: one_attempt(),
            next: NextTry::Never,
        };
        self.record(&recording, &failure, &after).await
    }

    /// It does not fit into the spool; that of another worker may have more room.
    pub async fn too_large(&self, source: &Source, version: &Version, before: &History) -> Verdict {
        let recording = self.unread(source, version);
        let room_mb = self.worker.spool.room_mb();
        let failure = Failure {
            stage: Stage::Source,
            cause: Cause::Environment,
            chain: vec![format!(
                "it has {} MB, and the spool of this worker room for {room_mb}",
                version.size_bytes.div_ceil(1_000_000)
            )],
            hint: Some("raise `fleet.spool_mb` of a worker".to_owned()),
        };
        let tried = one_attempt();
        self.failed(&recording, &failure, before, &tried, false)
            .await
    }

    /// A recording that was not read.
    fn unread(&self, source: &Source, version: &Version) -> Recording {
        let name = &self.job.name;
        Recording {
            id: self.id,
            path: source.path(name).unwrap_or_else(|| name.clone()),
            relative: name.clone(),
            size_bytes: version.size_bytes,
            modified: version.modified.and_then(|time| time.try_into().ok()),
            blake3: String::new(),
            remote: source.remote(name, version),
        }
    }
}

/// What a single attempt adds, where nothing counts against the recording.
pub fn one_attempt() -> History {
    History {
        attempts: 1,
        ..History::default()
    }
}
