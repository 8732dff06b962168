//! Sends jobs to the queue: one for each recording that has no report yet.
//!
//! Names come in pages and go out at once, so that memory does not grow with their number. There is
//! nothing to remember for the next time: what the queue has it refuses, and what has its report is
//! not sent.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::stream::{self, BoxStream};
use futures_util::{StreamExt as _, TryStreamExt as _};
use tokio::sync::mpsc;
use undertone_config::Config;
use undertone_discovery::{Selection, Walk};
use undertone_reports::RunMark;
use undertone_types::error_chain;

use crate::decide::{Course, Facts};
use crate::destination::{Destination, Known};
use crate::job::{JobMark, Version};
use crate::place::Place;
use crate::queue::{Queue, Sent};
use crate::source::Presence;
use crate::store::{Bucket, StoreError};
use crate::{FleetError, Job, QueueAddress};

/// Jobs on their way to the server at once.
const ON_THEIR_WAY: usize = 1024;
/// Reports that are looked for at once.
const LOOKED_FOR: usize = 64;

/// What is to be submitted.
pub struct Submission {
    /// Where recordings lie.
    pub sources: Vec<Place>,
    /// Where jobs go.
    pub queue: QueueAddress,
    /// Where reports go, to leave out recordings that have theirs; without it workers notice.
    pub out: Option<Place>,
    /// The settings.
    pub config: Config,
    /// Which files are recordings.
    pub selection: Selection,
    /// Bundle and settings.
    pub mark: Arc<RunMark>,
    /// Send nothing.
    pub dry_run: bool,
}

/// Something that happened.
#[derive(Debug)]
pub enum SubmitEvent<'e> {
    /// What became, or would become, of a recording.
    Looked {
        /// Its name below its source.
        name: &'e Path,
        /// What became of it.
        fate: &'e Fate,
        /// Of all so far.
        totals: &'e SubmitTotals,
    },
    /// Something that cannot be read: recordings in it are missing.
    Unreadable(&'e str),
}

/// What became of a recording that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// A job was sent, or would be.
    Sent,
    /// The queue had its job.
    Queued,
    /// It has its report.
    Reported,
    /// It has failed for good, for this reason.
    Failed(String),
}

/// Recordings, by what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct SubmitTotals {
    /// Found.
    pub found: u64,
    /// Jobs sent, or that would be.
    pub sent: u64,
    /// Those that the queue had.
    pub queued: u64,
    /// Those that have their report.
    pub reported: u64,
    /// Those that have failed for good.
    pub failed: u64,
    /// Folders and files that cannot be read.
    pub unreadable: u64,
}

impl SubmitTotals {
    fn add(&mut self, fate: &Fate) {
        self.found += 1;
        *match fate {
            Fate::Sent => &mut self.sent,
            Fate::Queued => &mut self.queued,
            Fate::Reported => &mut self.reported,
            Fate::Failed(_) => &mut self.failed,
        } += 1;
    }
}

/// A recording that was found below a source.
struct Found {
    source: PathBuf,
    name: PathBuf,
    version: Version,
}

/// What a listing gives: a recording, or what cannot be read.
type Listing = BoxStream<'static, Result<Result<Found, String>, FleetError>>;

/// Submits; `tell` gets what happens.
///
/// # Errors
/// When the queue, a store or a source cannot be used. What was sent before stays sent: the same
/// command goes on from there.
pub fn submit(
    submission: &Submission,
    tell: &mut dyn FnMut(SubmitEvent),
) -> Result<SubmitTotals, FleetError> {
    crate::work::runtime()?.block_on(run(submission, tell))
}

async fn run(
    submission: &Submission,
    tell: &mut dyn FnMut(SubmitEvent),
) -> Result<SubmitTotals, FleetError> {
    let settings = &submission.config.fleet;
    let queue = Queue::connect(&submission.queue, settings).await?;
    let mark = JobMark::new(&submission.mark);
    if !submission.dry_run {
        queue.prepare().await?;
        // It is there from now on, so that `fleet status` knows what waits for whom.
        queue.consumer(&mark).await?;
        queue.sweep().await?;
    }
    let out = match &submission.out {
        Some(place) => Some(Destination::open(place, settings)?),
        None => None,
    };
    let sender = Sender {
        submission,
        queue,
        mark,
        out,
    };
    let mut totals = SubmitTotals::default();
    let at_once = match sender.out {
        Some(_) => LOOKED_FOR,
        None => ON_THEIR_WAY,
    };
    for source in &submission.sources {
        let listing = list(source, submission)?;
        let sent = listing.map_ok(|listed| sender.take(listed));
        let mut sent = sent.try_buffer_unordered(at_once);
        while let Some(taken) = sent.try_next().await? {
            match taken {
                Ok((name, fate)) => {
                    totals.add(&fate);
                    tell(SubmitEvent::Looked {
                        name: &name,
                        fate: &fate,
                        totals: &totals,
                    });
                }
                Err(unreadable) => {
                    totals.unreadable += 1;
                    tell(SubmitEvent::Unreadable(&unreadable));
                }
            }
        }
    }
    Ok(totals)
}

