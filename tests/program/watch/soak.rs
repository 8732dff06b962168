//! Recordings dropped at random, a daemon killed at random: at the end each recording has
//! exactly one complete report, and nothing else is left.
//!
//! `make test` runs a short form; `make soak` the long one (see the variables below).

use std::collections::BTreeSet;
use std::io::Write;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::daemon::{Daemon, content, rename};
use crate::reports::{read, schema};

/// A number from the environment.
fn number(variable: &str, otherwise: u64) -> u64 {
    let said = std::env::var(variable)
        .ok()
        .and_then(|said| said.parse().ok());
    said.unwrap_or(otherwise)
}

/// Pseudo-random numbers (xorshift64*), the same for the same seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) % below
    }

    fn pause(&mut self, most_ms: u64) {
        std::thread::sleep(Duration::from_millis(self.roll(most_ms + 1)));
    }
}

/// Puts a recording into the folder in one of four ways.
fn arrive(folder: &std::path::Path, elsewhere: &std::path::Path, index: usize, dice: &mut Dice) {
    let (bytes, name) = (content(index), format!("{index:03}.mkv"));
    let place = folder.join(&name);
    match dice.roll(4) {
        0 => std::fs::write(place, bytes).unwrap(),
        1 => {
            let part = folder.join(format!("{name}.part"));
            std::fs::write(&part, bytes).unwrap();
            dice.pause(200);
            rename(&part, &place);
        }
        2 => {
            let other = elsewhere.join(&name);
            std::fs::write(&other, bytes).unwrap();
            rename(&other, &place);
        }
        _ => {
            let mut file = std::fs::File::create(place).unwrap();
            for piece in bytes.chunks(12_000) {
                file.write_all(piece).unwrap();
                dice.pause(120);
            }
        }
    }
}

#[test]
fn killed_at_random_it_loses_nothing() {
    let clips = number("UNDERTONE_SOAK_CLIPS", 10) as usize;
    let kills = number("UNDERTONE_SOAK_KILLS", 8);
    let rounds = number("UNDERTONE_SOAK_ROUNDS", 1);
    let first_seed = number("UNDERTONE_SOAK_SEED", 1);
    for seed in first_seed..first_seed + rounds {
        soak(clips, kills, seed);
    }
}

fn soak(clips: usize, kills: u64, seed: u64) {
    let mut daemon = Daemon::new(&["watch.combined=true"]);
    let (folder, elsewhere) = (daemon.path("in"), daemon.path("elsewhere"));
    std::fs::create_dir(&elsewhere).unwrap();
    let (began, all_there) = (Instant::now(), AtomicBool::new(false));
    let mut killed = 0;
    std::thread::scope(|scope| {
        let all_there = &all_there;
        scope.spawn(move || {
            let mut dice = Dice(seed.wrapping_mul(7919) | 1);
            for index in 0..clips {
                dice.pause(1500);
                arrive(&folder, &elsewhere, index, &mut dice);
            }
            all_there.store(true, Ordering::SeqCst);
        });
        let mut dice = Dice(seed.wrapping_mul(104_729) | 1);
        while killed < kills || !all_there.load(Ordering::SeqCst) {
            daemon.start();
            // From before the models are loaded to after the first reports.
            dice.pause(2500);
            daemon.kill();
            killed += 1;
        }
    });
    let after_kills = daemon.reports().len();
    daemon.start();
    daemon.until_logged("ready: watching");
    let expected: BTreeSet<String> = (0..clips)
        .map(|index| format!("{index:03}.mkv.jsonl"))
        .chain(["reports.jsonl".to_owned()])
        .collect();
    daemon.until("every recording has its report", |daemon| {
        let there: BTreeSet<String> = daemon.reports().into_iter().collect();
        (there == expected).then_some(())
    });
    daemon.until("the file of all reports is whole", |daemon| {
        let combined = std::fs::read_to_string(daemon.out().join("reports.jsonl")).ok()?;
        let summaries = combined.matches("\"kind\":\"summary\"").count();
        (summaries >= clips).then_some(())
    });
    assert!(daemon.stop().success(), "{}", daemon.log());
    assert_eq!(
        daemon.reports().into_iter().collect::<BTreeSet<_>>(),
        expected,
        "leftovers"
    );
    let (schema, mut whole) = (schema(), String::new());
    for name in expected.iter().filter(|name| *name != "reports.jsonl") {
        let path: PathBuf = daemon.out().join(name);
        assert_eq!(read(&path, &schema).utterances.len(), 1, "{name}");
        whole += &std::fs::read_to_string(path).unwrap();
    }
    // The same lines, each once, in whatever order.
    let combined = std::fs::read_to_string(daemon.out().join("reports.jsonl")).unwrap();
    let sorted = |text: &str| {
        let mut lines: Vec<String> = text.lines().map(ToOwned::to_owned).collect();
        lines.sort();
        lines
    };
    assert_eq!(sorted(&combined), sorted(&whole));
    eprintln!(
        "soak: seed {seed}: {clips} recordings, {killed} kills, {after_kills} files after the last, \
         all whole after {:.0} s",
        began.elapsed().as_secs_f64()
    );
}
