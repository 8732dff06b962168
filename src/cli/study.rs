//! `undertone study`: many trainings, one table.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Args;

use super::coverage::Measured;
use super::error::CliError;
use super::exit::Exit;
use super::format::Format;
use super::metric_set::MetricsArg;
use super::progress::Terminal;
use super::train::TrainSettings;
use super::{say, signals};
use undertone_terminal::table;
use undertone_training::{
    Dataset, MetricSet, Parent, Protocol, RunDone, Spread, StudyObserver, StudyPlan, StudyRow,
    Term, publish_study, study as run_study,
};
use undertone_types::Split;

/// Arguments of `study`.
#[derive(Debug, Args)]
pub struct StudyArgs {
    /// Folders of features, from `undertone extract` or `undertone import`
    #[arg(required = true, value_name = "FEATURES")]
    pub features: Vec<PathBuf>,
    /// Folder for the runs, study.json and study.csv; finished runs are not repeated
    #[arg(short, long, value_name = "DIR")]
    pub out: PathBuf,
    /// What every run begins from.
    #[command(flatten)]
    pub settings: TrainSettings,
    /// Number of seeds, counted up from run.seed
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=1000))]
    pub seeds: u64,
    /// Cross-validate with N folds of recordings instead of the features' own splits; their test
    /// split is not used
    #[arg(long, value_name = "N")]
    pub folds: Option<usize>,
    /// Also train without a part of the method: mkd, rs, rnc, mia or missing
    #[arg(long, value_name = "PART")]
    pub without: Vec<Term>,
    /// Inputs to evaluate with; names as in `undertone eval`
    #[arg(long, value_name = "NAME", default_values = ["complete", "audio+video", "simulated"])]
    pub protocol: Vec<String>,
    /// Runs in parallel; one per core by default
    #[arg(long, value_name = "N")]
    pub jobs: Option<usize>,
    /// Which metrics the table shows
    #[arg(long, value_enum, default_value_t)]
    pub metrics: MetricsArg,
    /// How the table is written
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

pub(super) fn study(args: &StudyArgs) -> Result<Exit, CliError> {
    let from = args.settings.network()?;
    let parent = from.as_deref().map(Parent::open).transpose()?;
    let mut config = args.settings.load(parent.as_ref())?;
    if config.run.threads == 0 {
        // Whole runs side by side make better use of the cores than parts of one.
        config.run.threads = 1;
    }
    let mut without = args.without.clone();
    without.sort_by_key(|term| term.name());
    without.dedup();
    let cores = std::thread::available_parallelism()?.get();
    let dataset = Dataset::open_all(&args.features)?;
    let set = MetricSet::from(args.metrics);
    // Before hours of training.
    set.check(&dataset)?;
    // A cross-validation makes test splits of its own.
    let split = args.folds.is_none().then_some(Split::Test);
    let untrained = dataset.coverage(Some(Split::Train), &[]).absent();
    let protocols = Protocol::of_names(&args.protocol)?;
    let measured = Measured::new(protocols, &dataset, split, &untrained)?;
    let notes = measured.notes();
    let plan = StudyPlan {
        from,
        folds: args.folds,
        seeds: args.seeds,
        without,
        protocols: measured.protocols,
        jobs: args.jobs.unwrap_or(cores.div_ceil(config.run.threads)),
    };
    let view = View {
        terminal: Terminal::new(),
        stop: signals::listen()?,
    };
    let Some(rows) = run_study(&config, &dataset, &plan, &args.out, &view)? else {
        eprintln!("stopped; the same command continues");
        return Ok(Exit::Interrupted);
    };
    publish_study(&rows, &args.out)?;
    say(&table(&lines(&rows, set), args.format.into()))?;
    args.format.note(&notes)?;
    Ok(Exit::Done)
}

struct View {
    terminal: Terminal,
    stop: Arc<AtomicBool>,
}

impl StudyObserver for View {
    fn run_done(&self, run: &RunDone<'_>) {
        let RunDone { name, done, runs } = run;
        self.terminal.line(&format!("[{done}/{runs}] {name}"));
    }

    fn is_interrupted(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// Mean ± standard deviation over the seeds, and how likely the difference of MAE from the first model is
/// chance.
fn lines(rows: &[StudyRow], set: MetricSet) -> Vec<Vec<String>> {
    let line = |[model, protocol]: [&str; 2], metrics: Vec<String>, p_value: String| {
        let names = [model, protocol].map(ToOwned::to_owned).into_iter();
        names.chain(metrics).chain([p_value]).collect()
    };
    let columns = set.columns().iter();
    let heading = columns.clone().map(|(name, _)| (*name).to_owned());
    let mut lines = vec![line(
        ["model", "protocol"],
        heading.collect(),
        "p".to_owned(),
    )];
    lines.extend(rows.iter().map(|row| {
        let metrics = columns.clone().map(|(_, metric)| cell(row.spread(*metric)));
        let p_value = row
            .p_value
            .map_or_else(|| "-".to_owned(), |p| format!("{p:.4}"));
        line([&row.model, &row.protocol], metrics.collect(), p_value)
    }));
    lines
}

fn cell(spread: Option<Spread>) -> String {
    match spread {
        None => "-".to_owned(),
        Some(Spread {
            mean,
            deviation: None,
        }) => format!("{mean:.4}"),
        Some(Spread {
            mean,
            deviation: Some(deviation),
        }) => format!("{mean:.4} ± {deviation:.4}"),
    }
}
