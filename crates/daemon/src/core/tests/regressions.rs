//! Bugs that were found, one test each.

use std::time::Duration;

use undertone_config::Isolation;
use undertone_types::Cause;

use super::promises::Step::{self, *};
use super::promises::{check, take};
use super::world::*;
use crate::core::*;

const GOOD: u8 = 0;
const OTHER_GOOD: u8 = 1;
const BAD: u8 = 4;
const POISON: u8 = 5;
const FLAKY: u8 = 7;

/// The world after all of this.
fn after(steps: &[Step]) -> World {
    let mut world = World::new(Isolation::Process);
    steps.iter().for_each(|step| take(&mut world, step));
    world
}

/// How often a content was given to a worker.
fn times_given(world: &World, content: u8) -> usize {
    let given = world.given.iter();
    given.filter(|(_, given)| *given == content).count()
}

/// The new file was reported with the content of the old one.
#[test]
fn a_retry_that_comes_due_while_a_changed_file_is_looked_up() {
    let mut world = after(&[
        Put(0, FLAKY),
        Scan(0),
        Run(7),
        Put(0, GOOD),
        Scan(0),
        Pass(30),
    ]);
    check(&mut world);
}

/// A file that was queued because its report was outdated was scored although its report was
/// current again.
#[test]
fn settings_that_are_changed_and_changed_back() {
    let steps = [Put(1, GOOD), Scan(1), Run(6), Reload(2), Run(5), Reload(1)];
    check(&mut after(&steps));
    // It was queued as interrupted.
    let steps = [
        DiskFull(true),
        Put(0, GOOD),
        Scan(0),
        Run(2),
        DiskFull(false),
        Run(3),
        DiskFull(true),
        Reload(2),
        KillDaemon,
        Scan(0),
        Run(4),
        Reload(1),
    ];
    check(&mut after(&steps));
}

/// The answer for the previous report ended the attempt of the next one, which was in progress.
#[test]
fn a_recording_that_is_begun_again_before_its_report_is_appended() {
    check(&mut after(&[
        Put(0, GOOD),
        Put(1, 9),
        Scan(0),
        Scan(1),
        Put(5, OTHER_GOOD),
        Scan(1),
        Run(4),
        Put(2, GOOD),
        Pass(11),
        Run(2),
        Reload(2),
        DiskFull(true),
        Run(6),
        Rename(0, 5),
    ]));
}

/// A pointer replaced a report that the combined file had not taken while the disk was full.
#[test]
fn a_report_that_is_replaced_while_the_disk_is_full() {
    check(&mut after(&[
        Put(3, 2),
        Put(5, GOOD),
        Put(1, 2),
        Scan(1),
        Put(2, GOOD),
        Work(0),
        Run(11),
        DiskFull(true),
        Put(5, 2),
        Run(3),
    ]));
}

/// It was queued with others, ended the worker again, and they were quarantined.
#[test]
fn a_suspect_that_was_under_way_when_the_daemon_was_killed_is_scored_alone() {
    let mut world = after(&[
        Put(0, GOOD),
        Put(2, POISON),
        Scan(0),
        Run(2),
        Work(0),
        Deliver(3),
    ]);
    for _ in 0..40 {
        take(&mut world, &Run(1));
        take(&mut world, &KillDaemon);
        take(&mut world, &Scan(0));
        take(&mut world, &Run(3));
    }
    check(&mut world);
}

/// After it had waited for a duplicate, it was no longer a suspect.
#[test]
fn a_suspect_that_waited_for_another_is_scored_alone() {
    check(&mut after(&[
        DiskFull(true),
        Put(2, 6),
        Put(1, POISON),
        Put(3, FLAKY),
        Scan(1),
        Put(4, FLAKY),
    ]));
}

/// Its report was not found by the next start, which looks up only files that exist.
#[test]
fn a_recording_that_is_removed_right_after_it_was_scored_is_in_the_combined_file() {
    let mut world = after(&[Put(0, GOOD), Scan(0)]);
    while world.reports.is_empty() {
        for performer in PERFORMERS {
            world.perform(performer);
        }
        world.deliver();
        world.work(0);
    }
    take(&mut world, &KillDaemon);
    take(&mut world, &Remove(0));
    check(&mut world);
    assert_eq!(world.combined.len(), 1);
}

/// All duplicates that had waited for it were scored.
#[test]
fn of_several_duplicates_one_is_scored_when_the_first_changes() {
    let mut world = after(&[Put(0, GOOD), Put(2, GOOD), Put(4, GOOD), Scan(0)]);
    while world.given.is_empty() {
        for performer in PERFORMERS {
            world.perform(performer);
        }
        world.deliver();
        if world.given.is_empty() {
            world.work(0);
        }
    }
    world.put(0, OTHER_GOOD);
    world.scan(0);
    check(&mut world);
    assert!(times_given(&world, GOOD) <= 2, "{:?}", world.given);
}

