//! A fleet whose workers are in this process, and score without media: what a file says decides
//! what becomes of it.
//!
//! | content | what becomes of it |
//! | --- | --- |
//! | `bad…` | it fails for its content |
//! | `stalls…` | it fails for a cause that may pass |
//! | `hangs…` | nothing, until the worker ends |
//! | else | it has a report |

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::Receiver;
use undertone_config::Config;
use undertone_daemon::{BatchRun, Event, Order, Setup, Workshop};
use undertone_discovery::Selection;
use undertone_fleet::{
    FleetError, FleetState, FleetWorker, Place, Submission, SubmitTotals, WorkOptions, WorkTotals,
};
use undertone_reports::{ReportPaths, ReportWriter, RunMark, fixtures};
use undertone_types::{Cause, Ended, Failure, MediaFacts, Recording, Stage};

/// Settings, and where everything is.
pub struct Fleet {
    pub queue: String,
    pub source: PathBuf,
    pub out: PathBuf,
    pub settings: BTreeMap<String, String>,
    pub mark: Arc<RunMark>,
    _folder: tempfile::TempDir,
}

impl Fleet {
    /// Over a folder for recordings and one for reports, both empty.
    pub fn new(queue: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (source, out) = (folder.path().join("in"), folder.path().join("out"));
        fs::create_dir(&source).unwrap();
        fs::create_dir(&out).unwrap();
        let spool = folder.path().join("spool").to_str().unwrap().to_owned();
        let settings = [
            ("fleet.spool", spool.as_str()),
            ("fleet.ack_wait_s", "2"),
            ("retry.backoff_s", "0.3"),
            ("retry.attempts", "2"),
            ("shutdown.grace_s", "1"),
            ("metrics.listen", ""),
        ];
        let settings = settings.map(|(key, value)| (key.to_owned(), value.to_owned()));
        Self {
            queue: queue.to_owned(),
            source,
            out,
            settings: settings.into(),
            mark: fixtures::mark(),
            _folder: folder,
        }
    }

    pub fn set(&mut self, key: &str, value: &str) {
        self.settings.insert(key.to_owned(), value.to_owned());
    }

    pub fn config(&self) -> Config {
        let settings: Vec<_> = self.settings.clone().into_iter().collect();
        Config::load(None, &settings).unwrap()
    }

    /// Makes a recording.
    pub fn record(&self, name: &str, content: &str) {
        let path = self.source.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    pub fn submission(&self) -> Submission {
        let config = self.config();
        Submission {
            sources: vec![Place::parse(&self.source).unwrap()],
            queue: self.queue.parse().unwrap(),
            out: None,
            selection: Selection::new(&config.files).unwrap(),
            config,
            mark: self.mark.clone(),
            dry_run: false,
        }
    }

    pub fn submit(&self) -> SubmitTotals {
        undertone_fleet::submit(&self.submission(), &mut |_| {}).unwrap()
    }

    /// Works until the queue has nothing left.
    pub fn work(&self) -> WorkTotals {
        self.work_until(&Arc::new(AtomicBool::new(false)), true)
            .unwrap()
    }

    /// Works until told to stop.
    pub fn work_until(
        &self,
        stop: &Arc<AtomicBool>,
        until_empty: bool,
    ) -> Result<WorkTotals, FleetError> {
        let config = self.config();
        let worker = FleetWorker::start(WorkOptions {
            queue: self.queue.parse().unwrap(),
            out: Place::parse(&self.out).unwrap(),
            config: config.clone(),
            mark: self.mark.clone(),
            exports: Vec::new(),
            until_empty,
            stop: stop.clone(),
            grace_over: Box::new(|| {}),
        })?;
        let batch = BatchRun {
            out: worker.reports().to_owned(),
            config,
            mark: self.mark.clone(),
            workshop: Workshop::Thread(Arc::new(score)),
            sourced: worker.sourced(),
            stop: stop.clone(),
        };
        let (_, ended) = batch.run(&mut |event| worker.tell(event));
        ended.unwrap();
        worker.finish()
    }

    /// Works in a thread while `meanwhile` runs, then stops.
    pub fn while_working<T>(&self, workers: usize, meanwhile: impl FnOnce() -> T) -> T {
        let stop = Stop::default();
        thread::scope(|scope| {
            let _told = stop.at_the_end();
            for _ in 0..workers {
                scope.spawn(|| self.work_until(&stop.0, false).unwrap());
            }
            meanwhile()
        })
    }

    pub fn state(&self) -> FleetState {
        let settings = self.config().fleet;
        undertone_fleet::state(&self.queue.parse().unwrap(), &settings).unwrap()
    }

    pub fn report(&self, name: &str) -> PathBuf {
        ReportPaths::new(&self.out, Path::new(name)).report
    }

    pub fn failure(&self, name: &str) -> PathBuf {
        ReportPaths::new(&self.out, Path::new(name)).failure
    }
}

/// What tells workers to stop.
#[derive(Default)]
pub struct Stop(pub Arc<AtomicBool>);

impl Stop {
    /// Tells them when it is dropped, also by a panic: a test that fails does not wait for them.
    pub fn at_the_end(&self) -> impl Drop {
        struct AtTheEnd(Arc<AtomicBool>);
        impl Drop for AtTheEnd {
            fn drop(&mut self) {
                self.0.store(true, Ordering::Relaxed);
            }
        }
        AtTheEnd(self.0.clone())
    }
}

/// Waits until something is so.
pub fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !is_so() {
        assert!(Instant::now() < deadline, "never: {what}");
        thread::sleep(Duration::from_millis(50));
    }
}

fn score(
    setup: Setup,
    orders: &Receiver<Order>,
    tell: &(dyn Fn(Event) + Sync),
) -> Result<(), String> {
    tell(Event::Ready);
    for order in orders {
        match order {
            Order::Score(job) => {
                let recording = Arc::new(Recording::from(job));
                let id = recording.id.0;
                let text =
                    fs::read_to_string(&recording.path).map_err(|error| error.to_string())?;
                let fails = |cause| Failure {
                    stage: Stage::Decode,
                    cause,
                    chain: vec!["as its content says".to_owned()],
                    hint: None,
                };
                tell(Event::Opened {
                    id,
                    duration_s: Some(1.0),
                });
                if text.starts_with("hangs") {
                    continue;
                } else if text.starts_with("bad") {
                    let failure = fails(Cause::Content);
                    tell(Event::Failed { id, failure });
                } else if text.starts_with("stalls") {
                    let failure = fails(Cause::Stalled);
                    tell(Event::Failed { id, failure });
                } else {
                    let paths = ReportPaths::new(&setup.out, &recording.relative);
                    let writer = ReportWriter::create(paths, recording, fixtures::mark());
                    let ended = Ended {
                        utterances: 0,
                        facts: MediaFacts::default(),
                        sidecar: None,
                    };
                    let summary = writer.and_then(|it| it.finish(&ended, &BTreeMap::new()));
                    tell(Event::Reported {
                        id,
                        duration_s: 1.0,
                        summary: Box::new(summary.map_err(|error| error.to_string())?),
                    });
                }
            }
            Order::Finish | Order::FinishOpen => break,
            Order::Begin(_) => {}
        }
    }
    Ok(())
}
