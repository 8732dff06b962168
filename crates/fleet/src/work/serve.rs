//! The worker's loop: as many jobs as it may hold, until it is told to stop.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crossbeam_channel::Sender;
use futures_util::StreamExt as _;
use tokio::sync::watch;
use tokio::task::JoinSet;
use undertone_config::Config;
use undertone_daemon::Sourced;
use undertone_exports::Format;
use undertone_reports::RunMark;

use super::desk::{Desk, now};
use super::metrics::{OfWorker, QueueCounts};
use super::spool::Spool;
use super::{WorkOptions, is_set};
use crate::control::Answer;
use crate::destination::Destination;
use crate::job::JobMark;
use crate::queue::{Consumer, Queue};
use crate::source::Source;
use crate::{FleetError, Job};

/// How long the server waits for jobs before it says that there are none.
const WAIT: Duration = Duration::from_secs(1);
/// How often signals are looked for.
const LOOK: Duration = Duration::from_millis(100);
/// How often the queue is asked what it holds.
const COUNT: Duration = Duration::from_secs(15);
/// How long no jobs are taken after queue, store or spool failed; doubles up to the longest.
const HOLD: Duration = Duration::from_secs(1);
const LONGEST_HOLD: Duration = Duration::from_secs(60);

/// Everything that the handling of a job needs.
pub struct Worker {
    pub queue: Queue,
    pub mark: Arc<RunMark>,
    pub job_mark: JobMark,
    pub config: Config,
    pub out: Destination,
    pub exports: Vec<Format>,
    pub desk: Arc<Desk>,
    pub spool: Arc<Spool>,
    /// Becomes true when what is in progress has to be handed back.
    pub hand_back: watch::Receiver<bool>,
    consumer: Consumer,
    limit: usize,
    until_empty: bool,
    stop: Arc<AtomicBool>,
    /// To the batch; gone when no more recordings are to be scored.
    give: Mutex<Option<Sender<Sourced>>>,
    sources: Mutex<HashMap<PathBuf, Arc<Source>>>,
    hold: Mutex<Hold>,
    ending: Mutex<Option<Ending>>,
    name: String,
    since: String,
}

/// What happens when the time for an orderly end is over.
struct Ending {
    hand_back: watch::Sender<bool>,
    grace_over: Box<dyn FnOnce() + Send>,
}

/// Whether jobs are taken.
#[derive(Default)]
struct Hold {
    /// Failures since something last went well.
    failures: u32,
    until: Option<Instant>,
}

impl Worker {
    /// Connects, and tries whether reports can be put where they belong.
    pub async fn prepare(
        options: WorkOptions,
        desk: Arc<Desk>,
        spool: Arc<Spool>,
        give: Sender<Sourced>,
        limit: usize,
    ) -> Result<Arc<Self>, FleetError> {
        let fleet = &options.config.fleet;
        let queue = Queue::connect(&options.queue, fleet).await?;
        queue.prepare().await?;
        let job_mark = JobMark::new(&options.mark);
        let consumer = queue.consumer(&job_mark).await?;
        let out = Destination::open(&options.out, fleet)?;
        out.probe().await.map_err(|error| FleetError::Store {
            place: options.out.to_string(),
            reason: error.to_string(),
            hint: "reports must be written there: check --out, and the credentials for it",
        })?;
        desk.reports_in(spool.reports());
        let (tell, hand_back) = watch::channel(false);
        let ending = Ending {
            hand_back: tell,
            grace_over: options.grace_over,
        };
        Ok(Arc::new(Self {
            queue,
            mark: options.mark,
            job_mark,
            config: options.config,
            out,
            exports: options.exports,
            desk,
            spool,
            hand_back,
            consumer,
            limit,
            until_empty: options.until_empty,
            stop: options.stop,
            give: Mutex::new(Some(give)),
            sources: Mutex::default(),
            hold: Mutex::default(),
            ending: Mutex::new(Some(ending)),
            name: name(),
            since: now(),
        }))
    }

