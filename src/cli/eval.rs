//! `undertone eval`: measures a fusion network.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::exit::Exit;
use super::say;
use super::table::columns;
use crate::fusion::Scorer;
use crate::training::{Metrics, Protocol, Split, evaluate};

/// Arguments of `eval`.
#[derive(Debug, Args)]
pub struct EvalArgs {
    /// Folder of features, from `undertone extract`
    #[arg(value_name = "FEATURES")]
    pub features: PathBuf,
    /// Folder of a trained network
    #[arg(long, value_name = "DIR")]
    pub network: PathBuf,
    /// Which part of the features
    #[arg(long, value_enum, default_value_t = Part::Test)]
    pub split: Part,
    /// Print JSON, with the score of every utterance
    #[arg(long)]
    pub json: bool,
}

/// A part of a data set, as the command line names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// What the network learned from.
    Train,
    /// What chose the epoch.
    Val,
    /// What neither did.
    Test,
}

impl From<Part> for Split {
    fn from(part: Part) -> Self {
        match part {
            Part::Train => Self::Train,
            Part::Val => Self::Val,
            Part::Test => Self::Test,
        }
    }
}

pub(super) fn eval(args: &EvalArgs) -> anyhow::Result<Exit> {
    let weights = args.network.join("fusion.safetensors");
    let config = args.network.join("fusion.json");
    let scorer = Scorer::load(&weights, &config, 0)?;
    let reports = Protocol::FIXED
        .into_iter()
        .map(|protocol| evaluate(&scorer, &args.features, args.split.into(), protocol))
        .collect::<Result<Vec<_>, _>>()?;
    if args.json {
        say(&format!("{}\n", serde_json::to_string_pretty(&reports)?))?;
        return Ok(Exit::Done);
    }
    let heading =
        ["protocol", "n", "MAE", "corr", "acc7", "acc5", "acc2", "F1"].map(ToOwned::to_owned);
    let rows = reports
        .iter()
        .map(|report| row(&report.protocol, &report.metrics));
    say(&columns(
        &std::iter::once(heading).chain(rows).collect::<Vec<_>>(),
    ))?;
    Ok(Exit::Done)
}

fn row(protocol: &str, metrics: &Metrics) -> [String; 8] {
    let number = |value: f64| format!("{value:.4}");
    let maybe = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), number);
    [
        protocol.to_owned(),
        metrics.count.to_string(),
        number(metrics.mae),
        maybe(metrics.corr),
        number(metrics.acc7),
        number(metrics.acc5),
        maybe(metrics.acc2_non0),
        maybe(metrics.f1_non0),
    ]
}
