//! `undertone train`: trains a fusion network.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::atomic::Ordering;

use clap::Args;
use indicatif::ProgressBar;

use super::error::CliError;
use super::exit::Exit;
use super::progress::Terminal;
use super::settings::key_value;
use super::{say, signals};
use crate::assembly;
use undertone_config::BundleSetting;
use undertone_training::{
    Dataset, EpochReport, Findings, Parent, StopReason, TrainConfig, TrainError, TrainEvent,
    TrainSummary, train_from,
};

/// Utterances that a message names.
const NAMED: usize = 5;

/// Arguments of `train`.
#[derive(Debug, Args)]
pub struct TrainArgs {
    /// Folders of features, from `undertone extract` or `undertone import`
    #[arg(required = true, value_name = "FEATURES")]
    pub features: Vec<PathBuf>,
    /// Folder for checkpoints and the trained network
    #[arg(short, long, value_name = "DIR")]
    pub out: PathBuf,
    /// What it begins from.
    #[command(flatten)]
    pub settings: TrainSettings,
    /// Continue from the last checkpoint, with its settings. Only run.epochs, run.patience,
    /// run.threads and run.device may be changed
    #[arg(long)]
    pub resume: bool,
}

/// What a training begins from: settings that differ from the defaults, and a network.
#[derive(Debug, Args)]
pub struct TrainSettings {
    /// Go on from this trained network (a folder that training wrote, or a bundle, by folder or
    /// name): its weights and sizes are kept, and what it was not taught yet is learned from these
    /// features
    #[arg(long, value_name = "NETWORK")]
    pub from: Option<PathBuf>,
    /// A file with training settings that differ from the defaults (all: config/train.toml)
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// One setting, for example run.seed=3; overrides the file
    #[arg(long, value_name = "KEY=VALUE", value_parser = key_value)]
    pub set: Vec<(String, String)>,
}

impl TrainSettings {
    /// The folder of the network to go on from: as it was given, or that of the bundle of this name.
    pub(super) fn network(&self) -> Result<Option<PathBuf>, CliError> {
        let Some(network) = &self.from else {
            return Ok(None);
        };
        Ok(Some(match network.is_dir() {
            true => network.clone(),
            false => assembly::locate(&BundleSetting::by_name(network))?,
        }))
    }

    /// The settings, with the sizes of the network to go on from.
    pub(super) fn load(&self, parent: Option<&Parent>) -> Result<TrainConfig, TrainError> {
        let (file, set) = (self.config.as_deref(), &self.set);
        Ok(match parent {
            Some(parent) => parent.settings(file, set)?,
            None => TrainConfig::load(file, set)?,
        })
    }
}

pub(super) fn train(args: &TrainArgs) -> Result<Exit, CliError> {
    let parent = args.settings.network()?;
    let parent = parent.as_deref().map(Parent::open).transpose()?;
    let config = settings(args, parent.as_ref())?;
    if !config.run.precision.pays() {
        eprintln!("this processor has no AMX: precision = \"bf16\" is slower here than \"f32\"");
    }
    let dataset = Dataset::open_all(&args.features)?;
    let stop = signals::listen()?;
    let mut view = View::new();
    let (from, out) = (parent.as_ref(), &args.out);
    let summary = train_from(from, &config, &dataset, out, args.resume, &mut |event| {
        view.show(&event);
        if stop.load(Ordering::Relaxed) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    })?;
    view.clear();
    conclude(&summary)
}

/// A run that is resumed goes on with the settings that it began with.
fn settings(args: &TrainArgs, parent: Option<&Parent>) -> Result<TrainConfig, CliError> {
    let TrainSettings { config, set, .. } = &args.settings;
    if args.resume
        && let Some(resumed) = TrainConfig::resumed(&args.out, config.as_deref(), set)?
    {
        eprintln!("resuming with the settings of the run in {:?}", args.out);
        return Ok(resumed);
    }
    Ok(args.settings.load(parent)?)
}

