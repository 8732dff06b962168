//! Workers: what they do with jobs, and what becomes of those of lost and stopped ones.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use undertone_reports::read_finished;

use crate::fake::{Fleet, Stop, eventually};
use crate::servers::Nats;

#[test]
fn several_workers_score_everything_once() {
    let nats = Nats::start();
    let fleet = Fleet::new(&nats.url);
    let names: Vec<_> = (0..200).map(|number| format!("{number}.mp4")).collect();
    for name in &names {
        fleet.record(name, name);
    }
    fleet.submit();
    let done = thread::scope(|scope| {
        let workers = [(); 3].map(|()| scope.spawn(|| fleet.work()));
        workers.map(|worker| worker.join().unwrap())
    });
    assert_eq!(done.iter().map(|totals| totals.done).sum::<u64>(), 200);
    for name in &names {
        let report = read_finished(&fleet.report(name)).unwrap();
        let path = fleet.source.join(name);
        assert_eq!(report.recording.source.path, path.to_str().unwrap());
    }
    let state = fleet.state();
    assert_eq!((state.submitted, state.done, state.dead), (200, 200, 0));
    assert_eq!((state.waiting, state.in_work), (0, 0));
    let spool = fleet.source.with_file_name("spool");
    assert_eq!(std::fs::read_dir(spool).unwrap().count(), 0, "spools stay");
}

#[test]
fn a_worker_survives_the_restart_of_the_queue() {
    let mut nats = Nats::start();
    let fleet = Fleet::new(&nats.url);
    for number in 0..50 {
        fleet.record(&format!("{number}.mp4"), "x");
    }
    fleet.submit();
    fleet.record("late.mp4", "x");
    fleet.while_working(1, || {
        eventually("something is scored", || fleet.report("0.mp4").exists());
        nats.server.kill();
        nats.server.restart();
        assert_eq!(fleet.submit().found, 51);
        eventually("all is scored", || {
            (0..50).all(|number| fleet.report(&format!("{number}.mp4")).exists())
                && fleet.report("late.mp4").exists()
        });
    });
}

/// The same recordings and reports.
fn fleet_of(fleet: &Fleet) -> Fleet {
    let mut other = Fleet::new(&fleet.queue);
    other.source = fleet.source.clone();
    other.out = fleet.out.clone();
    other
}

/// The one that is stopped has a recording that never ends.
#[test]
fn what_a_stopped_worker_leaves_goes_to_another_at_once() {
    let nats = Nats::start();
    let fleet = Fleet::new(&nats.url);
    fleet.record("a.mp4", "hangs");
    fleet.submit();
    let stop = Arc::new(AtomicBool::new(false));
    let (leaving, told) = (fleet_of(&fleet), stop.clone());
    // It hangs for ever, so it is left behind.
    thread::spawn(move || leaving.work_until(&told, false));
    eventually("a worker has it", || {
        let state = fleet.state();
        state.workers.iter().any(|worker| {
            worker
                .in_work
                .iter()
                .any(|task| task.recording == "a.mp4" && task.phase == "score")
        })
    });
    stop.store(true, Ordering::Relaxed);
    fleet.record("a.mp4", "good");
    let totals = fleet.work();
    assert_eq!(totals.done, 1);
}

#[test]
fn drained_workers_end() {
    let nats = Nats::start();
    let fleet = Fleet::new(&nats.url);
    let stop = Stop::default();
    thread::scope(|scope| {
        let _told = stop.at_the_end();
        let workers = [(); 2].map(|()| scope.spawn(|| fleet.work_until(&stop.0, false)));
        eventually("both take jobs", || fleet.state().workers.len() == 2);
        let (queue, settings) = (fleet.queue.parse().unwrap(), fleet.config().fleet);
        let told = undertone_fleet::drain(&queue, &settings).unwrap();
        assert_eq!(told.len(), 2);
        for worker in workers {
            worker.join().unwrap().unwrap();
        }
    });
    assert!(fleet.state().workers.is_empty());
}
