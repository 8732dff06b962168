//! Publishes the state of the daemon: to `/healthz`, `/metrics`, systemd and
//! `undertone status`.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use jiff::Timestamp;
use sd_notify::NotifyState;
use undertone_types::Stage;

use super::Daemon;
use crate::health::{Condition, Health};
use crate::state::StateFolder;
use crate::status::Snapshot;

/// How often the state is published.
const EVERY: Duration = Duration::from_secs(1);

/// Where the state is published, and when.
pub struct Reporting {
    state: StateFolder,
    health: Arc<Health>,
    started: Timestamp,
    next: Instant,
    /// How often systemd's watchdog must be fed, if it is enabled.
    watchdog: Option<Duration>,
    next_watchdog: Instant,
}

impl Reporting {
    pub fn new(state: StateFolder, health: Arc<Health>) -> Self {
        Self {
            state,
            health,
            started: Timestamp::now(),
            next: Instant::now(),
            watchdog: sd_notify::watchdog_enabled().map(|period| period / 3),
            next_watchdog: Instant::now(),
        }
    }

    /// Publishes the state at once: something has changed that others wait for.
    pub fn soon(&mut self) {
        self.next = Instant::now();
    }

    /// When it is published next.
    pub fn next(&self) -> Instant {
        match self.watchdog {
            Some(_) => self.next.min(self.next_watchdog),
            None => self.next,
        }
    }

    /// Feeds the watchdog, when that is due.
    fn feed_watchdog(&mut self, now: Instant) {
        if let Some(period) = self.watchdog
            && self.next_watchdog <= now
        {
            self.next_watchdog = now + period;
            let _ = sd_notify::notify(&[NotifyState::Watchdog]);
        }
    }
}

impl Daemon {
    /// Publishes the state of the daemon, when that is due.
    pub(super) fn report(&mut self) {
        let now = Instant::now();
        let stuck = self.core.stuck();
        // A stuck daemon does not feed the watchdog, so that systemd restarts it.
        match stuck {
            None => self.reporting.feed_watchdog(now),
            Some(_) => self.reporting.next_watchdog = now + EVERY,
        }
        if now < self.reporting.next {
            return;
        }
        self.reporting.next = now + EVERY;
        let silent = self.silent();
        let paused = self.core.paused().map(ToOwned::to_owned);
        let snapshot = self.snapshot(stuck.clone().or_else(|| silent.clone()), paused.clone());
        self.reporting.health.update(Condition {
            ready: self.core.worker().is_ready(),
            stuck,
            paused,
            silent,
        });
        let is_paused = snapshot.paused.is_some();
        self.metrics
            .state(&snapshot.counts, snapshot.speed, is_paused);
        self.metrics.longest_waits(self.core.longest_waits());
        let status = format!(
            "{} queued, {} running, {} done",
            snapshot.counts.queued, snapshot.counts.running, snapshot.counts.done
        );
        let _ = sd_notify::notify(&[NotifyState::Status(&status)]);
        // A full disk is reported elsewhere, and must not stop the daemon.
        let _ = self.reporting.state.write_status(&snapshot);
    }

    /// Folders and files that do not answer, for people.
    fn silent(&self) -> Option<String> {
        let folders = self.scanners.iter().filter_map(|scanner| {
            let silent_s = scanner.silent_for()?.as_secs();
            let folder = &scanner.root().path;
            Some(format!("{folder:?} has not answered for {silent_s} s"))
        });
        let files = self.hashing.iter().flat_map(|hashing| hashing.overdue());
        let files = files.map(|file| format!("{file:?} cannot be read to its end"));
        let silent: Vec<_> = folders.chain(files).collect();
        (!silent.is_empty()).then(|| silent.join("; "))
    }

    fn snapshot(&self, problem: Option<String>, paused: Option<String>) -> Snapshot {
        let worker = self.core.worker();
        let busy = worker.heartbeat.busy().into_iter();
        Snapshot {
            started_at: self.reporting.started.to_string(),
            updated_at: Timestamp::try_from(SystemTime::now())
                .unwrap_or_default()
                .to_string(),
            paused,
            problem,
            counts: self.core.counts(),
            under_way: self.core.under_way().collect(),
            busy: busy.map(|stage| Stage::name(stage).to_owned()).collect(),
            scored_s: self.core.scored_s(),
            speed: self.core.speed(),
            replaced_workers: worker.replaced,
        }
    }
}
