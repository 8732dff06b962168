//! The working time on a recording, by stage.

use std::collections::BTreeMap;
use std::ops::AddAssign;
use std::time::Duration;

use super::Stage;

/// Working time by stage; each hop adds its own.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct WorkTimes([Duration; Stage::ALL.len()]);

impl WorkTimes {
    /// Adds to one stage.
    pub fn add(&mut self, stage: Stage, time: Duration) {
        self.0[stage as usize] += time;
    }

    /// Seconds by stage, without those that took no time.
    #[must_use]
    pub fn seconds(&self) -> BTreeMap<Stage, f64> {
        Stage::ALL
            .iter()
            .copied()
            .zip(self.0)
            .filter(|(_, time)| !time.is_zero())
            .map(|(stage, time)| (stage, time.as_secs_f64()))
            .collect()
    }
}

impl AddAssign for WorkTimes {
    fn add_assign(&mut self, other: Self) {
        self.0
            .iter_mut()
            .zip(other.0)
            .for_each(|(mine, theirs)| *mine += theirs);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_add_up_by_stage() {
        let mut work_times = WorkTimes::default();
        work_times.add(Stage::Fuse, Duration::from_millis(500));
        let mut other = work_times;
        other.add(Stage::Decode, Duration::from_secs(1));
        work_times += other;
        assert_eq!(
            work_times.seconds(),
            BTreeMap::from([(Stage::Decode, 1.0), (Stage::Fuse, 1.0)])
        );
    }
}
