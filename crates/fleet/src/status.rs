//! The state of a fleet, and what can be done about it: dead letters tried again, workers drained.

use async_nats::jetstream::stream::RawMessageErrorKind;
use futures_util::TryStreamExt as _;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use undertone_config::Fleet;
use undertone_reports::FailureLine;
use undertone_types::shown_path;

use crate::control::{Answer, ask};
use crate::names::mark_and_key;
use crate::queue::Queue;
use crate::work::runtime;
use crate::{FleetError, Job, QueueAddress};

/// The state of a fleet.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FleetState {
    /// Jobs that were ever taken into the queue.
    pub submitted: u64,
    /// Jobs that wait for a worker.
    pub waiting: u64,
    /// Jobs that workers have, or that wait to be tried again.
    pub in_work: u64,
    /// Jobs that ended with a report.
    pub done: u64,
    /// Jobs that failed for good.
    pub dead: u64,
    /// The same for each bundle and its settings.
    pub bundles: Vec<BundleState>,
    /// The workers that answered.
    pub workers: Vec<Answer>,
}

/// The jobs for one bundle and its settings.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BundleState {
    /// Name and version.
    pub bundle: String,
    /// Mark of bundle and settings; the name of the consumer.
    pub mark: String,
    /// Jobs that wait for a worker.
    pub waiting: u64,
    /// Jobs that workers have, or that wait to be tried again.
    pub in_work: u64,
    /// Workers with this bundle.
    pub workers: usize,
}

/// A job that failed for good, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeadLetter {
    /// The job.
    pub job: Job,
    /// Its failure record.
    pub failure: FailureLine,
}

/// Which dead letters are tried again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Retry {
    /// All of them.
    All,
    /// Those of recordings with these names.
    Named(Vec<String>),
}

/// The state of the fleet at this queue.
///
/// # Errors
/// When the queue cannot be used.
pub fn state(address: &QueueAddress, settings: &Fleet) -> Result<FleetState, FleetError> {
    runtime()?.block_on(async {
        let queue = Queue::connect(address, settings).await?;
        let workers = ask(&queue, queue.names.ask()).await?;
        state_of(&queue, workers).await
    })
}

async fn state_of(queue: &Queue, workers: Vec<Answer>) -> Result<FleetState, FleetError> {
    let refused = |error: &dyn std::error::Error| FleetError::queue("show the queue")(error);
    let mut state = FleetState {
        submitted: 0,
        waiting: 0,
        in_work: 0,
        done: 0,
        dead: 0,
        bundles: Vec::new(),
        workers,
    };
    let mut ever_dead = 0;
    if let Some(dead) = queue.stream(&queue.names.dead()).await? {
        let facts = &dead.cached_info().state;
        (state.dead, ever_dead) = (facts.messages, facts.last_sequence);
    }
    let Some(jobs) = queue.stream(&queue.names.jobs()).await? else {
        return Ok(state);
    };
    let facts = &jobs.cached_info().state;
    state.submitted = facts.last_sequence;
    // What left the queue has a report, but for those that ever became dead letters.
    let left = facts.last_sequence.saturating_sub(facts.messages);
    state.done = left.saturating_sub(ever_dead);
    let mut consumers = jobs.consumers();
    while let Some(consumer) = consumers
        .try_next()
        .await
        .map_err(|error| refused(&error))?
    {
        let workers = state.workers.iter();
        let (waiting, in_work) = (consumer.num_pending, consumer.num_ack_pending as u64);
        state.waiting += waiting;
        state.in_work += in_work;
        state.bundles.push(BundleState {
            bundle: consumer.config.description.unwrap_or_default(),
            workers: workers
                .filter(|worker| worker.mark == consumer.name)
                .count(),
            mark: consumer.name,
            waiting,
            in_work,
        });
    }
    Ok(state)
}

