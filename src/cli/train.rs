//! `undertone train`: trains a fusion network.

use std::path::PathBuf;

use clap::Args;

use super::exit::Exit;
use super::say;
use crate::training::{EpochReport, TrainConfig, TrainOutcome, train as run_training};

/// Arguments of `train`.
#[derive(Debug, Args)]
pub struct TrainArgs {
    /// Folder of features, from `undertone extract`
    #[arg(value_name = "FEATURES")]
    pub features: PathBuf,
    /// Folder for checkpoints and the trained network
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// A file with training settings that differ from the defaults
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Go on from the last checkpoint
    #[arg(long)]
    pub resume: bool,
}

pub(super) fn train(args: &TrainArgs) -> anyhow::Result<Exit> {
    let config = match &args.config {
        Some(path) => TrainConfig::read(path)?,
        None => TrainConfig::default(),
    };
    let mut on_epoch = |report: &EpochReport| eprintln!("{}", epoch_line(report));
    let outcome = run_training(
        &config,
        &args.features,
        &args.out,
        args.resume,
        &mut on_epoch,
    )?;
    let TrainOutcome {
        best_epoch,
        best_error,
        weights,
        config,
        ..
    } = outcome;
    say(&format!(
        "epoch {best_epoch} was best: validation error (MAE) {best_error:.4}\n{}\n{}\n",
        weights.display(),
        config.display(),
    ))?;
    Ok(Exit::Done)
}

fn epoch_line(report: &EpochReport) -> String {
    let validation = &report.validation;
    format!(
        "epoch {}/{}: loss {:.4}; validation MAE complete {:.4}, simulated {:.4}{}; {:.1} s",
        report.epoch,
        report.epochs,
        report.loss.total,
        validation.complete.mae,
        validation.simulated.mae,
        if report.best { ", the best so far" } else { "" },
        report.seconds,
    )
}
