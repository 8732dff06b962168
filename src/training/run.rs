//! A training run: epochs, validation, the best weights, and what is needed to go on.

use std::path::{Path, PathBuf};
use std::time::Instant;

use super::adam::Adam;
use super::epoch::train_epoch;
use super::evaluate::{score_split, summarise};
use super::state::{Best, RunState};
use super::{
    Dataset, EpochReport, Findings, Protocol, Split, TrainConfig, TrainError, Validation, schedule,
    statistics,
};
use crate::fusion::{Checkpoint, FusionConfig, Network, write_atomically, write_checkpoint};

/// The best weights.
const WEIGHTS: &str = "fusion.safetensors";
/// Their config.
const CONFIG: &str = "fusion.json";
/// What is needed to go on after the last whole epoch.
const CHECKPOINT: &str = "checkpoint.safetensors";
/// One line per epoch.
const METRICS: &str = "metrics.jsonl";

/// A finished run.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainOutcome {
    /// Epochs done, those before a resume included.
    pub epochs: u32,
    /// The best of them, from 1.
    pub best_epoch: u32,
    /// Its validation error.
    pub best_error: f64,
    /// Whether patience ran out.
    pub stopped_early: bool,
    /// The best weights.
    pub weights: PathBuf,
    /// Their config.
    pub config: PathBuf,
    /// What is odd about the data.
    pub findings: Findings,
}

/// Trains a network on a data set. `out` gets the best weights by validation
/// (`fusion.safetensors`, `fusion.json`), `metrics.jsonl` and `checkpoint.safetensors`; with
/// `resume` a run that was cut off goes on after its last whole epoch, as if it had not been
/// (one that has not begun begins). `on_epoch` is told of each epoch after it is on disk.
///
/// # Errors
/// When config or data are unusable, `out` holds a run that is not to be resumed, or the loss
/// diverges.
pub fn train(
    config: &TrainConfig,
    dataset: &Path,
    out: &Path,
    resume: bool,
    on_epoch: &mut dyn FnMut(&EpochReport),
) -> Result<TrainOutcome, TrainError> {
    config.check()?;
    if config.run.threads > 0 {
        tch::set_num_threads(i32::try_from(config.run.threads).unwrap_or(i32::MAX));
    }
    let dataset = Dataset::open(dataset)?;
    for split in [Split::Train, Split::Val] {
        if dataset.split(split).is_empty() {
            let split = split.to_string();
            return Err(TrainError::Empty { split });
        }
    }
    let findings = dataset.check()?;
    let mut run = Run::begin(config, &dataset, out, resume)?;
    let mut stopped_early = run.out_of_patience();
    while run.state.epoch < config.run.epochs && !stopped_early {
        let report = run.epoch()?;
        on_epoch(&report);
        stopped_early = run.out_of_patience();
    }
    let best = run.state.best.ok_or_else(|| {
        let reason = "its checkpoint has no best epoch".to_owned();
        TrainError::Resume(reason)
    })?;
    Ok(TrainOutcome {
        epochs: run.state.epoch,
        best_epoch: best.epoch,
        best_error: best.error,
        stopped_early,
        weights: out.join(WEIGHTS),
        config: out.join(CONFIG),
        findings,
    })
}

/// A run between two epochs.
struct Run<'a> {
    dataset: &'a Dataset,
    out: &'a Path,
    network: Network,
    adam: Adam,
    state: RunState,
    /// The lines of `metrics.jsonl`.
    lines: String,
}

impl<'a> Run<'a> {
    fn begin(
        config: &TrainConfig,
        dataset: &'a Dataset,
        out: &'a Path,
        resume: bool,
    ) -> Result<Self, TrainError> {
        let fusion = FusionConfig::new(dataset.info().widths, config.network.clone());
        let mut network = Network::new(fusion, config.run.seed)?;
        let mut adam = Adam::new(network.trainable(), config.optimiser.weight_decay);
        let mut state = RunState::new(config.clone(), dataset.fingerprint().to_owned());
        let mut lines = String::new();
        let checkpoint = out.join(CHECKPOINT);
        match (checkpoint.exists(), resume) {
            (true, true) => {
                state = state.resume(&checkpoint, &network, &mut adam)?;
                lines = lines_until(&out.join(METRICS), state.epoch)?;
            }
            (true, false) => {
                return Err(TrainError::Occupied {
                    path: out.to_owned(),
                });
            }
            (false, _) => statistics::fit(&mut network, dataset)?,
        }
        std::fs::create_dir_all(out).map_err(|source| TrainError::Write {
            path: out.to_owned(),
            source,
        })?;
        Ok(Self {
            dataset,
            out,
            network,
            adam,
            state,
            lines,
        })
    }

    fn out_of_patience(&self) -> bool {
        let patience = self.state.config.run.patience;
        let waited = |best: Best| self.state.epoch - best.epoch;
        patience > 0 && self.state.best.is_some_and(|best| waited(best) >= patience)
    }

    /// Trains one epoch, validates, and saves: best weights, metrics, then the checkpoint that
    /// makes the epoch count. A kill before that repeats the epoch, with the same result.
    fn epoch(&mut self) -> Result<EpochReport, TrainError> {
        let started = Instant::now();
        let config = &self.state.config;
        let epoch = self.state.epoch + 1;
        let rate = schedule::rate(&config.optimiser, epoch);
        let (network, adam) = (&self.network, &mut self.adam);
        let loss = train_epoch(network, adam, self.dataset, config, epoch, rate)?;
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
        }
        self.log(&report)?;
        self.state.epoch = epoch;
        self.state.steps = self.adam.steps();
        let checkpoint = self.out.join(CHECKPOINT);
        self.state.save(&checkpoint, &self.network, &self.adam)?;
        Ok(report)
    }

    fn validate(&self) -> Result<Validation, TrainError> {
        let on = |protocol| {
            let scored = score_split(&self.network, self.dataset, Split::Val, protocol)?;
            summarise(&scored, Split::Val)
        };
        Ok(Validation {
            complete: on(Protocol::Complete)?,
            simulated: on(Protocol::Simulated)?,
        })
    }

    fn log(&mut self, report: &EpochReport) -> Result<(), TrainError> {
        let path = self.out.join(METRICS);
        let line = serde_json::to_string(report).map_err(|source| TrainError::Json {
            path: path.clone(),
            line: 0,
            source,
        })?;
        self.lines.push_str(&line);
        self.lines.push('\n');
        Ok(write_atomically(&path, self.lines.as_bytes())?)
    }
}

/// The lines of the first epochs; a later one was written just before a kill.
fn lines_until(path: &Path, epoch: u32) -> Result<String, TrainError> {
    let text = std::fs::read_to_string(path).map_err(|source| TrainError::Read {
        path: path.to_owned(),
        source,
    })?;
    let lines = text.lines().take(epoch as usize);
    Ok(lines.map(|line| format!("{line}\n")).collect())
}
