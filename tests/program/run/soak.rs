//! Runs and their workers killed at random, over a folder in which two recordings end every
//! worker: at the end those two are quarantined, and each of the others has one complete report.
//!
//! `make test` runs a short form; `make soak` the long one.

use std::collections::BTreeSet;
use std::process::Command;
use std::time::Instant;

use super::batch::{Batch, Running};
use crate::chance::{Dice, Extent};
use crate::reports::{read, schema};

/// A worker may be killed from outside so often before that is held against what it had.
const WORKERS_OF_A_RUN: u32 = 2;

#[test]
fn killed_at_random_a_run_loses_nothing() {
    let Extent {
        clips,
        kills,
        seeds,
    } = Extent::of_soak();
    for seed in seeds {
        soak(clips, kills, seed);
    }
}

/// Two of them end the worker.
fn names(clips: usize) -> Vec<String> {
    let poison = [clips / 3, 2 * clips / 3];
    let name = |index| match poison.contains(&index) {
        true => format!("{index:03}-poison.mkv"),
        false => format!("{index:03}.mkv"),
    };
    (0..clips).map(name).collect()
}

fn is_poison(name: &str) -> bool {
    name.contains("poison")
}

fn soak(clips: usize, kills: u64, seed: u64) {
    let batch = Batch::new(&[]).with_fault("abort:poison");
    let (names, mut dice) = (names(clips), Dice::new(seed.wrapping_mul(15_485_863)));
    let began = Instant::now();
    let (mut killed, mut put) = ([0, 0], 0);
    while killed[0] + killed[1] < kills {
        // More of them with each kill: there is always something to do.
        let there = (killed[0] + killed[1] + 2) as usize * clips / kills as usize;
        while put < there.min(clips) {
            batch.put(&names[put], put);
            put += 1;
        }
        if put == clips {
            let again = &names[dice.roll(clips as u64) as usize];
            let _ = std::fs::remove_file(batch.out().join(format!("{again}.jsonl")));
        }
        kill_one(&mut batch.start("table", "log"), &mut dice, &mut killed);
    }
    while put < clips {
        batch.put(&names[put], put);
        put += 1;
    }
    let (code, table, log) = batch.run(&[]);
    assert_eq!(code, 1, "{table}{log}");
    check(&batch, &names);
    eprintln!(
        "soak: seed {seed}: {clips} recordings, {} kills of a run, {} of a worker; \
         all as it should be after {:.0} s",
        killed[0],
        killed[1],
        began.elapsed().as_secs_f64()
    );
}

/// Kills a run, or first its worker, at some moment from its start to its end.
fn kill_one(running: &mut Running, dice: &mut Dice, killed: &mut [u64; 2]) {
    let kill = |process: u32| {
        let status = Command::new("kill")
            .args(["-KILL", &process.to_string()])
            .stderr(std::process::Stdio::null())
            .status();
        u64::from(status.unwrap().success())
    };
    for _ in 0..WORKERS_OF_A_RUN {
        dice.pause(1200);
        match (dice.roll(2), running.worker()) {
            (1, Some(worker)) => killed[1] += kill(worker),
            _ => break,
        }
    }
    dice.pause(300);
    // One that has ended by itself would be killed to no purpose.
    if running.is_running() {
        killed[0] += kill(running.0.id());
    }
}

fn check(batch: &Batch, names: &[String]) {
    let expected: BTreeSet<String> = names
        .iter()
        .map(|name| match is_poison(name) {
            true => format!("{name}.failed.json"),
            false => format!("{name}.jsonl"),
        })
        .collect();
    let there: BTreeSet<String> = batch.reports().into_iter().collect();
    assert_eq!(there, expected);
    let schema = schema();
    for name in names {
        if is_poison(name) {
            let record = batch.failure(name);
            assert_eq!(record["quarantined"], true, "{record}");
            continue;
        }
        let report = read(&batch.out().join(format!("{name}.jsonl")), &schema);
        assert_eq!(report.utterances.len(), 1, "{name}");
    }
}
