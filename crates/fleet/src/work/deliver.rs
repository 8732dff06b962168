//! What is done with one job, from the moment it comes until the queue may forget it.
//!
//! A job is acknowledged after its report, or its failure record for good, is where it belongs.
//! Until then the server is told that there is progress; when it hears nothing for `fleet.ack_wait_s`
//! it gives the job to another worker. Then both may score the recording: the second finds the report
//! of the first, and leaves it.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_nats::jetstream::{AckKind, Message};
use tokio::sync::watch;
use undertone_daemon::{History, Sourced};
use undertone_discovery::{Found, identify};
use undertone_reports::{FailureLine, NextTry, failure_line};
use undertone_types::{Cause, Failure, Recording, RecordingId, Stage, shown_path};

use super::desk::{Outcome, Phase};
use super::exports;
use super::serve::Worker;
use super::spool::Berth;
use crate::Job;
use crate::decide::{AfterFailure, Course, Facts, after_failure, pause};
use crate::destination::{Known, failure_text, paths};
use crate::job::Version;
use crate::names::mark_and_key;
use crate::source::{FetchError, Presence, Source};
use crate::status::DeadLetter;
use crate::store::StoreError;

/// Signs of life in the time after which a job is given to another worker.
const SIGNS_OF_LIFE: f64 = 3.0;
/// A job that cannot be begun with right now comes back after this time.
const SOON: Duration = Duration::from_secs(2);
/// How often an acknowledgement is repeated that the server did not confirm.
const ACKNOWLEDGED: usize = 5;
/// Between two attempts to send what is finished.
const AGAIN: Duration = Duration::from_secs(2);

/// What the queue is told about a job.
enum Verdict {
    /// It is done.
    Done,
    /// It comes again after this time.
    Later(Duration),
    /// It has failed for good.
    Dead(Box<DeadLetter>),
}

/// Handles a job.
pub async fn deliver(worker: Arc<Worker>, message: Message) {
    let wait_s = worker.config.fleet.ack_wait_s / SIGNS_OF_LIFE;
    let mut alive = tokio::time::interval(Duration::from_secs_f64(wait_s));
    alive.tick().await;
    let mut hand_back = worker.hand_back.clone();
    let handling = handle(&worker, &message);
    tokio::pin!(handling);
    let verdict = loop {
        tokio::select! {
            verdict = &mut handling => break verdict,
            _ = alive.tick() => {
                // Lost when the server is away; it waits that long.
                let _ = message.ack_with(AckKind::Progress).await;
            }
            () = is_set(&mut hand_back) => break Verdict::Later(Duration::ZERO),
        }
    };
    settle(&worker, &message, verdict).await;
}

/// Waits until what is in progress has to be handed back.
async fn is_set(hand_back: &mut watch::Receiver<bool>) {
    if hand_back.wait_for(|is_time| *is_time).await.is_err() {
        std::future::pending::<()>().await;
    }
}

async fn settle(worker: &Worker, message: &Message, verdict: Verdict) {
    match verdict {
        Verdict::Done => acknowledge(message).await,
        Verdict::Later(pause) => {
            let pause = (!pause.is_zero()).then_some(pause);
            let _ = message.ack_with(AckKind::Nak(pause)).await;
        }
        Verdict::Dead(letter) => {
            worker.desk.count(|totals| totals.dead += 1);
            let Some((mark, key)) = mark_and_key(&message.subject) else {
                return acknowledge(message).await;
            };
            let subject = worker.queue.names.dead_letter(mark, key);
            let text =
                serde_json::to_vec(&letter).expect("plain numbers and texts always serialise");
            match worker.queue.send(&subject, text.into()).await {
                Ok(_) => acknowledge(message).await,
                Err(error) => worker.hold_on(&error.to_string()),
            }
        }
    }
}

/// A job whose acknowledgement is lost comes again, finds its report, and is acknowledged then.
async fn acknowledge(message: &Message) {
    for _ in 0..ACKNOWLEDGED {
        match message.double_ack().await {
            Ok(()) => return,
            Err(error) => tracing::debug!(%error, "the queue did not confirm that a job is done"),
        }
    }
    tracing::warn!("the queue did not confirm that a job is done; it will come again");
}

