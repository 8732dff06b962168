//! A job in progress: what is known of its recording, and what is done next with it.

use std::path::Path;
use std::time::{Duration, SystemTime};

use undertone_daemon::{History, Sourced};
use undertone_discovery::{Found, identify};
use undertone_types::{Recording, RecordingId, shown_path};

use super::desk::{Outcome, Phase};
use super::finish::one_attempt;
use super::serve::Worker;
use super::spool::Berth;
use crate::Job;
use crate::decide::{Course, Facts, pause};
use crate::destination::Known;
use crate::job::Version;
use crate::source::{FetchError, Presence, Source};
use crate::status::DeadLetter;
use crate::store::StoreError;

/// A job that cannot be begun with right now comes back after this time.
pub const SOON: Duration = Duration::from_secs(2);

/// What the queue is told about a job.
pub enum Verdict {
    /// It is done.
    Done,
    /// It comes again after this time.
    Later(Duration),
    /// It has failed for good.
    Dead(Box<DeadLetter>),
}

/// A job that is handled.
pub struct Task<'w> {
    pub worker: &'w Worker,
    pub job: &'w Job,
    pub id: RecordingId,
    pub deliveries: u32,
}

impl Task<'_> {
    /// Does whatever there is to do, until it is known what the queue is to be told.
    pub async fn run(&self) -> Verdict {
        let Self { worker, job, .. } = self;
        let source = match worker.source(job) {
            Ok(source) => source,
            Err(error) => return self.trouble(&error.to_string()),
        };
        let looked = worker.out.look(&job.name);
        let (presence, known) = tokio::join!(source.presence(&job.name), looked);
        let known = match known {
            Ok(known) => known,
            Err(error) => return self.trouble(&format!("reports cannot be read: {error}")),
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
    pub fn trouble(&self, why: &str) -> Verdict {
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
        // Nobody waits for a recording that would not be scored here any more.
        let fetched = tokio::select! {
            fetched = self.fetch(source, version, &berth) => fetched,
            () = self.worker.until_over() => return Verdict::Later(Duration::ZERO),
        };
        let recording = match fetched {
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
}

fn spool_fails(error: &std::io::Error) -> String {
    format!("the spool cannot be used: {error}; make room, or name another folder in `fleet.spool`")
}
