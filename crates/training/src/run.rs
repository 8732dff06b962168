//! A training run: epochs, validation, the best weights, and the checkpoint to resume from.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::adam::Adam;
use super::baseline::median;
use super::config::{Criterion, Simulated};
use super::epoch::{OnStep, Step, train_epoch};
use super::evaluate::{score_split, summarise};
use super::state::{Best, RunState};
use super::{
    Dataset, Descent, EmptySplit, EpochReport, EvalError, Findings, Parent, Protocol, Provenance,
    Simulator, SimulatorError, TrainConfig, TrainError, Validation, curves, epochs_csv, schedule,
    statistics,
};
use crate::files::{FileError, create_folder, parse_line, read_text, to_lines, write_file};
use undertone_fusion::{
    Checkpoint, FusionConfig, Modality, Network, keep_freed_memory, write_checkpoint,
};
use undertone_types::Split;

/// A network learned something when its error is less than this share of that of one score for everything.
const LEARNED: f64 = 0.98;
/// The best weights.
const WEIGHTS: &str = "fusion.safetensors";
/// Their config.
const CONFIG: &str = "fusion.json";
/// What resuming after the last whole epoch needs.
pub(super) const CHECKPOINT: &str = "checkpoint.safetensors";
/// One line per epoch.
const METRICS: &str = "metrics.jsonl";
/// The same as a table.
const TABLE: &str = "metrics.csv";
/// Their picture.
const CURVES: &str = "curves.svg";

/// A run that has ended.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainSummary {
    /// Epochs done, those before a resume included.
    pub epochs: u32,
    /// The best of them; `None` when the run was interrupted in its first.
    pub best: Option<Best>,
    /// The validation error (MAE) of the median of the training labels as the score of everything.
    pub median_error: f64,
    /// Why it ended.
    pub reason: StopReason,
    /// The best weights.
    pub weights: PathBuf,
    /// Their config.
    pub config: PathBuf,
    /// Values and modalities that the data set lacks.
    pub findings: Findings,
}

impl TrainSummary {
    /// True where the best epoch is hardly better than one score for everything.
    #[must_use]
    pub fn learned_nothing(&self) -> bool {
        self.best
            .is_some_and(|best| best.error > LEARNED * self.median_error)
    }
}

/// Why a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// All epochs are done.
    Finished,
    /// Patience ran out.
    Early,
    /// The caller interrupted it; it can be resumed after its last whole epoch.
    Interrupted,
}

