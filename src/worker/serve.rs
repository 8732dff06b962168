//! Runs the chain over the recordings that `run` or `watch` sends.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, unbounded};

use super::fault_injection;
use crate::stages::report::{ReportEvent, Reporter};
use crate::topology::{self, Chain, Engines, StageError, Stop};
use undertone_daemon::{Event, Heartbeat, Job, Order, StageHeartbeat};
use undertone_reports::{ReportError, RunMark};
use undertone_telemetry::StageClocks;
use undertone_types::{Recording, SourceItem, Stage, error_chain};

/// How long the worker waits for an order.
const POLL: Duration = Duration::from_millis(100);
/// How often it sends a heartbeat.
const HEARTBEAT: Duration = Duration::from_millis(500);

/// Everything that a worker needs, loaded and checked.
pub struct Service<'e> {
    /// What the stages need to know.
    pub chain: Chain,
    /// The engines.
    pub engines: Engines<'e>,
    /// Bundle and settings, for the reports.
    pub mark: Arc<RunMark>,
    /// Folder of the reports.
    pub out: PathBuf,
}

/// Scores the recordings in `orders` until one of them says to finish, the orders end, or a stage
/// has an error. `send` gets the events, and is called from several threads.
pub fn serve(service: Service<'_>, orders: &Receiver<Order>, send: &(dyn Fn(Event) + Sync)) {
    let Service {
        chain,
        engines,
        mark,
        out,
    } = service;
    let (stop, clocks, disk_full) = (
        Stop::default(),
        StageClocks::default(),
        AtomicBool::new(false),
    );
    let mut reporter = Reporter::new(out, mark, |progress| send(event(progress)));
    let report = |message| {
        reporter.take(message).map_err(|error: ReportError| {
            disk_full.store(error.is_disk_full(), Ordering::Relaxed);
            StageError::new(Stage::Report, error)
        })
    };
    let (give, given) = unbounded();
    let recordings = given.into_iter().map(source_item);
    let (mut give, mut beat) = (Some(give), Instant::now());
    let watch = || {
        take_order(orders, &mut give, &stop);
        if beat.elapsed() >= HEARTBEAT {
            beat = Instant::now();
            send(Event::Heartbeat(heartbeat(&clocks)));
        }
    };
    send(Event::Ready);
    topology::run(&chain, engines, recordings, report, &clocks, &stop, watch);
    send(Event::Heartbeat(heartbeat(&clocks)));
    if let Some(error) = stop.take_error() {
        send(Event::Fault {
            reason: error_chain(&error).join(": "),
            disk_full: disk_full.load(Ordering::Relaxed),
        });
    }
}

/// Waits a moment for an order, and passes recordings on to the chain. Without `give` no more are
/// passed on, and the chain ends after its last one.
fn take_order(orders: &Receiver<Order>, give: &mut Option<Sender<Job>>, stop: &Stop) {
    let Some(chain) = give else {
        return std::thread::sleep(POLL);
    };
    match orders.recv_timeout(POLL) {
        // The chain no longer takes recordings only after a fault, which is reported.
        Ok(Order::Score(job)) => drop(chain.send(job)),
        Ok(Order::FinishOpen) => stop.ask(),
        Ok(Order::Finish) | Err(RecvTimeoutError::Disconnected) => *give = None,
        Ok(Order::Begin(_)) | Err(RecvTimeoutError::Timeout) => {}
    }
    if stop.asked() {
        *give = None;
    }
}

fn source_item(job: Job) -> SourceItem {
    let recording = Recording::from(job);
    fault_injection::inject(&recording.relative);
    SourceItem::Recording(Arc::new(recording))
}

fn event(progress: ReportEvent) -> Event {
    match progress {
        ReportEvent::Opened {
            recording,
            duration_s,
        } => Event::Opened {
            id: recording.0,
            duration_s,
        },
        ReportEvent::Scored { recording, end_s } => Event::Scored {
            id: recording.0,
            end_s,
        },
        ReportEvent::Reported {
            recording,
            duration_s,
            summary,
        } => Event::Reported {
            id: recording.id.0,
            duration_s,
            summary,
        },
        ReportEvent::Failed { recording, failure } => Event::Failed {
            id: recording.id.0,
            failure,
        },
    }
}

fn heartbeat(clocks: &StageClocks) -> Heartbeat {
    let stage = |stage| {
        let clock = clocks.of(stage);
        let times = clock.times();
        StageHeartbeat {
            stage,
            busy_s: times.busy.as_secs_f64(),
            blocked_in_s: times.blocked_in.as_secs_f64(),
            blocked_out_s: times.blocked_out.as_secs_f64(),
            waiting: clocks.waiting(stage),
            at_work: clock.is_at_work(),
        }
    };
    Heartbeat {
        stages: Stage::ALL.iter().copied().map(stage).collect(),
        movement: clocks.movement(),
    }
}
