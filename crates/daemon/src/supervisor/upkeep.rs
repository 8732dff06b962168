//! What is done at every turn: requests from outside, clocks, limits, the word that is left
//! of how the daemon is.

use std::time::{Duration, Instant, SystemTime};

use jiff::Timestamp;
use sd_notify::NotifyState;

use super::failing::FAILED_STARTS;
use super::{Ending, Supervisor, manner};
use crate::catalogue::State;
use crate::crew::Verdict;
use crate::eyes::Errand;
use crate::status::{Snapshot, UnderWay};
use undertone_reports::{ReportError, place};
use undertone_types::{Cause, Stage};

/// How often a full disk is tried.
const PROBE: Duration = Duration::from_secs(2);
/// What must fit on the disk before it goes on.
const PROBE_BYTES: usize = 256 * 1024;
/// How often the word of how the daemon is goes out.
const TELL: Duration = Duration::from_secs(1);
/// How often a stopping daemon says what it waits for.
const NAME_BUSY: Duration = Duration::from_secs(3);
/// A pulse that does not come for this long is a chain that does not move.
const STILL: Duration = Duration::from_secs(30);

/// Clocks and flags of the supervisor.
pub(super) struct Watch {
    started: Timestamp,
    /// Seconds of recordings scored.
    pub scored_s: f64,
    worked: Duration,
    turned: Instant,
    told: Instant,
    fed: Instant,
    ready_told: bool,
    paused: Option<Paused>,
    stopping: Option<Stopping>,
}

struct Paused {
    reason: String,
    next_probe: Instant,
}

struct Stopping {
    deadline: Instant,
    /// Recordings for the next start.
    left: usize,
    named: Option<Instant>,
}

impl Watch {
    pub fn new() -> Self {
        let now = Instant::now();
        Self {
            started: Timestamp::now(),
            scored_s: 0.0,
            worked: Duration::ZERO,
            turned: now,
            told: now,
            fed: now,
            ready_told: false,
            paused: None,
            stopping: None,
        }
    }

    /// True while nothing is given to the worker.
    pub fn is_held(&self) -> bool {
        self.paused.is_some() || self.stopping.is_some()
    }

    /// True once the daemon was asked to stop.
    pub fn is_stopping(&self) -> bool {
        self.stopping.is_some()
    }

    /// So many recordings are left for the next start, if the daemon stops.
    pub fn leave(&mut self, recordings: usize) {
        if let Some(stopping) = &mut self.stopping {
            stopping.left += recordings;
        }
    }

    /// Speed relative to real time, while there was work.
    fn speed(&self) -> f64 {
        let worked_s = self.worked.as_secs_f64();
        if worked_s > 0.0 {
            self.scored_s / worked_s
        } else {
            0.0
        }
    }
}

impl Supervisor {
    /// One turn; the daemon ends when something is returned.
    pub(super) fn turn(&mut self) -> Option<Ending> {
        let now = Instant::now();
        if !self.crew.tasks.is_empty() {
            self.watch.worked += now.saturating_duration_since(self.watch.turned);
        }
        self.watch.turned = now;
        self.answer_calls(now);
        self.retry_due();
        self.probe(now);
        if !self.watch.is_stopping() {
            match self.crew.ensure(now) {
                Ok(true) => self.metrics.new_worker(),
                Ok(false) => {}
                Err(error) => tracing::error!(%error, "a worker cannot be started"),
            }
        }
        self.keep_limits(now);
        self.tell(now);
        self.drain(now)
    }

    fn answer_calls(&mut self, now: Instant) {
        if Self::called(&self.calls.stop) && self.watch.stopping.is_none() {
            let grace = Duration::from_secs_f64(self.config.shutdown.grace_s);
            let deadline = now + grace;
            self.watch.stopping = Some(Stopping {
                deadline,
                left: 0,
                named: None,
            });
            let _ = sd_notify::notify(&[NotifyState::Stopping]);
            self.crew.finish();
        }
        if Self::called(&self.calls.look) {
            tracing::info!("looking at all files and records");
            self.tell_eyes(Errand::Look);
        }
        if Self::called(&self.calls.reload) {
            if let Ok(now) = NotifyState::monotonic_usec_now() {
                let _ = sd_notify::notify(&[NotifyState::Reloading, now]);
            }
            self.reload();
            let _ = sd_notify::notify(&[NotifyState::Ready]);
        }
    }