async fn handle(worker: &Worker, message: &Message) -> Verdict {
    let deliveries = message.info().map_or(1, |info| info.delivered);
    let deliveries = u32::try_from(deliveries).unwrap_or(1);
    let job: Job = match serde_json::from_slice(&message.payload) {
        Ok(job) => job,
        Err(error) => {
            // A newer program may know it.
            tracing::error!(%error, "a job cannot be read; is this program older than others?");
            return Verdict::Later(pause(deliveries, &worker.config.retry));
        }
    };
    if !job.is_known() {
        tracing::error!("a job is of a newer version than this program");
        return Verdict::Later(pause(deliveries, &worker.config.retry));
    }
    let Some(id) = worker.desk.begin(&job.name) else {
        return Verdict::Later(SOON);
    };
    let task = Task {
        worker,
        job: &job,
        id,
        deliveries,
    };
    let verdict = task.run().await;
    worker.desk.end(id);
    verdict
}

/// A job that is handled.
struct Task<'w> {
    worker: &'w Worker,
    job: &'w Job,
    id: RecordingId,
    deliveries: u32,
}

impl Task<'_> {
    async fn run(&self) -> Verdict {
        let Self { worker, job, .. } = self;
        let source = match worker.source(job) {
            Ok(source) => source,
            Err(error) => return self.trouble(&error.to_string()),
        };
        let looked = worker.out.look(&job.name);
        let (presence, known) = tokio::join!(source.presence(&job.name), looked);
        let known = match known {
            Ok(known) => known,
            Err(error) => return self.trouble(&format!("{}: {error}", "reports cannot be read")),
        };
        match self.course(&source, &presence, &known) {
            Course::Done => {
                tracing::debug!(recording = %shown_path(&job.name), "has its report");
                worker.desk.count(|totals| totals.known += 1);
                worker.went_well();
                Verdict::Done
            }
            Course::Dead(record) => Verdict::Dead(Box::new(DeadLetter {
                job: (*job).clone(),
                failure: *record,
            })),
            Course::Gone => self.gone(&source).await,
            Course::Later(pause) => {
                if let Presence::Away(why) = &presence {
                    worker.hold_on(&format!(
                        "{} cannot be reached: {why}",
                        job.source.display()
                    ));
                }
                Verdict::Later(pause)
            }
            Course::Score(before) => match presence {
                Presence::There(version) => self.score(&source, &version, &before).await,
                Presence::Gone | Presence::Away(_) => Verdict::Later(SOON),
            },
        }
    }

    fn course(&self, source: &Source, presence: &Presence, known: &Known) -> Course {
        let recording = source.path(&self.job.name);
        let sidecar = known.sidecar_change(recording.as_deref(), &self.worker.mark);
        Facts {
            job: self.job,
            presence,
            known,
            sidecar_changed: sidecar.is_some(),
            mark: &self.worker.mark,
            retry: &self.worker.config.retry,
            deliveries: self.deliveries,
            now: SystemTime::now(),
        }
        .course()
    }

    /// What all jobs need does not work: this one comes again, and no others are taken for a while.
    fn trouble(&self, why: &str) -> Verdict {
        self.worker.hold_on(why);
        Verdict::Later(pause(self.deliveries, &self.worker.config.retry))
    }

    async fn score(&self, source: &Source, version: &Version, before: &History) -> Verdict {
        let name = &self.job.name;
        let bytes = match source.path(name) {
            Some(_) => 0,
            None => version.size_bytes,
        };
        let berth = match self.worker.spool.berth(self.id, bytes).await {
            Ok(Some(berth)) => berth,
            Ok(None) => return self.too_large(source, version, before).await,
            Err(error) => return self.trouble(&spool_fails(&error)),
        };
        if self.worker.is_over() {
            return Verdict::Later(Duration::ZERO);
        }
        let recording = match self.fetch(source, version, &berth).await {
            Ok(recording) => recording,
            Err(verdict) => return verdict,
        };
        let Some(outcome) = self.worker.desk.outcome(self.id) else {
            return Verdict::Later(Duration::ZERO);
        };
        let claim = self.worker.spool.claims().claim(name);
        let claim = claim.expect("names in progress are told apart by the desk");
        if !self
            .worker
            .give(Sourced::Recording(recording.clone(), claim))
        {
            return Verdict::Later(Duration::ZERO);
        }
        match outcome.await {
            // The batch has ended before it came to this one.
            Err(_) => Verdict::Later(Duration::ZERO),
            Ok(Outcome::Reported { duration_s }) => {
                self.worker.desk.phase(self.id, Phase::Send);
                self.reported(&berth, version, duration_s).await
            }
            Ok(Outcome::Failed {
                failure,
                record,
                quarantined,
            }) => {
                self.worker.desk.phase(self.id, Phase::Send);
                let tried = record.map_or_else(one_attempt, |record| History {
                    attempts: record.attempts,
                    strikes: record.strikes,
                });
                self.failed(&recording, &failure, before, &tried, quarantined)
                    .await
            }
        }
    }

    /// The recording as a file, with its hash.
    async fn fetch(
        &self,
        source: &Source,
        version: &Version,
        berth: &Berth,
    ) -> Result<Recording, Verdict> {
        let name = &self.job.name;
        let (path, is_ours) = match source.path(name) {
            Some(path) => (path, false),
            None => {
                let path = berth
                    .folder()
                    .join(name.file_name().unwrap_or(name.as_os_str()));
                self.fetch_into(source, version, &path).await?;
                (path, true)
            }
        };
        let found = Found {
            relative: name.clone(),
            path,
        };
        let id = self.id;
        let identified = tokio::task::spawn_blocking(move || identify(&found, id)).await;
        let recording = match identified {
            Ok(Ok(recording)) => recording,
            Ok(Err(error)) if is_ours => return Err(self.trouble(&spool_fails(&error))),
            // It was there a moment ago: it is looked for again.
            Ok(Err(error)) => {
                tracing::warn!(recording = %shown_path(name), %error, "cannot be read");
                return Err(Verdict::Later(pause(
                    self.deliveries,
                    &self.worker.config.retry,
                )));
            }
            Err(panicked) => return Err(self.trouble(&panicked.to_string())),
        };
        Ok(match source.remote(name, version) {
            None => recording,
            Some(remote) => Recording {
                modified: version.modified.and_then(|time| time.try_into().ok()),
                remote: Some(remote),
                ..recording
            },
        })
    }

    async fn fetch_into(
        &self,
        source: &Source,
        version: &Version,
        path: &Path,
    ) -> Result<(), Verdict> {
        match source.fetch(&self.job.name, version, path).await {
            Ok(()) => {
                self.worker.went_well();
                Ok(())
            }
            // Replaced or removed since it was looked for: the next look sees what is there.
            Err(FetchError::Store(StoreError::Gone | StoreError::Changed)) => {
                Err(Verdict::Later(SOON))
            }
            Err(FetchError::Store(error)) => {
                Err(self.trouble(&format!("recordings cannot be fetched: {error}")))
            }
            Err(FetchError::Spool(error)) => Err(self.trouble(&spool_fails(&error))),
        }
    }

    /// Sends a report, and what is made of it, unless another worker has.
    async fn reported(&self, berth: &Berth, version: &Version, duration_s: f64) -> Verdict {
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

    /// Records a failure of the recording, for good or for now.
    async fn failed(
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
    async fn gone(&self, source: &Source) -> Verdict {
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
    async fn too_large(&self, source: &Source, version: &Version, before: &History) -> Verdict {
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

fn one_attempt() -> History {
    History {
        attempts: 1,
        ..History::default()
    }
}

fn spool_fails(error: &std::io::Error) -> String {
    format!("the spool cannot be used: {error}; make room, or name another folder in `fleet.spool`")
}
