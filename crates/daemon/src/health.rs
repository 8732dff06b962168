//! Whether the daemon is healthy, for `/healthz`, `/readyz` and the watchdog.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A daemon that has not updated its condition for this long hangs.
const OVERDUE: Duration = Duration::from_secs(60);

/// The condition of the daemon.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Condition {
    /// The models are loaded.
    pub ready: bool,
    /// What is wrong with the daemon itself.
    pub stuck: Option<String>,
    /// Why nothing is scored.
    pub paused: Option<String>,
    /// Folders and files that do not answer. Restarting the daemon would not help.
    pub silent: Option<String>,
}

/// Updated by the daemon, read by the HTTP server.
#[derive(Debug)]
pub struct Health(Mutex<(Instant, Condition)>);

impl Health {
    /// Healthy, but not ready yet.
    pub fn new() -> Self {
        Self(Mutex::new((Instant::now(), Condition::default())))
    }

    /// Replaces the condition.
    pub fn update(&self, condition: Condition) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = (Instant::now(), condition);
    }

    fn condition(&self) -> Condition {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (updated, condition) = &*state;
        let mut condition = condition.clone();
        if updated.elapsed() > OVERDUE {
            condition.stuck = Some("the daemon hangs".to_owned());
        }
        condition
    }

    /// Why waiting work makes no progress, if so.
    pub fn problem(&self) -> Option<String> {
        let condition = self.condition();
        condition.stuck.or(condition.paused).or(condition.silent)
    }

    /// Why the daemon is not ready to score, if so.
    pub fn unready(&self) -> Option<String> {
        let not_yet =
            || (!self.condition().ready).then(|| "the models are still loading".to_owned());
        self.problem().or_else(not_yet)
    }
}
