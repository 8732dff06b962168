//! `undertone eval`: measures a fusion network.

mod intervals;

use std::path::PathBuf;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use super::coverage::Measured;
use super::error::CliError;
use super::exit::Exit;
use super::format::Format;
use super::metric_set::MetricsArg;
use super::say;
use undertone_fusion::Scorer;
use undertone_terminal::{sentences, table};
use undertone_training::{
    Dataset, EvalReport, Interval, MetricSet, Metrics, Protocol, Simulator, evaluate, publish,
};
use undertone_types::Split;

/// Arguments of `eval`.
#[derive(Debug, Args)]
pub struct EvalArgs {
    /// Folders of features, from `undertone extract` or `undertone import`
    #[arg(required = true, value_name = "FEATURES")]
    pub features: Vec<PathBuf>,
    /// Folder of a trained network
    #[arg(long, value_name = "DIR")]
    pub network: PathBuf,
    /// Split to evaluate on
    #[arg(long, default_value_t = Split::Test, value_parser = split())]
    pub split: Split,
    /// Which input the network gets: complete, simulated, audio, audio+text and so on,
    /// random-modality:RATE, random-frames:RATE; or a family of these: fixed, random-modality
    /// (rates 0.1 to 0.7), random-frames (0 to 0.9), all
    #[arg(long, value_name = "NAME", default_value = "fixed")]
    pub protocol: Vec<String>,
    /// Bootstrap samples for the 95 % intervals; 0 for none
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = resamples)]
    pub bootstrap: usize,
    /// Folder for evaluation.json, evaluation.csv and predictions.csv
    #[arg(short, long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Measure how far the truth is from the scores, and keep it in the network's fusion.json:
    /// reports then have 90 % intervals. Use utterances that it was not trained on
    #[arg(long)]
    pub write_intervals: bool,
    /// Which metrics the table shows
    #[arg(long, value_enum, default_value_t)]
    pub metrics: MetricsArg,
    /// How the table is written
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
    /// Print JSON, with the score of every utterance
    #[arg(long, conflicts_with = "format")]
    pub json: bool,
}

/// Accepts the splits by their own names, so that `--help` lists them.
fn split() -> impl TypedValueParser<Value = Split> {
    let names = Split::ALL.map(<&'static str>::from);
    PossibleValuesParser::new(names).try_map(|name| name.parse::<Split>())
}

fn resamples(said: &str) -> Result<usize, String> {
    let count = said.parse().ok().filter(|count| *count <= 1_000_000);
    count.ok_or_else(|| "expected a number up to 1000000".to_owned())
}

pub(super) fn eval(args: &EvalArgs) -> Result<Exit, CliError> {
    let protocols = Protocol::of_names(&args.protocol)?;
    if args.write_intervals {
        intervals::check(&args.network, args.split)?;
    }
    let weights = args.network.join("fusion.safetensors");
    let config = args.network.join("fusion.json");
    let scorer = Scorer::load(&weights, &config, 0)?;
    let mut dataset = Dataset::open_all(&args.features)?;
    let set = MetricSet::from(args.metrics);
    set.check(&dataset)?;
    if let Some(simulator) = Simulator::beside(&args.network)? {
        dataset = dataset.simulated_by(simulator);
    }
    let untrained = &scorer.config().untrained;
    let measured = Measured::new(protocols, &dataset, Some(args.split), untrained)?;
    let reports = (measured.protocols.iter())
        .map(|&protocol| evaluate(&scorer, &dataset, args.split, protocol, args.bootstrap))
        .collect::<Result<Vec<_>, _>>()?;
    let mut notes = measured.notes() + &intervals::notes(&reports);
    if scorer.config().text_missing_untrained {
        notes += &sentences(UNTRAINED_FLOW);
    }
    if args.write_intervals {
        notes += &intervals::write(&args.network, &reports)?;
    }
    if let Some(folder) = &args.out {
        publish(&reports, folder)?;
    }
    if args.json {
        say(&format!("{}\n", serde_json::to_string_pretty(&reports)?))?;
        eprint!("{notes}");
    } else {
        say(&table(&lines(&reports, set), args.format.into()))?;
        args.format.note(&notes)?;
    }
    Ok(Exit::Done)
}

/// The first two metrics are followed by their intervals.
const WITH_INTERVAL: usize = 2;
const UNTRAINED_FLOW: &str =
    "the text-missing flow was not trained: figures without real text mean nothing\n";

fn lines(reports: &[EvalReport], set: MetricSet) -> Vec<Vec<String>> {
    let mut heading = vec!["protocol".to_owned(), "n".to_owned()];
    for (at, (name, _)) in set.columns().iter().enumerate() {
        heading.push((*name).to_owned());
        heading.extend((at < WITH_INTERVAL).then(|| "95 %".to_owned()));
    }
    let rows = reports.iter().map(|report| row(report, set));
    std::iter::once(heading).chain(rows).collect()
}

fn row(report: &EvalReport, set: MetricSet) -> Vec<String> {
    let maybe = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    let between = |of: fn(&Metrics) -> Option<f64>| {
        let Interval { low, high, .. } = report.interval.as_ref()?;
        Some(format!("{:.3}..{:.3}", of(low)?, of(high)?))
    };
    let mut cells = vec![report.protocol.clone(), report.metrics.count.to_string()];
    for (at, (_, metric)) in set.columns().iter().enumerate() {
        cells.push(maybe(
            metric(&report.metrics).map(|value| format!("{value:.4}")),
        ));
        cells.extend((at < WITH_INTERVAL).then(|| maybe(between(*metric))));
    }
    cells
}
