//! A training run: epochs, validation, the best weights, and what is needed to go on.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::adam::Adam;
use super::config::Simulated;
use super::epoch::{OnStep, Step, train_epoch};
use super::evaluate::{score_split, summarise};
use super::state::{Best, RunState};
use super::{
    Dataset, EpochReport, Findings, Protocol, Provenance, Simulator, Split, TrainConfig,
    TrainError, Validation, curves, schedule, statistics,
};
use crate::error::write_file;
use undertone_fusion::{Checkpoint, FusionConfig, Network, keep_freed_memory, write_checkpoint};

/// The best weights.
const WEIGHTS: &str = "fusion.safetensors";
/// Their config.
const CONFIG: &str = "fusion.json";
/// What is needed to go on after the last whole epoch.
pub(super) const CHECKPOINT: &str = "checkpoint.safetensors";
/// One line per epoch.
const METRICS: &str = "metrics.jsonl";
/// Their picture.
const CURVES: &str = "curves.svg";

/// A run that has ended.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainOutcome {
    /// Epochs done, those before a resume included.
    pub epochs: u32,
    /// The best of them; `None` where the run was broken off in its first.
    pub best: Option<Best>,
    /// Why it ended.
    pub ended: Ended,
    /// The best weights.
    pub weights: PathBuf,
    /// Their config.
    pub config: PathBuf,
    /// What is odd about the data.
    pub findings: Findings,
}

/// Why a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// All epochs are done.
    Finished,
    /// Patience ran out.
    Early,
    /// It was asked to stop; it can be resumed after its last whole epoch.
    BrokenOff,
}

