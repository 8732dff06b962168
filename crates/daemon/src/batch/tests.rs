//! A simulated worker, source and signals: whatever happens in whatever order, each recording ends
//! once, innocents are not quarantined, and the batch ends.

mod world;

use std::time::Duration;

use proptest::prelude::*;
use undertone_types::Cause;

use world::{End, Nature, World};

/// Something that happens.
#[derive(Clone, Debug)]
enum Step {
    Find,
    /// The worker takes a step with one of its recordings.
    Work(usize),
    /// Somebody kills the worker.
    KillWorker,
    Pass(u32),
    Stop,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        10 => Just(Step::Find),
        20 => (0..4_usize).prop_map(Step::Work),
        1 => Just(Step::KillWorker),
        3 => (0..200_u32).prop_map(Step::Pass),
    ]
}

fn nature() -> impl Strategy<Value = Nature> {
    prop_oneof![
        6 => Just(Nature::Good),
        1 => Just(Nature::Bad),
        2 => Just(Nature::Crashes),
        1 => Just(Nature::Hangs),
        1 => Just(Nature::TakesMemory),
    ]
}

fn take(world: &mut World, step: &Step) {
    match *step {
        Step::Find => world.find(),
        Step::Work(choice) => world.work(choice),
        // More than an innocent recording is forgiven, or than limits allow, would be held against it.
        Step::KillWorker if world.kills < 2 => world.kill_worker(),
        Step::Pass(seconds) if world.idle_s + seconds < 300 => {
            world.idle_s += seconds;
            world.pass(Duration::from_secs(seconds.into()));
        }
        Step::KillWorker | Step::Pass(_) => {}
        Step::Stop => world.stop(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 20_000, ..ProptestConfig::default() })]

    #[test]
    fn each_recording_ends_as_it_deserves(
        natures in prop::collection::vec(nature(), 0..30),
        steps in prop::collection::vec(step(), 0..80),
    ) {
        let mut world = World::new(&natures);
        steps.iter().for_each(|step| take(&mut world, step));
        world.run_to_its_end();
        for (nature, end) in natures.iter().zip(world.ends()) {
            let expected = match nature {
                Nature::Good => End::Reported,
                Nature::Bad => End::Failed(Cause::Content),
                Nature::Crashes => End::Quarantined(Cause::Crashed),
                Nature::Hangs => End::Quarantined(Cause::Time),
                Nature::TakesMemory => End::Quarantined(Cause::Memory),
            };
            // Two strikes of any kind are enough: one may be another's, in whose company it was.
            match (expected, end) {
                (End::Quarantined(_), Some(End::Quarantined(_))) => {}
                (expected, end) => prop_assert_eq!(Some(expected), end),
            }
        }
    }

    #[test]
    fn a_stop_leaves_recordings_but_loses_none(
        natures in prop::collection::vec(nature(), 0..30),
        before in prop::collection::vec(step(), 0..40),
        after in prop::collection::vec(step(), 0..10),
    ) {
        let mut world = World::new(&natures);
        before.iter().for_each(|step| take(&mut world, step));
        take(&mut world, &Step::Stop);
        let given = world.given();
        after.iter().for_each(|step| take(&mut world, step));
        world.run_to_its_end();
        prop_assert_eq!(world.given(), given, "nothing is given after the stop");
        for (nature, end) in natures.iter().zip(world.ends()) {
            let is_innocent = matches!(nature, Nature::Good | Nature::Bad);
            prop_assert!(!is_innocent || !matches!(end, Some(End::Quarantined(_))), "{:?}", end);
        }
    }
}

#[test]
fn what_ends_the_worker_twice_is_quarantined_after_being_alone() {
    let mut world = World::new(&[Nature::Good, Nature::Crashes, Nature::Good]);
    world.run_to_its_end();
    assert_eq!(world.workers, 3, "the crash in company, the one alone");
    assert_eq!(world.ends()[1], Some(End::Quarantined(Cause::Crashed)));
}

#[test]
fn what_is_killed_from_outside_again_and_again_is_given_up_at_last() {
    let mut world = World::new(&[Nature::Hangs]);
    for _ in 0..3 {
        world.find();
        world.load();
        world.kill_worker();
    }
    world.run_to_its_end();
    assert_eq!(world.ends(), [Some(End::Quarantined(Cause::Crashed))]);
}

#[test]
fn a_worker_that_ends_before_its_models_are_loaded_ends_the_run() {
    let mut world = World::new(&[Nature::Good]);
    world.find();
    world.end_worker(None, &["error: asr.bin is missing"]);
    let fault = world.fault().unwrap();
    assert_eq!(fault, "the worker cannot start: asr.bin is missing");
    assert_eq!(world.ends(), [Some(End::Left)]);
}

#[test]
fn a_fault_of_the_chain_ends_the_run_and_fails_nothing() {
    let mut world = World::new(&[Nature::Good, Nature::Good]);
    world.find();
    world.find();
    world.load();
    world.chain_fault("report: no space left on device");
    world.run_to_its_end();
    assert_eq!(world.fault(), Some("report: no space left on device"));
    assert_eq!(world.ends(), [Some(End::Left), Some(End::Left)]);
}

#[test]
fn without_anything_to_score_no_worker_is_started() {
    let mut world = World::new(&[]);
    world.run_to_its_end();
    assert_eq!(world.workers, 0);
}