    /// Takes jobs until told to stop, and waits for what is in progress.
    pub async fn serve(self: Arc<Self>) -> Result<(), FleetError> {
        self.expose();
        let answering = tokio::spawn(answer(self.clone()));
        let counting = tokio::spawn(count(self.clone()));
        tracing::info!(
            worker = %self.name, bundle = %self.job_mark.label, jobs = self.limit,
            "taking jobs"
        );
        let mut tasks = JoinSet::new();
        self.take_jobs(&mut tasks).await;
        // The batch ends when it has scored what it was given.
        lock(&self.give).take();
        let grace = Duration::from_secs_f64(self.config.shutdown.grace_s);
        let finishing = async { while tasks.join_next().await.is_some() {} };
        let is_over = tokio::time::timeout(grace, finishing).await.is_err();
        if is_over {
            self.hand_back(&mut tasks).await;
        }
        answering.abort();
        counting.abort();
        // What was acknowledged must be on its way before the process ends.
        let _ = tokio::time::timeout(WAIT, self.queue.client.flush()).await;
        if is_over && let Some(ending) = lock(&self.ending).take() {
            (ending.grace_over)();
        }
        Ok(())
    }

    /// Answers `/metrics` and the like. Several workers of a machine would have one address; only
    /// the first gets it.
    fn expose(&self) {
        let listen = &self.config.metrics.listen;
        if listen.is_empty() {
            return;
        }
        match undertone_daemon::answer(listen, Arc::new(OfWorker(self.desk.clone()))) {
            Ok(address) => tracing::info!(%address, "answering /metrics, /healthz and /readyz"),
            Err(error) => tracing::warn!("without metrics: {error}"),
        }
    }

    async fn take_jobs(self: &Arc<Self>, tasks: &mut JoinSet<()>) {
        while !self.is_over() {
            while tasks.try_join_next().is_some() {}
            let free = self.limit.saturating_sub(tasks.len());
            if free == 0 {
                let _ = tokio::time::timeout(LOOK, tasks.join_next()).await;
                continue;
            }
            if self.is_on_hold() {
                tokio::time::sleep(LOOK).await;
                continue;
            }
            match self.request(free, tasks).await {
                Ok(0) if self.until_empty && tasks.is_empty() => {
                    if self.is_empty().await {
                        return tracing::info!("the queue has nothing left for this bundle");
                    }
                }
                Ok(_) => {}
                Err(error) => self.hold_on(&format!("the queue does not give jobs: {error}")),
            }
        }
    }

    /// Asks for jobs, and begins with those that come; returns their number.
    async fn request(
        self: &Arc<Self>,
        most: usize,
        tasks: &mut JoinSet<()>,
    ) -> Result<usize, async_nats::Error> {
        let request = self.consumer.batch().max_messages(most).expires(WAIT);
        let mut batch = request.messages().await?;
        let mut came = 0;
        while let Some(message) = batch.next().await {
            tasks.spawn(super::deliver::deliver(self.clone(), message?));
            came += 1;
        }
        Ok(came)
    }

    /// True when no job for this bundle waits or is with a worker.
    async fn is_empty(&self) -> bool {
        match self.consumer.get_info().await {
            Ok(info) => info.num_pending == 0 && info.num_ack_pending == 0,
            Err(_) => false,
        }
    }

    /// Told to stop, or the batch has ended.
    pub fn is_over(&self) -> bool {
        is_set(&self.stop) || self.desk.is_closed()
    }

    /// Waits until told to stop.
    pub async fn until_over(&self) {
        while !self.is_over() {
            tokio::time::sleep(LOOK).await;
        }
    }

