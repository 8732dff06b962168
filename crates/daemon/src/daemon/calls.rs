//! What signals ask for: stop, reload, scan; and the end of the daemon.

use std::thread;
use std::time::{Duration, Instant};

use sd_notify::NotifyState;
use undertone_telemetry::machine_memory_bytes;

use super::Daemon;
use crate::core::{Ending, Input, Settings};
use crate::hooks::{Hooks, check_hooks};
use crate::outdated::say_outdated;
use crate::scanner::{Request, ScanSettings};

/// How long the last records may take to be written.
const LAST_WRITES: Duration = Duration::from_secs(5);

/// What is asked from outside, by signals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// Finish the recordings in progress, and end.
    Stop,
    /// Read the settings again.
    Reload,
    /// Scan all folders and look up all records now.
    Scan,
}

impl Daemon {
    pub(super) fn called(&mut self, call: Call) {
        match call {
            Call::Stop => {
                let _ = sd_notify::notify(&[NotifyState::Stopping]);
                self.handle(Input::Stop);
            }
            Call::Scan => {
                tracing::info!("scanning all files and records");
                self.scanners
                    .iter()
                    .for_each(|scanner| scanner.ask(Request::Scan));
            }
            Call::Reload => {
                if let Ok(now) = NotifyState::monotonic_usec_now() {
                    let _ = sd_notify::notify(&[NotifyState::Reloading, now]);
                }
                self.reload();
                let _ = sd_notify::notify(&[NotifyState::Ready]);
            }
        }
    }

    fn reload(&mut self) {
        let read = (self.reload)().and_then(|(config, mark)| {
            let scan = ScanSettings::new(&config).map_err(|error| error.to_string())?;
            check_hooks(&config.hooks).map_err(|error| error.to_string())?;
            let hooks = Hooks::new(&config.hooks).map_err(|error| error.to_string())?;
            Ok((config, mark, scan, hooks))
        });
        let (config, mark, scan, hooks) = match read {
            Ok(read) => read,
            Err(reason) => {
                tracing::error!("cannot reload, so the old settings stay in effect: {reason}");
                return;
            }
        };
        let former = &self.config;
        for (key, changed) in [
            ("metrics.listen", config.metrics != former.metrics),
            ("pages.listen", config.pages != former.pages),
            (
                "worker.isolation",
                config.worker.isolation != former.worker.isolation,
            ),
            (
                "watch.combined",
                config.watch.combined != former.watch.combined,
            ),
            ("log", config.log != former.log),
        ] {
            if changed {
                tracing::warn!(key, "changed, but this needs a restart to take effect");
            }
        }
        tracing::info!("reloaded settings and models");
        let mut settings = Settings::new(&config, machine_memory_bytes());
        settings.isolation = former.worker.isolation;
        settings.combined = former.watch.combined;
        if let Err(error) = say_outdated(&self.out, &mark, config.watch.outdated) {
            tracing::warn!(%error, "cannot look for outdated reports");
        }
        (self.config, self.mark, self.hooks) = (config, mark, hooks);
        self.handle(Input::Reloaded(settings));
        for scanner in &self.scanners {
            scanner.ask(Request::Change(scan.clone()));
        }
    }

    /// Waits for the last writes and hooks, within the time to finish.
    pub(super) fn end(self, ending: Ending) -> Ending {
        let grace = Duration::from_secs_f64(self.config.shutdown.grace_s);
        let (began, hooks) = (Instant::now(), self.hooks);
        drop(self.records);
        let writer = self.writer;
        let is_over = || {
            let written = writer.is_finished() || began.elapsed() > LAST_WRITES;
            written && (hooks.is_idle() || began.elapsed() > grace)
        };
        while !is_over() {
            thread::sleep(Duration::from_millis(10));
        }
        ending
    }
}