/// What a run tells on the way.
#[derive(Debug)]
pub enum Progress<'p> {
    /// What is odd about the data, before the first step.
    Begins(&'p Findings),
    /// A step was taken.
    Step(Step),
    /// An epoch is done and on disk.
    Epoch(&'p EpochReport),
}

/// Hears how a run goes, and may break it off.
pub type OnProgress<'p> = &'p mut dyn FnMut(Progress<'_>) -> ControlFlow<()>;

/// Trains a network on a data set. `out` gets the best weights by validation
/// (`fusion.safetensors`, `fusion.json`, `provenance.json`), `metrics.jsonl`, their picture `curves.svg`, and
/// `checkpoint.safetensors`; with `resume` a run that was cut off goes on after its last whole
/// epoch, as if it had not been (one that has not begun begins).
///
/// # Errors
/// When config or data are unusable, `out` holds a run that is not to be resumed, or the loss
/// diverges.
pub fn train(
    config: &TrainConfig,
    dataset: &Dataset,
    out: &Path,
    resume: bool,
    on_progress: OnProgress<'_>,
) -> Result<TrainOutcome, TrainError> {
    config.check()?;
    keep_freed_memory();
    for split in [Split::Train, Split::Val] {
        if dataset.split(split).is_empty() {
            let split = split.to_string();
            return Err(TrainError::Empty { split });
        }
    }
    let mut run = Run::begin(config, dataset, out, resume)?;
    let findings = run.dataset.check()?;
    let mut ended = run.ended();
    if on_progress(Progress::Begins(&findings)).is_break() {
        ended = Some(Ended::BrokenOff);
    }
    while ended.is_none() {
        ended = run.epoch(on_progress)?;
    }
    Ok(TrainOutcome {
        epochs: run.state.epoch,
        best: run.state.best,
        ended: ended.unwrap_or(Ended::Finished),
        weights: out.join(WEIGHTS),
        config: out.join(CONFIG),
        findings,
    })
}

/// A run between two epochs.
struct Run<'a> {
    dataset: Dataset,
    out: &'a Path,
    network: Network,
    adam: Adam,
    state: RunState,
    /// The lines of `metrics.jsonl`.
    reports: Vec<EpochReport>,
}

impl<'a> Run<'a> {
    fn begin(
        config: &TrainConfig,
        dataset: &Dataset,
        out: &'a Path,
        resume: bool,
    ) -> Result<Self, TrainError> {
        let (dataset, simulator) = with_simulator(config, dataset)?;
        let fusion = FusionConfig::new(dataset.info().widths, config.network.clone());
        let mut network = Network::new(fusion, config.run.seed)?;
        network.set_device(config.run.device.resolve()?);
        network.set_threads(config.run.threads);
        network.set_precision(config.run.precision);
        let mut adam = Adam::new(network.trainable(), config.optimiser.weight_decay);
        let mut state = RunState::new(config.clone(), dataset.fingerprint().to_owned());
        let mut reports = Vec::new();
        let checkpoint = out.join(CHECKPOINT);
        let taken = checkpoint.exists() || out.join(WEIGHTS).exists();
        if taken && !resume {
            return Err(TrainError::Occupied {
                path: out.to_owned(),
            });
        }
        if checkpoint.exists() {
            state = state.resume(&checkpoint, &network, &mut adam)?;
            reports = reports_until(&out.join(METRICS), state.epoch)?;
        } else {
            statistics::fit(&mut network, &dataset)?;
        }
        std::fs::create_dir_all(out).map_err(|source| TrainError::Write {
            path: out.to_owned(),
            source,
        })?;
        match simulator {
            Some(simulator) => simulator.write(out)?,
            None => Simulator::forget(out)?,
        }
        Ok(Self {
            dataset,
            out,
            network,
            adam,
            state,
            reports,
        })
    }

    /// Why it is at its end, if it is.
    fn ended(&self) -> Option<Ended> {
        let run = &self.state.config.run;
        let waited = |best: Best| self.state.epoch - best.epoch;
        let early = |best| run.patience > 0 && waited(best) >= run.patience;
        if self.state.epoch >= run.epochs {
            return Some(Ended::Finished);
        }
        self.state.best.is_some_and(early).then_some(Ended::Early)
    }

    /// Trains one epoch, validates, and saves: best weights, metrics, then the checkpoint that
    /// makes the epoch count. A kill before that repeats the epoch, with the same result.
    fn epoch(&mut self, on_progress: OnProgress<'_>) -> Result<Option<Ended>, TrainError> {
        let started = Instant::now();
        let config = &self.state.config;
        let epoch = self.state.epoch + 1;
        let rate = schedule::rate(&config.optimiser, epoch);
        let (network, adam) = (&self.network, &mut self.adam);
        let on_step: OnStep<'_> = &mut |step| on_progress(Progress::Step(step));
        let loss = train_epoch(network, adam, &self.dataset, config, epoch, rate, on_step)?;
        let Some(loss) = loss else {
            return Ok(Some(Ended::BrokenOff));
        };
        let validation = self.validate()?;
        let error = validation.error(self.state.config.run.criterion);
        if !error.is_finite() {
            return Err(TrainError::Diverged { epoch });
        }
        let best = self.state.best.is_none_or(|best| error < best.error);
        let report = EpochReport {
            epoch,
            epochs: self.state.config.run.epochs,
            learning_rate: rate,
            loss,
            validation,
            error,
            best,
            seconds: started.elapsed().as_secs_f64(),
        };
        if best {
            self.state.best = Some(Best { epoch, error });
            self.network.config().write(&self.out.join(CONFIG))?;
            write_checkpoint(&self.out.join(WEIGHTS), &Checkpoint::of(&self.network))?;
            self.provenance(&report)?;
        }
        self.log(&report)?;
        self.state.epoch = epoch;
        self.state.steps = self.adam.steps();
        let checkpoint = self.out.join(CHECKPOINT);
        self.state.save(&checkpoint, &self.network, &self.adam)?;
        let broken_off = on_progress(Progress::Epoch(&report)).is_break();
        let ended = self.ended();
        Ok(ended.or(broken_off.then_some(Ended::BrokenOff)))
    }

    fn validate(&self) -> Result<Validation, TrainError> {
        let on = |protocol| {
            let scored = score_split(&self.network, &self.dataset, Split::Val, protocol)?;
            summarise(&scored, Split::Val)
        };
        Ok(Validation {
            complete: on(Protocol::Complete)?,
            simulated: on(Protocol::Simulated)?,
        })
    }

    /// Writes where the best weights come from.
    fn provenance(&self, report: &EpochReport) -> Result<(), TrainError> {
        let best = Best {
            epoch: report.epoch,
            error: report.error,
        };
        let validation = [report.validation.complete, report.validation.simulated];
        Provenance::of(&self.state.config, &self.dataset, best, validation).write(self.out)
    }

    fn log(&mut self, report: &EpochReport) -> Result<(), TrainError> {
        self.reports.push(report.clone());
        let path = self.out.join(METRICS);
        let lines = self.reports.iter().map(|report| {
            let line = serde_json::to_string(report);
            line.map(|line| line + "\n")
        });
        let lines: String = lines.collect::<Result<_, _>>().map_err(json(&path, 0))?;
        write_file(&path, lines.as_bytes())?;
        curves::draw(&self.reports, &self.out.join(CURVES))
    }
}

/// The data set as the config wants it: with its own simulated text, or with a stand-in's.
pub(super) fn with_simulator(
    config: &TrainConfig,
    dataset: &Dataset,
) -> Result<(Dataset, Option<Simulator>), TrainError> {
    let dataset = dataset.clone();
    match config.data.simulated {
        Simulated::Given => Ok((dataset, None)),
        Simulated::Ridge => {
            let simulator = Simulator::fit(&dataset)?;
            Ok((dataset.simulated_by(simulator.clone()), Some(simulator)))
        }
    }
}

/// What was told of the first epochs; a later line was written just before a kill.
fn reports_until(path: &Path, epoch: u32) -> Result<Vec<EpochReport>, TrainError> {
    let text = std::fs::read_to_string(path).map_err(|source| TrainError::Read {
        path: path.to_owned(),
        source,
    })?;
    let lines = text.lines().take(epoch as usize).zip(1..);
    let parse = |(line, number)| serde_json::from_str(line).map_err(json(path, number));
    lines.map(parse).collect()
}

fn json(path: &Path, line: usize) -> impl Fn(serde_json::Error) -> TrainError {
    move |source| TrainError::Json {
        path: path.to_owned(),
        line,
        source,
    }
}
