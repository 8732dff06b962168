//! Whatever happens, in whatever order: at the end every promise is kept.

use std::collections::BTreeSet;
use std::time::Duration;

use proptest::prelude::*;
use undertone_config::Isolation;

use super::world::*;
use crate::core::*;

/// Something that happens.
#[derive(Clone, Debug)]
pub enum Step {
    Put(u8, u8),
    Remove(u8),
    Rename(u8, u8),
    RemoveReport(u8),
    Retry(u8),
    Scan(u16),
    Perform(usize),
    Deliver(u8),
    Work(usize),
    KillDaemon,
    KillWorker,
    Stop,
    DiskFull(bool),
    Hang(usize, bool),
    Pass(u32),
    PassToDeadline,
    SetClock(i64),
    Reload(u32),
    /// Every performer does up to so many of its effects.
    Run(u8),
}

const NAMES: u8 = 6;

fn step() -> impl Strategy<Value = Step> {
    let name = || 0..NAMES;
    prop_oneof![
        6 => (name(), 0..CONTENTS).prop_map(|(name, content)| Step::Put(name, content)),
        1 => name().prop_map(Step::Remove),
        2 => (name(), name()).prop_map(|(from, to)| Step::Rename(from, to)),
        1 => name().prop_map(Step::RemoveReport),
        1 => name().prop_map(Step::Retry),
        6 => (0..2_u16).prop_map(Step::Scan),
        10 => (0..PERFORMERS.len()).prop_map(Step::Perform),
        10 => (1..4_u8).prop_map(Step::Deliver),
        10 => (0..4_usize).prop_map(Step::Work),
        2 => Just(Step::KillDaemon),
        1 => Just(Step::KillWorker),
        1 => Just(Step::Stop),
        2 => any::<bool>().prop_map(Step::DiskFull),
        2 => (0..2_usize, any::<bool>()).prop_map(|(root, hangs)| Step::Hang(root, hangs)),
        3 => (0..600_u32).prop_map(Step::Pass),
        3 => Just(Step::PassToDeadline),
        1 => prop_oneof![Just(-86_400 * 400), Just(-3600), Just(3600)].prop_map(Step::SetClock),
        1 => (1..3_u32).prop_map(Step::Reload),
        12 => (1..12_u8).prop_map(Step::Run),
    ]
}

pub fn take(world: &mut World, step: &Step) {
    match *step {
        Step::Put(name, content) => world.put(name, content),
        Step::Remove(name) => world.remove(name),
        Step::Rename(from, to) => world.rename(from, to),
        Step::RemoveReport(name) => world.remove_report(name),
        Step::Retry(name) => world.retry(name),
        Step::Scan(root) => world.scan(root),
        Step::Perform(index) => _ = world.perform(PERFORMERS[index]),
        Step::Deliver(times) => {
            for _ in 0..times {
                world.deliver();
            }
        }
        Step::Work(choice) => _ = world.work(choice),
        Step::KillDaemon => world.restart(),
        Step::KillWorker => world.kill_worker(),
        Step::Stop => {
            world.handle(Input::Stop);
            if world.ended.is_some() {
                world.restart();
            }
        }
        Step::DiskFull(full) => world.disk_full = full,
        Step::Hang(root, hangs) => world.hung[root] = hangs,
        Step::Pass(seconds) => world.pass(Duration::from_secs(seconds.into())),
        Step::PassToDeadline => world.pass_to_deadline(Duration::from_secs(4000)),
        Step::SetClock(by_s) => world.set_clock(by_s),
        Step::Reload(mark) => world.reload(mark),
        Step::Run(times) => {
            for _ in 0..times {
                for performer in PERFORMERS {
                    world.perform(performer);
                }
                world.deliver();
                world.deliver();
                world.work(0);
            }
        }
    }
    if world.ended.is_some() {
        world.restart();
    }
}

/// What must hold at the end, after everything works again.
pub fn check(world: &mut World) {
    world.heal();
    // One more start and one more scan find nothing to do.
    let (reports, failures) = (world.reports.clone(), format!("{:?}", world.failures));
    world.restart();
    world.heal();
    assert_eq!(world.reports, reports, "done again after a restart");
    assert_eq!(
        format!("{:?}", world.failures),
        failures,
        "tried again after a restart"
    );
    let counts = world.counts();
    let all: usize = counts.named().iter().map(|(_, count)| count).sum();
    assert_eq!(all, world.sources.len(), "{counts:?}");
    // The combined file has every report that was ever written, each once.
    let combined: BTreeSet<_> = world.combined.iter().cloned().collect();
    assert_eq!(combined.len(), world.combined.len(), "a report twice");
    let missing: Vec<_> = world.written.difference(&combined).collect();
    assert!(missing.is_empty(), "not in the combined file: {missing:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 20_000, ..ProptestConfig::default() })]

    #[test]
    fn every_promise_is_kept_whatever_happens(
        steps in prop::collection::vec(step(), 0..120)
    ) {
        let mut world = World::new(Isolation::Process);
        for step in &steps {
            take(&mut world, step);
        }
        check(&mut world);
    }
}