struct Sender<'s> {
    submission: &'s Submission,
    queue: Queue,
    mark: JobMark,
    out: Option<Destination>,
}

impl Sender<'_> {
    async fn take(
        &self,
        listed: Result<Found, String>,
    ) -> Result<Result<(PathBuf, Fate), String>, FleetError> {
        match listed {
            Err(unreadable) => Ok(Err(unreadable)),
            Ok(found) => self.send(found).await.map(Ok),
        }
    }

    async fn send(&self, found: Found) -> Result<(PathBuf, Fate), FleetError> {
        let Found {
            source,
            name,
            version,
        } = found;
        let job = Job::new(&source, name, version, &self.mark);
        let fate = match self.done_before(&job).await? {
            Some(fate) => fate,
            None if self.submission.dry_run => Fate::Sent,
            None => {
                let subject = self.queue.names.job(&self.mark.key, &job.key());
                let message =
                    serde_json::to_vec(&job).expect("plain numbers and texts always serialise");
                match self.queue.send(&subject, message.into()).await? {
                    Sent::New => Fate::Sent,
                    Sent::Known => Fate::Queued,
                }
            }
        };
        Ok((job.name, fate))
    }

    /// What the place of the reports says of a recording, where that ends it.
    async fn done_before(&self, job: &Job) -> Result<Option<Fate>, FleetError> {
        let (Some(out), Some(place)) = (&self.out, &self.submission.out) else {
            return Ok(None);
        };
        let known = out
            .look(&job.name)
            .await
            .map_err(|error| FleetError::Store {
                place: place.to_string(),
                reason: error.to_string(),
                hint: "check --out, and the credentials for it",
            })?;
        let presence = Presence::There(job.version.clone());
        let facts = Facts {
            job,
            presence: &presence,
            sidecar_changed: self.sidecar_changed(job, &known),
            known: &known,
            mark: &self.submission.mark,
            retry: &self.submission.config.retry,
            deliveries: 1,
            now: std::time::SystemTime::now(),
        };
        Ok(match facts.course() {
            Course::Done => Some(Fate::Reported),
            Course::Dead(record) => Some(Fate::Failed(record.error.join(": "))),
            Course::Gone | Course::Later(_) | Course::Score(_) => None,
        })
    }

    fn sidecar_changed(&self, job: &Job, known: &Known) -> bool {
        let recording = job.source.join(&job.name);
        let change = known.sidecar_change(Some(&recording), &self.submission.mark);
        change.is_some()
    }
}

fn list(source: &Place, submission: &Submission) -> Result<Listing, FleetError> {
    let selection = submission.selection.clone();
    match source {
        Place::Folder(folder) => list_folder(folder, selection),
        Place::Bucket { bucket, prefix } => {
            if submission.mark.sidecars.is_some() {
                return Err(FleetError::Unsuited(
                    "`text.sidecar` is for recordings in folders; a store's are fetched without \
                     what lies beside them",
                ));
            }
            let opened = Bucket::open(bucket, prefix, &submission.config.fleet)?;
            Ok(list_bucket(&opened, source, selection))
        }
    }
}

fn list_bucket(bucket: &Bucket, source: &Place, selection: Selection) -> Listing {
    let place = source.to_string();
    let refused = {
        let place = place.clone();
        move |error: StoreError| FleetError::Store {
            place: place.clone(),
            reason: error.to_string(),
            hint: "check the name of the bucket, and the credentials for it",
        }
    };
    let taken = bucket.list().try_filter_map(move |(name, version)| {
        let name = PathBuf::from(name);
        let found = selection.takes(&name).then(|| {
            Ok(Found {
                source: place.clone().into(),
                name,
                version,
            })
        });
        std::future::ready(Ok(found))
    });
    taken.map_err(refused).boxed()
}

/// A thread of its own walks through the folder: its disk may be slow.
fn list_folder(folder: &Path, selection: Selection) -> Result<Listing, FleetError> {
    if std::fs::read_dir(folder).is_err() {
        return Err(FleetError::NoFolder(folder.to_owned()));
    }
    let folder = folder.to_owned();
    let (give, mut taken) = mpsc::channel(ON_THEIR_WAY);
    let walk = move || {
        for entry in Walk::unordered(&folder, &selection) {
            let listed = entry
                .map_err(|problem| problem.to_string())
                .and_then(|found| {
                    let facts = std::fs::metadata(&found.path).map_err(|error| {
                        format!(
                            "{:?} cannot be read: {}",
                            found.path,
                            error_chain(&error).join(": ")
                        )
                    })?;
                    Ok(Found {
                        source: folder.clone(),
                        name: found.relative,
                        version: Version::of_file(facts.len(), facts.modified().ok()),
                    })
                });
            // Nobody listens once the submission has failed.
            if give.blocking_send(Ok(listed)).is_err() {
                return;
            }
        }
    };
    std::thread::Builder::new()
        .name("walk".to_owned())
        .spawn(walk)
        .map_err(|source| FleetError::Io {
            what: "cannot start a thread".to_owned(),
            source,
        })?;
    Ok(stream::poll_fn(move |context| taken.poll_recv(context)).boxed())
}
