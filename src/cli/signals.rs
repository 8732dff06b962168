//! SIGINT and SIGTERM: the first lets the chain drain, the second exits at once.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

use super::exit::Exit;
use crate::topology::Stop;
use undertone_telemetry::StageClocks;
use undertone_types::Stage;

/// How often the calling thread checks for a signal.
const LOOK: Duration = Duration::from_millis(100);
/// How often a draining run names the stages that it waits for.
const SAY: Duration = Duration::from_secs(3);

/// Installs handlers for the rest of the process: the first signal sets the flag, the second
/// exits.
pub(super) fn listen() -> io::Result<Arc<AtomicBool>> {
    let came = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        // The order matters: the second signal finds the flag set by the first.
        flag::register_conditional_shutdown(signal, Exit::Interrupted as i32, came.clone())?;
        flag::register(signal, came.clone())?;
    }
    Ok(came)
}

/// The signals of a run.
pub(super) struct Signals {
    came: Arc<AtomicBool>,
    stop: Arc<Stop>,
    said: std::cell::Cell<Option<Instant>>,
}

impl Signals {
    /// Listens from now on, for the rest of the process.
    pub(super) fn install(stop: &Arc<Stop>) -> io::Result<Self> {
        Ok(Self {
            came: listen()?,
            stop: stop.clone(),
            said: None.into(),
        })
    }

    /// Whether a signal has arrived.
    pub(super) fn came(&self) -> bool {
        self.came.load(Ordering::Relaxed)
    }

    /// Waits a moment; asks the run to stop when a signal has come, and then names the
    /// stages that still have work, every few seconds.
    pub(super) fn watch(&self, clocks: &StageClocks) {
        std::thread::sleep(LOOK);
        if !self.came() {
            return;
        }
        self.stop.ask();
        if self.said.get().is_none_or(|said| said.elapsed() >= SAY) {
            let busy: Vec<_> = clocks.at_work().map(Stage::name).collect();
            tracing::warn!(
                busy = busy.join(", "),
                "stopping: finishing the recordings in progress; a second signal exits at once"
            );
            self.said.set(Some(Instant::now()));
        }
    }
}