/// A failed recording was scored again whenever its modification time changed.
#[test]
fn bad_content_that_is_touched_is_not_scored_again() {
    let mut world = after(&[Put(0, BAD)]);
    check(&mut world);
    world.put(0, BAD);
    check(&mut world);
    assert_eq!(times_given(&world, BAD), 1);
}

/// The clock decided whether report or failure record was newer: after it had been set back, a
/// failed recording was scored again with every scan.
#[test]
fn a_failure_after_a_report_is_believed_whatever_the_clock_says() {
    let mut world = after(&[Put(0, GOOD)]);
    check(&mut world);
    world.put(0, BAD);
    world.set_clock(-86_400);
    check(&mut world);
    for _ in 0..10 {
        take(&mut world, &Scan(0));
        take(&mut world, &Run(10));
    }
    assert_eq!(times_given(&world, BAD), 1);
}

/// The next attempt was a year away.
#[test]
fn a_clock_that_is_set_back_postpones_no_retry() {
    let mut world = after(&[Put(0, FLAKY), Scan(0), Run(20)]);
    let before = times_given(&world, FLAKY);
    assert_eq!(world.counts().retrying, 1);
    world.set_clock(-86_400 * 365);
    for _ in 0..10 {
        world.scan(0);
        take(&mut world, &Run(5));
        world.pass(Duration::from_secs(5));
    }
    take(&mut world, &Run(5));
    assert!(times_given(&world, FLAKY) > before);
}

#[test]
fn a_folder_that_hangs_holds_up_no_other() {
    let mut world = after(&[
        Put(0, GOOD),
        Put(1, OTHER_GOOD),
        Scan(0),
        Hang(0, true),
        Scan(1),
        Run(20),
        Pass(60),
        Run(20),
    ]);
    let reports: Vec<_> = world.reports.keys().cloned().collect();
    assert_eq!(reports, [path(1)]);
    check(&mut world);
}

/// Where daemon and worker are one process, any recording in progress may have ended it.
#[test]
fn without_isolation_what_is_under_way_at_the_end_counts_as_the_cause() {
    let mut world = World::new(Isolation::None);
    world.put(0, GOOD);
    for attempt in 1..=2 {
        world.scan(0);
        let given = world.given.len();
        while world.given.len() == given {
            for performer in PERFORMERS {
                world.perform(performer);
            }
            world.deliver();
            if world.given.len() == given {
                world.work(0);
            }
        }
        world.restart();
        world.scan(0);
        for _ in 0..20 {
            for performer in PERFORMERS {
                world.perform(performer);
            }
            world.deliver();
        }
        let failure = &world.failures[&path(0)];
        assert_eq!(failure.cause, Cause::Crashed);
        assert_eq!(failure.history.attempts, attempt);
    }
    assert_eq!(world.failures[&path(0)].next, NextAttempt::Quarantined);
}

/// A recording that lacked a decoder was never tried again.
#[test]
fn what_the_installation_lacked_is_tried_at_the_next_start() {
    let mut world = after(&[Put(0, 9), Scan(0), Run(10)]);
    let before = times_given(&world, 9);
    assert_eq!((before, world.counts().retrying), (1, 1));
    for step in [KillDaemon, Scan(0), Run(10)] {
        take(&mut world, &step);
    }
    assert_eq!(times_given(&world, 9), 2);
}

/// A run beside the daemon made the report that a pointer leads to anew, with other settings: the
/// pointer still counted as current.
#[test]
fn a_pointer_to_a_report_that_was_made_anew_elsewhere() {
    let mut world = after(&[
        Put(0, GOOD),
        Scan(0),
        Run(12),
        Put(2, GOOD),
        Scan(0),
        Run(12),
    ]);
    assert_eq!(times_given(&world, GOOD), 1);
    let original = world.reports.get_mut(&path(0)).unwrap();
    let former = original.clone();
    original.mark = 7;
    let made_anew = original.clone();
    world.written.remove(&former);
    world.written.insert(made_anew);
    take(&mut world, &Scan(0));
    take(&mut world, &Run(12));
    assert_eq!(times_given(&world, GOOD), 2, "its content is scored again");
    let copy = &world.reports[&path(2)];
    assert_eq!((copy.mark, &copy.of), (1, &None));
}

#[test]
fn outdated_reports_are_a_state_of_their_own() {
    let mut world = after(&[Put(0, GOOD), Scan(0), Run(12)]);
    assert_eq!(world.counts().done, 1);
    take(&mut world, &Reload(2));
    take(&mut world, &Scan(0));
    let mut was_outdated = false;
    for _ in 0..40 {
        was_outdated |= world.counts().outdated == 1;
        take(&mut world, &Run(1));
        take(&mut world, &Pass(1));
    }
    assert!(was_outdated);
    let counts = world.counts();
    assert_eq!((counts.outdated, counts.done), (0, 1), "{counts:?}");
}