fn conclude(summary: &TrainSummary) -> Result<Exit, CliError> {
    if summary.reason == StopReason::Interrupted {
        let epochs = summary.epochs;
        eprintln!(
            "stopped after {epochs} complete epochs; the same command with --resume continues"
        );
        return Ok(Exit::Interrupted);
    }
    if let Some(best) = summary.best {
        say(&format!(
            "epoch {} was best: validation error (MAE) {:.4}\n{}\n{}\n",
            best.epoch,
            best.error,
            summary.weights.display(),
            summary.config.display(),
        ))?;
    }
    if summary.learned_nothing() {
        eprintln!(
            "it learned next to nothing: the median of the training labels as the score of everything is \
             as good (MAE {:.4}); check labels and features, and try another run.seed, \
             optimiser.learning_rate or loss.distil_after_epochs",
            summary.median_error
        );
    }
    Ok(Exit::Done)
}

/// A progress bar on a terminal, and a line for each epoch.
pub(super) struct View {
    terminal: Terminal,
    bar: Option<ProgressBar>,
}

impl View {
    pub(super) fn new() -> Self {
        let terminal = Terminal::new();
        let bar = terminal.bar(0, "{bar:12} {pos}/{len} steps, {wide_msg}");
        Self { terminal, bar }
    }

    pub(super) fn show(&mut self, event: &TrainEvent<'_>) {
        match event {
            TrainEvent::Started(findings) => {
                for line in warnings(findings) {
                    self.terminal.line(&line);
                }
            }
            TrainEvent::Step(step) => {
                if let Some(bar) = &self.bar {
                    bar.set_length(step.steps as u64);
                    bar.set_position(step.step as u64);
                    bar.set_message(format!("epoch {}, loss {:.4}", step.epoch, step.loss));
                }
            }
            TrainEvent::Epoch(report) => self.terminal.line(&epoch_line(report)),
        }
    }

    pub(super) fn clear(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

/// Warnings about the data, before the training.
fn warnings(findings: &Findings) -> Vec<String> {
    let mut lines = Vec::new();
    if !findings.non_finite.is_empty() {
        let values: usize = findings.non_finite.iter().map(|one| one.count).sum();
        let named = findings.non_finite.iter().take(NAMED);
        let names: Vec<&str> = named.map(|one| one.id.as_str()).collect();
        lines.push(format!(
            "{values} values of {} utterances are not finite and count as 0: {}{}",
            findings.non_finite.len(),
            names.join(", "),
            if findings.non_finite.len() > NAMED {
                ", …"
            } else {
                ""
            },
        ));
    }
    for (what, count) in [
        ("audio", findings.without_audio),
        ("text", findings.without_text),
        ("simulated text", findings.without_simulated),
        ("video", findings.without_video),
    ] {
        match count {
            0 => {}
            all if all == findings.utterances => {
                lines.push(format!("{what}: absent from all utterances"));
            }
            some => lines.push(format!("{some} utterances have no {what}")),
        }
    }
    for modality in &findings.untaught {
        lines.push(format!(
            "no training utterance has {modality}: nothing is learned of it"
        ));
    }
    match findings.without_substitute {
        0 => {}
        all if all == findings.utterances => lines.push(
            "the text-missing flow is not trained: no utterance has simulated text, audio or video"
                .to_owned(),
        ),
        some => lines.push(format!(
            "{some} utterances have no simulated text, audio or video, and do not count for the \
             text-missing flow"
        )),
    }
    lines
}

fn epoch_line(report: &EpochReport) -> String {
    let validation = &report.validation;
    let simulated = validation.simulated.map_or_else(String::new, |simulated| {
        format!(", simulated {:.4}", simulated.mae)
    });
    format!(
        "epoch {}/{}: loss {:.4}; validation MAE complete {:.4}{simulated}{}; {:.1} s",
        report.epoch,
        report.epochs,
        report.loss.total,
        validation.complete.mae,
        if report.best { ", the best so far" } else { "" },
        report.seconds,
    )
}
