//! Workers and the queue's server killed at random, and a store that fails and answers late: at the
//! end each recording has one complete report, there is no failure record, and nothing is left in
//! the queue.
//!
//! `make test` runs a short form with a folder; `make test-fleet` the long one with a store.

use std::time::Instant;

use super::crew::{Crew, Worker, eventually};
use crate::chance::{Dice, number};
use crate::reports::{read, schema};

const WORKERS: usize = 3;
/// Of so many kills one is that of the queue's server.
const OF_THE_QUEUE: u64 = 6;

#[test]
fn killed_at_random_a_fleet_loses_nothing_and_doubles_nothing() {
    let clips = number("UNDERTONE_FLEET_CLIPS", 24) as usize;
    let kills = number("UNDERTONE_FLEET_KILLS", 6);
    let first = number("UNDERTONE_FLEET_SEED", 1);
    for seed in first..first + number("UNDERTONE_FLEET_ROUNDS", 1) {
        let crew = match std::env::var_os("UNDERTONE_S3S_FS") {
            Some(_) => Crew::in_store(),
            None => Crew::in_folders(),
        };
        round(crew, clips, kills, seed);
    }
}

fn name(number: usize) -> String {
    format!("{}/{number:03}.mkv", number % 5)
}

fn round(mut crew: Crew, clips: usize, kills: u64, seed: u64) {
    let began = Instant::now();
    let mut dice = Dice::new(seed.wrapping_mul(15_485_863));
    let mut workers: Vec<Worker> = (0..WORKERS).map(|it| crew.start(&log(it))).collect();
    let (mut put, mut of_the_queue) = (0, 0);
    for kill in 0..kills {
        // More of them with each kill: there is always something to do.
        let there = clips * (kill as usize + 1) / kills as usize;
        while put < there {
            crew.put(&name(put), put);
            put += 1;
        }
        crew.submit();
        let is_away = make_trouble(&crew, &mut dice);
        dice.pause(2500);
        if kill % OF_THE_QUEUE == OF_THE_QUEUE - 1 {
            crew.nats.server.kill();
            dice.pause(1000);
            crew.nats.server.restart();
            of_the_queue += 1;
        } else {
            let which = dice.roll(WORKERS as u64) as usize;
            workers[which].kill();
            workers[which] = crew.start(&log(which));
        }
        if is_away && let Some(trouble) = crew.trouble() {
            trouble.away(false);
        }
    }
    eventually("all have reports", 600, || {
        crew.outputs(".jsonl").len() == clips
    });
    // Also of what a killed server forgot to delete.
    eventually("the queue is empty", 120, || {
        let fleet = &crew.status()["fleet"];
        fleet["waiting"] == 0 && fleet["in_work"] == 0 && fleet["submitted"] == fleet["done"]
    });
    let trouble = crew.trouble().map_or(0, |trouble| {
        trouble.make(0);
        trouble.made()
    });
    for worker in &mut workers {
        assert_eq!(worker.terminate(), Some(0));
    }
    let scored = check(&crew, clips);
    eprintln!(
        "fleet: seed {seed}: {clips} recordings, {} kills of workers, {of_the_queue} of the queue, \
         {trouble} troubles with the store; {scored} scored twice; all as it should be after {:.0} s",
        kills - of_the_queue,
        began.elapsed().as_secs_f64()
    );
}

fn log(worker: usize) -> String {
    format!("worker-{worker}.log")
}

/// True when the store is away from now on.
fn make_trouble(crew: &Crew, dice: &mut Dice) -> bool {
    let Some(trouble) = crew.trouble() else {
        return false;
    };
    trouble.make([0, 2, 5][dice.roll(3) as usize]);
    let is_away = dice.roll(8) == 0;
    trouble.away(is_away);
    is_away
}

/// Returns how many recordings a worker scored that another had a report of.
fn check(crew: &Crew, clips: usize) -> usize {
    let mut expected: Vec<String> = (0..clips).map(|it| format!("{}.jsonl", name(it))).collect();
    expected.sort();
    assert_eq!(crew.outputs(".jsonl"), expected);
    assert_eq!(crew.outputs(".failed.json"), [""; 0]);
    let schema = schema();
    for number in 0..clips {
        let report = read(&crew.report(&name(number)), &schema);
        assert_eq!(report.utterances.len(), 1, "{}", name(number));
        let size = std::fs::metadata(crew.disk("in").join(name(number)))
            .unwrap()
            .len();
        assert_eq!(report.recording["source"]["size_bytes"], size);
    }
    assert_eq!(crew.status()["fleet"]["dead"], 0);
    let spools = std::fs::read_dir(crew.folder().join("spool"))
        .unwrap()
        .count();
    assert!(
        spools <= WORKERS,
        "{spools} spools: killed workers' are not removed"
    );
    let logs = (0..WORKERS).map(|worker| crew.log(&log(worker)));
    logs.map(|log| log.matches("another worker has scored it").count())
        .sum()
}
