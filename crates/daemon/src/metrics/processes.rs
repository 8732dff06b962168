//! What the daemon and its worker take of the machine: measured whenever somebody asks.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::{Registry, Unit};
use undertone_telemetry::ProcessUsage;

/// Registers both; the worker's process is told to what this returns.
pub fn register_processes(registry: &mut Registry) -> WorkerProcess {
    let own = registry.sub_registry_with_prefix("process");
    own.register_collector(Box::new(OwnProcess));
    let worker = WorkerProcess::default();
    let workers = registry.sub_registry_with_prefix("undertone_worker");
    workers.register_collector(Box::new(worker.clone()));
    worker
}

/// The daemon's own process, by the names that Prometheus has for every program's.
#[derive(Debug)]
struct OwnProcess;

impl Collector for OwnProcess {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        let Some(usage) = ProcessUsage::own() else {
            return Ok(());
        };
        encode_usage(&mut encoder, "resident_memory", &usage)?;
        let mapped = ConstGauge::new(usage.virtual_bytes);
        let help = "Memory that is mapped";
        encode(
            &mut encoder,
            "virtual_memory",
            help,
            Some(&Unit::Bytes),
            &mapped,
        )?;
        match usage.max_open_files.map(ConstGauge::new) {
            Some(limit) => encode(&mut encoder, "max_fds", "Limit of open files", None, &limit),
            None => Ok(()),
        }
    }
}

/// The worker's process. Says nothing while there is none, nor when the worker is a part of the
/// daemon's own process.
#[derive(Clone, Debug, Default)]
pub struct WorkerProcess {
    /// Its process id; 0 until there is one.
    id: Arc<AtomicU32>,
}

impl WorkerProcess {
    /// From now on this process is the worker.
    pub fn set(&self, id: u32) {
        self.id.store(id, Ordering::Relaxed);
    }
}

impl Collector for WorkerProcess {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        let id = self.id.load(Ordering::Relaxed);
        match (id > 0).then(|| ProcessUsage::of_child(id)).flatten() {
            Some(usage) => encode_usage(&mut encoder, "memory", &usage),
            None => Ok(()),
        }
    }
}

/// What both have; the two name their memory differently.
fn encode_usage(
    encoder: &mut DescriptorEncoder,
    memory: &str,
    usage: &ProcessUsage,
) -> fmt::Result {
    let resident = ConstGauge::new(usage.resident_bytes);
    encode(
        encoder,
        memory,
        "Memory in use",
        Some(&Unit::Bytes),
        &resident,
    )?;
    let cpu = ConstCounter::new(usage.cpu_s);
    encode(
        encoder,
        "cpu",
        "Time on a processor",
        Some(&Unit::Seconds),
        &cpu,
    )?;
    let open = ConstGauge::new(usage.open_files);
    encode(
        encoder,
        "open_fds",
        "Open files, sockets and pipes",
        None,
        &open,
    )?;
    let started = ConstGauge::new(usage.started_s);
    let help = "Start of the process, in seconds since 1970";
    encode(encoder, "start_time", help, Some(&Unit::Seconds), &started)
}

fn encode(
    encoder: &mut DescriptorEncoder,
    name: &str,
    help: &str,
    unit: Option<&Unit>,
    metric: &impl EncodeMetric,
) -> fmt::Result {
    // The registry ends the sentences of its own metrics; a collector's are ours to end.
    let help = format!("{help}.");
    metric.encode(encoder.encode_descriptor(name, &help, unit, metric.metric_type())?)
}