    /// The time for an orderly end is over: jobs go to other workers at once.
    async fn hand_back(&self, tasks: &mut JoinSet<()>) {
        let count = tasks.len();
        tracing::warn!(count, "not finished in time: other workers get these jobs");
        if let Some(ending) = &*lock(&self.ending) {
            let _ = ending.hand_back.send(true);
        }
        let all = async { while tasks.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(WAIT, all).await;
    }

    /// Hands a recording to the batch; `false` when it takes no more.
    pub fn give(&self, sourced: Sourced) -> bool {
        match &*lock(&self.give) {
            // There is room for as many as this worker holds.
            Some(give) => give.try_send(sourced).is_ok(),
            None => false,
        }
    }

    /// The source of a job; opened once for each place.
    pub fn source(&self, job: &Job) -> Result<Arc<Source>, FleetError> {
        let mut sources = lock(&self.sources);
        if let Some(source) = sources.get(&job.source) {
            return Ok(source.clone());
        }
        let source = Arc::new(Source::of(job, &self.config.fleet)?);
        sources.insert(job.source.clone(), source.clone());
        Ok(source)
    }

    /// Something is wrong with what all jobs need: none are taken for a while.
    pub fn hold_on(&self, why: &str) {
        let mut hold = lock(&self.hold);
        if hold.until.is_some_and(|until| until > Instant::now()) {
            return;
        }
        let doublings = hold.failures.min(6);
        hold.failures += 1;
        let pause = (HOLD * 2_u32.pow(doublings)).min(LONGEST_HOLD);
        hold.until = Some(Instant::now() + pause);
        self.desk.problem(Some(why.to_owned()));
        tracing::warn!(pause_s = pause.as_secs(), "taking no jobs for now: {why}");
    }

    /// What all jobs need works.
    pub fn went_well(&self) {
        let mut hold = lock(&self.hold);
        if hold.failures > 0 {
            *hold = Hold::default();
            self.desk.problem(None);
        }
    }

    fn is_on_hold(&self) -> bool {
        let hold = lock(&self.hold);
        hold.until.is_some_and(|until| until > Instant::now())
    }

    fn state(&self) -> Answer {
        let totals = self.desk.totals();
        Answer {
            worker: self.name.clone(),
            bundle: self.job_mark.label.clone(),
            mark: self.job_mark.key.clone(),
            since: self.since.clone(),
            done: totals.done,
            failed: totals.failed + totals.dead,
            scored_s: totals.scored_s,
            in_work: self.desk.in_work(),
            draining: self.is_over(),
            problem: self.desk.current_problem(),
        }
    }
}

/// Answers those who ask what this worker does, and stops it when told to.
async fn answer(worker: Arc<Worker>) {
    let names = &worker.queue.names;
    let subjects = [(names.ask(), false), (names.drain(), true)];
    let listening = subjects.map(|(subject, is_drain)| {
        let worker = worker.clone();
        async move {
            let Ok(mut asked) = worker.queue.client.subscribe(subject).await else {
                return;
            };
            while let Some(question) = asked.next().await {
                if is_drain {
                    tracing::info!("told to finish and end");
                    worker.stop.store(true, Ordering::Relaxed);
                }
                let answer = serde_json::to_vec(&worker.state());
                if let (Some(reply), Ok(answer)) = (question.reply, answer) {
                    let _ = worker.queue.client.publish(reply, answer.into()).await;
                }
            }
        }
    });
    futures_util::future::join_all(listening).await;
}

/// Keeps up what the queue holds, for the metrics, and removes what should not be there.
async fn count(worker: Arc<Worker>) {
    let mut often = tokio::time::interval(COUNT);
    loop {
        often.tick().await;
        // Also after the server was killed: it is back some time.
        if let Err(error) = worker.queue.sweep().await {
            tracing::debug!(%error, "the queue was not looked through");
        }
        // While the server is away, what it said last stands.
        if let Ok(info) = worker.consumer.get_info().await {
            worker.desk.set_queue(QueueCounts {
                waiting: info.num_pending,
                in_work: info.num_ack_pending as u64,
            });
        }
    }
}

/// Machine and process, for people.
fn name() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname");
    let host = host.map_or_else(|_| "unknown".to_owned(), |host| host.trim().to_owned());
    format!("{host}-{}", std::process::id())
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