    fn reload(&mut self) {
        let read = (self.reload)().and_then(|(config, mark)| {
            let manner = manner(&config).map_err(|error| error.to_string())?;
            let hooks = crate::hooks::Hooks::new(&config.hooks);
            Ok((
                config,
                mark,
                manner,
                hooks.map_err(|error| error.to_string())?,
            ))
        });
        let (config, mark, manner, hooks) = match read {
            Ok(read) => read,
            Err(reason) => {
                tracing::error!("the settings are kept as they were: {reason}");
                return;
            }
        };
        let fixed = [
            ("metrics.listen", config.metrics != self.config.metrics),
            (
                "watch.isolation",
                config.watch.isolation != self.config.watch.isolation,
            ),
            (
                "watch.combined",
                config.watch.combined != self.config.watch.combined,
            ),
            ("log", config.log != self.config.log),
        ];
        for (key, _) in fixed.iter().filter(|(_, changed)| *changed) {
            tracing::warn!(key, "changed, but this takes a restart");
        }
        tracing::info!("settings and models were read anew");
        self.crew.change(config.clone());
        (self.config, self.mark, self.hooks) = (config, mark, hooks);
        // The worker finishes what it has; the next one works with the new settings.
        self.crew.finish();
        // What has a report of other settings may be outdated now.
        self.catalogue.review();
        self.tell_eyes(Errand::Change(manner));
    }

    /// Nothing is given to the worker until the disk takes something again.
    pub(super) fn pause(&mut self, error: &ReportError) {
        let why = std::error::Error::source(error).map_or(String::new(), |why| format!(": {why}"));
        self.hold(format!("{error}{why}"));
    }

    pub(super) fn hold(&mut self, reason: String) {
        if self.watch.paused.is_none() {
            tracing::error!("paused: {reason}; going on as soon as something can be written");
        }
        let next_probe = Instant::now() + PROBE;
        self.watch.paused = Some(Paused { reason, next_probe });
    }

    /// Tries a disk that took nothing.
    fn probe(&mut self, now: Instant) {
        let Some(paused) = self
            .watch
            .paused
            .as_mut()
            .filter(|paused| now >= paused.next_probe)
        else {
            return;
        };
        paused.next_probe = now + PROBE;
        let path = self.out.join(".undertone/probe");
        let written = place(&path, |file| {
            file.write_all(&[0; PROBE_BYTES])
                .map_err(|source| ReportError::Io {
                    path: path.clone(),
                    source,
                })
        });
        let _ = std::fs::remove_file(&path);
        if written.is_err() {
            return;
        }
        tracing::info!("the disk takes something again: going on");
        self.watch.paused = None;
        for report in std::mem::take(&mut self.uncombined) {
            self.combine(report);
        }
        for found in std::mem::take(&mut self.later) {
            self.catalogue.set(&found.relative, State::Hashing);
            self.hash(found);
        }
    }

    fn keep_limits(&mut self, now: Instant) {
        let limits = &self.config.limits;
        let memory = match limits.memory_mb {
            0 => three_quarters_of_memory(),
            limit => limit * 1_000_000,
        };
        if let Some(over) = self.crew.over(limits, memory, now) {
            let reason = over.reason.clone();
            match self.crew.kill(over) {
                true => tracing::error!("stopping the worker: {reason}"),
                false => tracing::error!("cannot stop a worker in this process: {reason}"),
            }
        }
    }

    /// Says how the daemon is to whoever may ask.
    fn tell(&mut self, now: Instant) {
        let stuck = self.stuck(now);
        let paused = self
            .watch
            .paused
            .as_ref()
            .map(|paused| paused.reason.clone());
        let is_ready = self.crew.is_ready();
        self.health.turn(is_ready, stuck.clone(), paused.clone());
        if is_ready && !self.watch.ready_told {
            self.watch.ready_told = true;
            tracing::info!("ready: watching");
            let _ = sd_notify::notify(&[NotifyState::Ready]);
        }
        self.feed_watchdog(now, stuck.is_none());
        if now.saturating_duration_since(self.watch.told) < TELL {
            return;
        }
        self.watch.told = now;
        for holder in self.twins.keys().cloned().collect::<Vec<_>>() {
            self.settle_twins(&holder);
        }
        let snapshot = self.snapshot(now, stuck, paused);
        let memory = self.crew.memory_bytes();
        let is_paused = snapshot.paused.is_some();
        self.metrics
            .state(&snapshot.counts, snapshot.speed, is_paused, memory);
        let status = format!(
            "{} queued, {} running, {} done",
            snapshot.counts.queued, snapshot.counts.running, snapshot.counts.done
        );
        let _ = sd_notify::notify(&[NotifyState::Status(&status)]);
        // On a full disk there is no word; the daemon goes on.
        let _ = self.state.write_status(&snapshot);
    }

