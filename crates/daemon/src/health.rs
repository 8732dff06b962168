//! Whether the daemon gets on: what `/healthz`, `/readyz` and the watchdog ask.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A supervisor that has not turned for this long hangs.
const TURN: Duration = Duration::from_secs(60);

/// Shared by the supervisor, which tells, and whoever asks.
#[derive(Debug)]
pub struct Health(Mutex<State>);

#[derive(Debug)]
struct State {
    turned: Instant,
    ready: bool,
    stuck: Option<String>,
    paused: Option<String>,
}

impl Health {
    /// Well, but not ready yet.
    pub fn new() -> Self {
        Self(Mutex::new(State {
            turned: Instant::now(),
            ready: false,
            stuck: None,
            paused: None,
        }))
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The supervisor has turned once more: whether it is ready, what is stuck though there
    /// is work, and why it pauses.
    pub fn turn(&self, ready: bool, stuck: Option<String>, paused: Option<String>) {
        *self.state() = State {
            turned: Instant::now(),
            ready,
            stuck,
            paused,
        };
    }

    /// What is wrong with the daemon itself, so that starting it anew would help.
    pub fn stuck(&self) -> Option<String> {
        let state = self.state();
        if state.turned.elapsed() > TURN {
            return Some("the supervisor hangs".to_owned());
        }
        state.stuck.clone()
    }

    /// Why nothing goes on though work waits, if so.
    pub fn problem(&self) -> Option<String> {
        self.stuck().or_else(|| self.state().paused.clone())
    }

    /// Why it cannot take work yet, if so.
    pub fn unready(&self) -> Option<String> {
        let not_yet = || (!self.state().ready).then(|| "the models are being loaded".to_owned());
        self.problem().or_else(not_yet)
    }
}
