//! Workers are asked what they do, and told to finish: messages that nobody stores.

use std::time::Duration;

use futures_util::StreamExt as _;
use serde::{Deserialize, Serialize};
use undertone_types::error_chain;

use crate::FleetError;
use crate::queue::Queue;

/// How long a worker has to answer.
const ANSWER: Duration = Duration::from_millis(1500);
/// After an answer, how long until no other is expected.
const SILENCE: Duration = Duration::from_millis(500);

/// What a worker says of itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// Its machine and process: `host-4711`.
    pub worker: String,
    /// The bundle that it works for.
    pub bundle: String,
    /// The mark of its bundle and settings.
    pub mark: String,
    /// When it started (RFC 3339, UTC).
    pub since: String,
    /// Recordings that got a report from it.
    pub done: u64,
    /// Attempts of it that failed.
    pub failed: u64,
    /// Length of the recordings that it scored, in seconds.
    pub scored_s: f64,
    /// What it works on.
    pub in_work: Vec<InWork>,
    /// It takes no more jobs.
    pub draining: bool,
    /// Why it takes none for now.
    pub problem: Option<String>,
}

/// A recording that a worker works on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InWork {
    /// Its name.
    pub recording: String,
    /// What is done with it: `fetch`, `wait`, `score` or `send`.
    pub phase: String,
    /// For how long it has been with the worker, in seconds.
    pub for_s: f64,
    /// How far it is scored, in seconds.
    pub reached_s: f64,
    /// Its length in seconds, where known.
    pub duration_s: Option<f64>,
}

/// Asks all workers of the queue; those that answer in time.
pub async fn ask(queue: &Queue, subject: String) -> Result<Vec<Answer>, FleetError> {
    let refused = |error: &dyn std::error::Error| FleetError::Queue {
        what: "pass on a question",
        reason: error_chain(error).join(": "),
    };
    let inbox = queue.client.new_inbox();
    let answers = queue.client.subscribe(inbox.clone()).await;
    let mut answers = answers.map_err(|error| refused(&error))?;
    let asked = queue
        .client
        .publish_with_reply(subject, inbox, Default::default());
    asked.await.map_err(|error| refused(&error))?;
    let mut heard = Vec::new();
    let mut patience = ANSWER;
    while let Ok(Some(message)) = tokio::time::timeout(patience, answers.next()).await {
        // Where nobody listens, the server says so at once.
        if message.status.is_some() {
            break;
        }
        if let Ok(answer) = serde_json::from_slice(&message.payload) {
            heard.push(answer);
            patience = SILENCE;
        }
    }
    heard.sort_by(|one: &Answer, other| one.worker.cmp(&other.worker));
    Ok(heard)
}
