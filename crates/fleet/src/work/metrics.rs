//! Metrics of a worker, and of the queue as it sees it; whether it is healthy.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};
use undertone_daemon::{Exposed, MetricsFormat};

use super::desk::{Desk, Phase};

/// What the queue holds for the worker's bundle, when it was last asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueueCounts {
    /// Jobs that wait for a worker.
    pub waiting: u64,
    /// Jobs that workers have, or that wait to be tried again.
    pub in_work: u64,
}

/// What a worker says of itself; made anew whenever somebody asks.
pub struct OfWorker(pub Arc<Desk>);

type Label = [(&'static str, &'static str); 1];

impl Exposed for OfWorker {
    fn metrics(&self, format: MetricsFormat) -> String {
        let mut text = String::new();
        let written: fmt::Result = format.write(&mut text, &self.registry());
        written.expect("writing to a string does not fail");
        text
    }

    /// A worker that waits for store or queue is not ill: to restart it would not help.
    fn problem(&self) -> Option<String> {
        None
    }

    fn unready(&self) -> Option<String> {
        self.0.current_problem()
    }
}

impl OfWorker {
    fn registry(&self) -> Registry {
        let (totals, queue) = (self.0.totals(), self.0.queue());
        let mut registry = Registry::default();
        let ours = registry.sub_registry_with_prefix("undertone");
        let version = Info::new(vec![("version", env!("CARGO_PKG_VERSION"))]);
        ours.register("build", "This program", version);

        let jobs = Family::<Label, Gauge>::default();
        for phase in Phase::ALL {
            let count = self.0.count_of(*phase);
            gauge(&jobs, ("phase", phase.name()), count);
        }
        ours.register(
            "fleet_jobs",
            "Jobs that this worker has, by what is done",
            jobs,
        );

        let results = Family::<Label, Counter>::default();
        for (result, count) in [
            ("scored", totals.done),
            ("known", totals.known),
            ("failed", totals.failed),
            ("dead", totals.dead),
        ] {
            results.get_or_create(&[("outcome", result)]).inc_by(count);
        }
        let help = "Jobs by outcome; failed ones are tried again";
        ours.register("fleet_outcomes", help, results);

        let scored = Counter::<f64, AtomicU64>::default();
        scored.inc_by(totals.scored_s);
        let help = "Length of the recordings scored";
        ours.register_with_unit("fleet_scored", help, Unit::Seconds, scored);

        let held = Gauge::<i64>::default();
        held.set(i64::from(self.0.current_problem().is_some()));
        let help = "1 while no jobs are taken since queue, store or spool fail";
        ours.register("fleet_held", help, held);

        let depth = Family::<Label, Gauge>::default();
        gauge(&depth, ("state", "waiting"), queue.waiting);
        gauge(&depth, ("state", "in_work"), queue.in_work);
        let help = "Jobs of the whole fleet for this bundle: every worker says the same";
        ours.register("fleet_queue", help, depth);
        registry
    }
}

fn gauge(family: &Family<Label, Gauge>, label: (&'static str, &'static str), count: u64) {
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    family.get_or_create(&[label]).set(count);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_there_from_the_start() {
        let desk = Arc::new(Desk::default());
        desk.count(|totals| totals.done += 2);
        desk.begin("a.mp4".as_ref()).unwrap();
        desk.set_queue(QueueCounts {
            waiting: 5,
            in_work: 1,
        });
        let exposed = OfWorker(desk.clone());
        let text = exposed.metrics(MetricsFormat::Text);
        for line in [
            "undertone_fleet_jobs{phase=\"fetch\"} 1",
            "undertone_fleet_jobs{phase=\"send\"} 0",
            "undertone_fleet_outcomes_total{outcome=\"scored\"} 2",
            "undertone_fleet_outcomes_total{outcome=\"dead\"} 0",
            "undertone_fleet_queue{state=\"waiting\"} 5",
            "undertone_fleet_held 0",
        ] {
            assert!(text.contains(line), "{line} is not in\n{text}");
        }
        assert_eq!(exposed.unready(), None);
        desk.problem(Some("the store is away".to_owned()));
        assert!(exposed.unready().is_some() && exposed.problem().is_none());
    }
}