/// Gives dead letters to `take`, the oldest first, and at most so many.
///
/// # Errors
/// When the queue cannot be used.
pub fn dead_letters(
    address: &QueueAddress,
    settings: &Fleet,
    most: usize,
    take: &mut dyn FnMut(DeadLetter),
) -> Result<(), FleetError> {
    runtime()?.block_on(async {
        let queue = Queue::connect(address, settings).await?;
        let mut at = 0;
        for _ in 0..most {
            let Some(stored) = next_dead(&queue, at).await? else {
                break;
            };
            at = stored.sequence + 1;
            if let Some(letter) = stored.letter {
                take(letter);
            }
        }
        Ok(())
    })
}

/// Sends the jobs of dead letters to the queue again, without what counted against them; returns
/// their number, and names that no letter has.
///
/// # Errors
/// When the queue cannot be used.
pub fn retry(
    address: &QueueAddress,
    settings: &Fleet,
    which: &Retry,
) -> Result<(u64, Vec<String>), FleetError> {
    runtime()?.block_on(async {
        let queue = Queue::connect(address, settings).await?;
        queue.sweep().await?;
        let (mut at, mut sent, mut found) = (0, 0, Vec::new());
        while let Some(stored) = next_dead(&queue, at).await? {
            at = stored.sequence + 1;
            let Some(letter) = stored.letter else {
                continue;
            };
            let name = shown_path(&letter.job.name);
            match which {
                Retry::Named(names) if !names.contains(&name) => continue,
                _ => found.push(name),
            }
            send_again(&queue, letter.job, &stored.subject, stored.sequence).await?;
            sent += 1;
        }
        let missing = match which {
            Retry::All => Vec::new(),
            Retry::Named(names) => {
                let names = names.iter().filter(|name| !found.contains(name));
                names.cloned().collect()
            }
        };
        Ok((sent, missing))
    })
}

/// The letter goes once the job is there: a crash in between costs nothing.
async fn send_again(
    queue: &Queue,
    job: Job,
    subject: &str,
    sequence: u64,
) -> Result<(), FleetError> {
    let Some((mark, key)) = mark_and_key(subject) else {
        return Ok(());
    };
    let job = Job {
        again: Some(Timestamp::now()),
        ..job
    };
    let message = serde_json::to_vec(&job).expect("plain numbers and texts always serialise");
    queue
        .send(&queue.names.job(mark, key), message.into())
        .await?;
    if let Some(dead) = queue.stream(&queue.names.dead()).await? {
        dead.delete_message(sequence)
            .await
            .map_err(|error| FleetError::queue("remove a dead letter")(&error))?;
    }
    Ok(())
}

/// A message in the stream of dead letters.
struct Stored {
    sequence: u64,
    subject: String,
    /// None where this program cannot read it.
    letter: Option<DeadLetter>,
}

/// The first dead letter from a place in the stream on.
async fn next_dead(queue: &Queue, from: u64) -> Result<Option<Stored>, FleetError> {
    let Some(dead) = queue.stream(&queue.names.dead()).await? else {
        return Ok(None);
    };
    let wanted = dead
        .raw_message_builder()
        .sequence(from.max(1))
        .next_by_subject(queue.names.all_dead());
    match wanted.send().await {
        Ok(message) => Ok(Some(Stored {
            sequence: message.sequence,
            subject: message.subject.to_string(),
            letter: serde_json::from_slice(&message.payload).ok(),
        })),
        Err(error) => match error.kind() {
            RawMessageErrorKind::NoMessageFound => Ok(None),
            _ => Err(FleetError::queue("show a dead letter")(&error)),
        },
    }
}

/// Tells all workers to finish what they have and to end; returns those that heard it.
///
/// # Errors
/// When the queue cannot be used.
pub fn drain(address: &QueueAddress, settings: &Fleet) -> Result<Vec<Answer>, FleetError> {
    runtime()?.block_on(async {
        let queue = Queue::connect(address, settings).await?;
        ask(&queue, queue.names.drain()).await
    })
}
