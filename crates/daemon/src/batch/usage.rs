//! What a run measures of its workers: time of the stages, memory, speed.

use std::collections::BTreeMap;
use std::time::Duration;

use undertone_types::Stage;

use super::Finished;
use crate::core::worker::Worker;
use crate::protocol::Heartbeat;
use crate::status::InProgress;
use crate::worker_handle::WorkerHandle;

/// Measurements over all workers of a run.
#[derive(Debug, Default)]
pub struct Usage {
    /// Of former workers.
    before_s: BTreeMap<Stage, f64>,
    /// Of the current one, as it last said.
    now_s: BTreeMap<Stage, f64>,
    peak_bytes: Option<u64>,
    /// Length of the recordings that have a report.
    scored_s: f64,
    /// Time in which a worker had recordings.
    worked: Duration,
}

impl Usage {
    /// A worker's times begin at zero.
    pub fn new_worker(&mut self) {
        for (stage, busy_s) in std::mem::take(&mut self.now_s) {
            *self.before_s.entry(stage).or_default() += busy_s;
        }
    }

    /// Takes over the times of a heartbeat.
    pub fn heartbeat(&mut self, heartbeat: &Heartbeat) {
        let stages = heartbeat.stages.iter();
        self.now_s = stages.map(|stage| (stage.stage, stage.busy_s)).collect();
    }

    /// Looks how much memory a worker has held.
    pub fn peak(&mut self, worker: Option<&WorkerHandle>) {
        let peak = worker.and_then(WorkerHandle::peak_memory_bytes);
        self.peak_bytes = self.peak_bytes.max(peak);
    }

    /// A report of a recording of this length was written.
    pub fn scored(&mut self, duration_s: f64) {
        self.scored_s += duration_s;
    }

    /// Time has passed.
    pub fn worked(&mut self, time: Duration, worker: &Worker) {
        if worker.is_ready() && !worker.tasks.is_empty() {
            self.worked += time;
        }
    }

    /// How long these recordings will take at the speed so far, in seconds; `None` while there is
    /// no speed, or when a length is not known.
    pub fn time_for(&self, under_way: &[InProgress], worker: &Worker) -> Option<f64> {
        let reached_s: f64 = worker.tasks.values().map(|task| task.reached_s).sum();
        let media_s = self.scored_s + reached_s;
        let left = under_way
            .iter()
            .map(|task| Some((task.duration_s? - task.reached_s).max(0.0)));
        let left_s: f64 = left.sum::<Option<f64>>()?;
        (media_s > 0.0).then(|| left_s * self.worked.as_secs_f64() / media_s)
    }

    /// The measurements at the end.
    pub fn finished(mut self) -> Finished {
        self.new_worker();
        Finished {
            busy_s: self.before_s,
            worker_peak_bytes: self.peak_bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::StageHeartbeat;

    fn heartbeat(busy_s: f64) -> Heartbeat {
        Heartbeat {
            stages: vec![StageHeartbeat {
                stage: Stage::Decode,
                busy_s,
                blocked_in_s: 0.0,
                blocked_out_s: 0.0,
                waiting: 0,
                at_work: true,
            }],
            movement: 1,
        }
    }

    #[test]
    fn times_go_on_over_workers() {
        let mut usage = Usage::default();
        for times in [[1.0, 3.0], [0.5, 2.0]] {
            usage.new_worker();
            times
                .iter()
                .for_each(|busy_s| usage.heartbeat(&heartbeat(*busy_s)));
        }
        assert_eq!(usage.finished().busy_s[&Stage::Decode], 5.0);
    }

    #[test]
    fn what_is_left_takes_as_long_as_what_was_done() {
        let recording = |reached_s, duration_s| InProgress {
            recording: "a.mp4".to_owned(),
            for_s: 1.0,
            reached_s,
            duration_s,
        };
        let worker = Worker::default();
        let mut usage = Usage::default();
        let half_done = [recording(30.0, Some(90.0))];
        assert_eq!(usage.time_for(&half_done, &worker), None);
        usage.scored(120.0);
        usage.worked = Duration::from_secs(40);
        assert_eq!(usage.time_for(&half_done, &worker), Some(20.0));
        assert_eq!(usage.time_for(&[recording(0.0, None)], &worker), None);
        assert_eq!(usage.time_for(&[], &worker), Some(0.0));
    }
}