/// What happens in a run.
#[derive(Debug)]
pub enum TrainEvent<'e> {
    /// The data set was read once; the first step follows.
    Started(&'e Findings),
    /// A step was taken.
    Step(Step),
    /// An epoch is done and on disk.
    Epoch(&'e EpochReport),
}

/// Called with every event; may interrupt the run.
pub type OnEvent<'e> = &'e mut dyn FnMut(TrainEvent<'_>) -> ControlFlow<()>;

/// Trains a network on a data set. `out` gets the best weights by validation error
/// (`fusion.safetensors`, `fusion.json`, `provenance.json`), `metrics.jsonl` and the same as
/// `metrics.csv`, its picture `curves.svg`, and `checkpoint.safetensors`. With `resume`, a run in `out` that was cut off
/// continues after its last whole epoch as if nothing had happened; without a run there, one
/// begins.
///
/// # Errors
/// When config or data are unusable, `out` holds a run and `resume` is false, or the loss
/// diverges.
pub fn train(
    config: &TrainConfig,
    dataset: &Dataset,
    out: &Path,
    resume: bool,
    on_event: OnEvent<'_>,
) -> Result<TrainSummary, TrainError> {
    train_from(None, config, dataset, out, resume, on_event)
}

/// As [`train()`], from the weights of a trained network: a modality that it was not taught gets the
/// statistics of this data set, and is trained from here on; the others keep theirs. A run that is
/// resumed needs no `parent`.
///
/// # Errors
/// As [`train()`], and when the network is of other sizes or features than config and data set.
pub fn train_from(
    parent: Option<&Parent>,
    config: &TrainConfig,
    dataset: &Dataset,
    out: &Path,
    resume: bool,
    on_event: OnEvent<'_>,
) -> Result<TrainSummary, TrainError> {
    config.check()?;
    keep_freed_memory();
    for split in [Split::Train, Split::Val] {
        if dataset.split(split).is_empty() {
            return Err(EmptySplit(split).into());
        }
    }
    let mut run = Run::begin(parent, config, dataset, out, resume)?;
    let findings = run.dataset.check()?;
    let mut reason = run.end();
    if on_event(TrainEvent::Started(&findings)).is_break() {
        reason = Some(StopReason::Interrupted);
    }
    let reason = loop {
        match reason {
            Some(reason) => break reason,
            None => reason = run.epoch(on_event)?,
        }
    };
    Ok(TrainSummary {
        epochs: run.state.epoch,
        best: run.state.best,
        median_error: summarise(&median(dataset, Split::Val), Split::Val)?.mae,
        reason,
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
    /// Whether the text-missing flow is given anything, in training and in validation.
    misses_text: bool,
    /// The lines of `metrics.jsonl`.
    reports: Vec<EpochReport>,
}

impl<'a> Run<'a> {
    fn begin(
        parent: Option<&Parent>,
        config: &TrainConfig,
        dataset: &Dataset,
        out: &'a Path,
        resume: bool,
    ) -> Result<Self, TrainError> {
        let (dataset, simulator) = with_simulator(config, dataset)?;
        let absent = dataset.coverage(Some(Split::Train), &[]).absent();
        let misses_text = misses_text(config, &dataset, &absent)?;
        let checkpoint = out.join(CHECKPOINT);
        let taken = checkpoint.exists() || out.join(WEIGHTS).exists();
        if taken && !resume {
            return Err(TrainError::Occupied {
                path: out.to_owned(),
            });
        }
        let descent = Descent::of_run(parent, &checkpoint)?;
        let fusion = match &descent {
            Some(descent) => descent.goes_on(config, &dataset, &absent, misses_text)?,
            None => FusionConfig {
                untrained: absent.clone(),
                text_missing_untrained: !misses_text,
                ..FusionConfig::new(dataset.info().widths, config.network.clone())
            },
        };
        let mut network = Network::new(fusion, config.run.seed)?;
        network.set_device(config.run.device.resolve()?);
        network.set_threads(config.run.threads);
        network.set_precision(config.run.precision);
        let trained = network.trainable_without(&absent);
        let mut adam = Adam::new(trained, config.optimiser.weight_decay);
        let mut state = RunState::new(config.clone(), dataset.fingerprint().to_owned(), descent);
        let mut reports = Vec::new();
        if checkpoint.exists() {
            state = state.resume(&checkpoint, &network, &mut adam)?;
            reports = reports_until(&out.join(METRICS), state.epoch)?;
        } else {
            begin(&mut network, &dataset, parent)?;
        }
        create_folder(out)?;
        match simulator {
            Some(simulator) => simulator.write(out).map_err(SimulatorError::from)?,
            None => Simulator::remove(out)?,
        }
        Ok(Self {
            dataset,
            out,
            network,
            adam,
            state,
            misses_text,
            reports,
        })
    }

    /// Why the run is over; `None` when epochs are left.
    fn end(&self) -> Option<StopReason> {
        let run = &self.state.config.run;
        let waited = |best: Best| self.state.epoch - best.epoch;
        let early = |best| run.patience > 0 && waited(best) >= run.patience;
        if self.state.epoch >= run.epochs {
            return Some(StopReason::Finished);
        }
        self.state
            .best
            .is_some_and(early)
            .then_some(StopReason::Early)
    }

    /// Trains one epoch, validates, and saves: best weights, metrics, and last the checkpoint,
    /// with which the epoch counts as done. After a kill before that, a resumed run repeats the
    /// epoch with the same result.
    fn epoch(&mut self, on_event: OnEvent<'_>) -> Result<Option<StopReason>, TrainError> {
        let started = Instant::now();
        let config = &self.state.config;
        let epoch = self.state.epoch + 1;
        let rate = schedule::rate(&config.optimiser, epoch);
        let (network, adam) = (&self.network, &mut self.adam);
        let on_step: OnStep<'_> = &mut |step| on_event(TrainEvent::Step(step));
        let loss = train_epoch(network, adam, &self.dataset, config, epoch, rate, on_step)?;
        let Some(loss) = loss else {
            return Ok(Some(StopReason::Interrupted));
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
            self.write_provenance(&report)?;
        }
        self.log(&report)?;
        self.state.epoch = epoch;
        self.state.steps = self.adam.steps();
        let checkpoint = self.out.join(CHECKPOINT);
        self.state.save(&checkpoint, &self.network, &self.adam)?;
        let interrupted = on_event(TrainEvent::Epoch(&report)).is_break();
        let end = self.end();
        Ok(end.or(interrupted.then_some(StopReason::Interrupted)))
    }

    fn validate(&self) -> Result<Validation, EvalError> {
        let on = |protocol| {
            let scored = score_split(&self.network, &self.dataset, Split::Val, protocol)?;
            Ok::<_, EvalError>(summarise(&scored, Split::Val)?)
        };
        Ok(Validation {
            complete: on(Protocol::Complete)?,
            simulated: match self.misses_text {
                true => Some(on(Protocol::Simulated)?),
                false => None,
            },
        })
    }

    /// Writes where the best weights come from.
    fn write_provenance(&self, report: &EpochReport) -> Result<(), TrainError> {
        let best = Best {
            epoch: report.epoch,
            error: report.error,
        };
        let (state, validation) = (&self.state, &report.validation);
        let descent = state.descent.as_ref();
        let provenance = Provenance::of(&state.config, &self.dataset, best, validation, descent);
        Ok(provenance.write(self.out)?)
    }

    fn log(&mut self, report: &EpochReport) -> Result<(), TrainError> {
        self.reports.push(report.clone());
        let path = self.out.join(METRICS);
        let lines = to_lines(&path, &self.reports)?;
        write_file(&path, lines.as_bytes())?;
        epochs_csv::write(&self.reports, &self.out.join(TABLE))?;
        curves::draw(&self.reports, &self.out.join(CURVES))
    }
}

/// Weights and statistics before the first epoch.
fn begin(
    network: &mut Network,
    dataset: &Dataset,
    parent: Option<&Parent>,
) -> Result<(), TrainError> {
    let Some(parent) = parent else {
        return Ok(statistics::fit(network, dataset, &Modality::ALL)?);
    };
    parent.fill(network)?;
    Ok(statistics::fit(
        network,
        dataset,
        parent.descent().to_be_fitted(),
    )?)
}

/// Whether the text-missing flow can be trained and validated on a data set, whose training split
/// lacks the modalities of `absent`.
fn misses_text(
    config: &TrainConfig,
    dataset: &Dataset,
    absent: &[Modality],
) -> Result<bool, TrainError> {
    if absent.len() == Modality::ALL.len() {
        return Err(TrainError::Nothing);
    }
    for split in [Split::Train, Split::Val] {
        if dataset.coverage(Some(split), absent).substitute == 0 {
            return match config.run.criterion {
                Criterion::Missing => Err(TrainError::NoSubstitute { split }),
                Criterion::Both | Criterion::Complete => Ok(false),
            };
        }
    }
    Ok(true)
}

/// The data set as the config wants it: without what it leaves out, with its own simulated text or
/// with a stand-in's.
pub(super) fn with_simulator(
    config: &TrainConfig,
    dataset: &Dataset,
) -> Result<(Dataset, Option<Simulator>), SimulatorError> {
    let dataset = dataset.clone().without(&config.data.without);
    match config.data.simulated {
        Simulated::Given => Ok((dataset, None)),
        Simulated::Ridge => {
            let simulator = Simulator::fit(&dataset)?;
            Ok((dataset.simulated_by(simulator.clone()), Some(simulator)))
        }
    }
}

/// The lines of the first epochs; a kill just before the checkpoint may have left one more.
fn reports_until(path: &Path, epoch: u32) -> Result<Vec<EpochReport>, FileError> {
    let text = read_text(path)?;
    let lines = (1..).zip(text.lines()).take(epoch as usize);
    lines
        .map(|(number, line)| parse_line(path, number, line))
        .collect()
}
