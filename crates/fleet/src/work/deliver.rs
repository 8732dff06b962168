//! What is done with one job, from the moment it comes until the queue may forget it.
//!
//! A job is acknowledged after its report, or its failure record for good, is where it belongs.
//! Until then the server is told that there is progress; when it hears nothing for `fleet.ack_wait_s`
//! it gives the job to another worker. Then both may score the recording: the second finds the report
//! of the first, and leaves it.

use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::{AckKind, Message};
use tokio::sync::watch;

use super::serve::Worker;
use super::task::{SOON, Task, Verdict};
use crate::Job;
use crate::decide::pause;
use crate::names::mark_and_key;

/// Signs of life in the time after which a job is given to another worker.
const SIGNS_OF_LIFE: f64 = 3.0;
/// How often an acknowledgement is repeated that the server did not confirm.
const ACKNOWLEDGED: usize = 5;

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
