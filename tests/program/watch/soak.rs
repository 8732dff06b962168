//! Recordings dropped at random, a daemon killed at random: at the end each recording has
//! exactly one complete report, and nothing else is left.
//!
//! `make test` runs a short form; `make soak` the long one (see the variables below).

use std::collections::BTreeSet;
use std::io::Write;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use super::daemon::{Daemon, content, rename};
use crate::chance::{Dice, Extent};
use crate::reports::{read, schema};

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
    let Extent {
        clips,
        kills,
        seeds,
    } = Extent::of_soak();
    for seed in seeds {
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
            let mut dice = Dice::new(seed.wrapping_mul(7919));
            for index in 0..clips {
                dice.pause(1500);
                arrive(&folder, &elsewhere, index, &mut dice);
            }
            all_there.store(true, Ordering::SeqCst);
        });
        let mut dice = Dice::new(seed.wrapping_mul(104_729));
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