    /// What is wrong with the daemon itself: work waits and nothing moves.
    fn stuck(&self, now: Instant) -> Option<String> {
        if self.crew.failed_starts() > FAILED_STARTS {
            return Some("workers end before they have done anything".to_owned());
        }
        let limit = Duration::from_secs_f64(self.config.limits.stall_s).max(STILL);
        let still = self.crew.still(now).filter(|still| *still > limit)?;
        let (still_s, busy) = (still.as_secs(), self.crew.busy());
        Some(format!(
            "nothing has moved for {still_s} s; at work: {busy}"
        ))
    }

    /// The watchdog of systemd is fed as long as the daemon gets on.
    fn feed_watchdog(&mut self, now: Instant, is_well: bool) {
        let Some(period) = sd_notify::watchdog_enabled() else {
            return;
        };
        if is_well && now.saturating_duration_since(self.watch.fed) >= period / 3 {
            self.watch.fed = now;
            let _ = sd_notify::notify(&[NotifyState::Watchdog]);
        }
    }

    fn snapshot(&self, now: Instant, problem: Option<String>, paused: Option<String>) -> Snapshot {
        let under_way = self.crew.tasks.values().map(|task| UnderWay {
            recording: task.recording.relative.display().to_string(),
            for_s: now.saturating_duration_since(task.given).as_secs_f64(),
            reached_s: task.reached_s,
            duration_s: task.duration_s,
        });
        Snapshot {
            started_at: self.watch.started.to_string(),
            updated_at: Timestamp::try_from(SystemTime::now())
                .unwrap_or_default()
                .to_string(),
            paused,
            problem,
            counts: self.catalogue.counts(),
            under_way: under_way.collect(),
            busy: self
                .crew
                .pulse
                .busy()
                .into_iter()
                .map(|stage| Stage::name(stage).to_owned())
                .collect(),
            scored_s: self.watch.scored_s,
            speed: self.watch.speed(),
            replaced_workers: self.crew.replaced,
        }
    }

    /// Ends when what is under way is finished, or the time for it is over.
    fn drain(&mut self, now: Instant) -> Option<Ending> {
        let stopping = self.watch.stopping.as_mut()?;
        if !self.crew.is_there() && (self.hooks.is_idle() || now >= stopping.deadline) {
            return Some(match stopping.left {
                0 => Ending::Drained,
                left => Ending::Interrupted(left),
            });
        }
        let busy = self.crew.busy();
        if now >= stopping.deadline {
            let left = self.crew.tasks.len();
            tracing::warn!(
                busy,
                under_way = left,
                "the time to finish is over; what is under way is done after the next start"
            );
            self.crew.kill(Verdict {
                cause: Cause::Time,
                culprit: None,
                reason: "the daemon stops".to_owned(),
            });
            for task in self.crew.tasks.values() {
                self.attempts.end(&task.recording.relative);
            }
            return Some(Ending::Interrupted(left));
        }
        if stopping
            .named
            .is_none_or(|named| now.saturating_duration_since(named) >= NAME_BUSY)
        {
            stopping.named = Some(now);
            let under_way = self.crew.tasks.len();
            tracing::warn!(busy, under_way, "stopping: finishing what is under way");
        }
        None
    }
}

/// What a worker may hold where nothing else is said.
fn three_quarters_of_memory() -> u64 {
    static LIMIT: std::sync::OnceLock<u64> = std::sync::OnceLock::new();
    *LIMIT.get_or_init(|| {
        undertone_telemetry::machine_memory_bytes().map_or(u64::MAX, |all| all / 4 * 3)
    })
}
