//! Whether the daemon gets on: what `/healthz`, `/readyz` and the watchdog ask.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A daemon that has not said for this long how it is hangs.
const OVERDUE: Duration = Duration::from_secs(60);

/// How the daemon is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Condition {
    /// The models are loaded.
    pub ready: bool,
    /// What is wrong with the daemon itself.
    pub stuck: Option<String>,
    /// Why nothing is scored.
    pub paused: Option<String>,
    /// Folders and files that do not answer. Starting the daemon again would not help.
    pub silent: Option<String>,
}

/// Shared by the daemon, which tells, and whoever asks.
#[derive(Debug)]
pub struct Health(Mutex<(Instant, Condition)>);

impl Health {
    /// Well, but not ready yet.
    pub fn new() -> Self {
        Self(Mutex::new((Instant::now(), Condition::default())))
    }

    /// The daemon is so now.
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

    /// Why work that waits does not go on as it should, if so.
    pub fn problem(&self) -> Option<String> {
        let condition = self.condition();
        condition.stuck.or(condition.paused).or(condition.silent)
    }

    /// Why it cannot take work yet, if so.
    pub fn unready(&self) -> Option<String> {
        let not_yet =
            || (!self.condition().ready).then(|| "the models are being loaded".to_owned());
        self.problem().or_else(not_yet)
    }
}
