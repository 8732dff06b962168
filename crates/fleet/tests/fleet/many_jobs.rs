//! Many jobs; `UNDERTONE_FLEET_JOBS=1000000` is the long form (`make test-fleet`).

use std::fs::File;
use std::time::{Duration, Instant};

use crate::fake::{Fleet, eventually};
use crate::servers::Nats;

fn number_of_jobs() -> u64 {
    let number = std::env::var("UNDERTONE_FLEET_JOBS").ok();
    number
        .and_then(|number| number.parse().ok())
        .unwrap_or(3000)
}

/// Memory of a process, in megabytes (2²⁰ bytes).
fn memory_mb(process: &str, name: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let kibibytes = line.unwrap().trim_matches(|c: char| !c.is_ascii_digit());
    kibibytes.parse::<u64>().unwrap() / 1024
}

#[test]
fn many_jobs_take_little_memory_and_survive_a_kill_of_the_server() {
    let jobs = number_of_jobs();
    let mut nats = Nats::start();
    let fleet = Fleet::new(&nats.url);
    // All in one folder: no list of it may be held.
    for number in 0..jobs {
        File::create(fleet.source.join(format!("{number:07}.mp4"))).unwrap();
    }
    let before_mb = memory_mb("self", "VmHWM:");
    let began = Instant::now();
    let totals = fleet.submit();
    let (submitted_s, memory) = (began.elapsed().as_secs_f64(), memory_mb("self", "VmHWM:"));
    assert_eq!((totals.found, totals.sent), (jobs, jobs));
    let server_mb = memory_mb(&nats.server.pid().to_string(), "VmRSS:");

    nats.server.kill();
    let began = Instant::now();
    nats.server.restart();
    let waits = || undertone_fleet::state(&fleet.queue.parse().unwrap(), &fleet.config().fleet);
    eventually("the server knows its jobs", || {
        waits().is_ok_and(|state| state.waiting == jobs)
    });
    let restarted_s = began.elapsed().as_secs_f64();

    let began = Instant::now();
    let totals = fleet.submit();
    assert_eq!((totals.sent, totals.queued), (0, jobs));
    let again_s = began.elapsed().as_secs_f64();
    let again_mb = memory_mb(&nats.server.pid().to_string(), "VmHWM:");

    // Among so many, workers are as fast as among few.
    let began = Instant::now();
    let done = fleet.while_working(1, || {
        std::thread::sleep(Duration::from_secs(3));
        fleet.state().done
    });
    assert!(done > 0);
    println!(
        "{jobs} jobs: submitted in {submitted_s:.1} s ({memory} MB, {before_mb} before; the server \
         {server_mb} MB); after a kill the server is back in {restarted_s:.1} s; submitted again in \
         {again_s:.1} s (the server at most {again_mb} MB); {:.0} jobs/s by a worker that only \
         pretends",
        done as f64 / began.elapsed().as_secs_f64()
    );
}
