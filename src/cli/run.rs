//! `undertone run`: scores recordings.

mod dry;
mod events;
mod out;
mod outdated;
mod plan;
mod source;
mod view;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use clap::Args;
use crossbeam_channel::bounded;

use super::caveats::say_caveats;
use super::error::{CliError, Context};
use super::exit::Exit;
use super::export::{export_all, formats};
use super::found::{say_what_is_missing, warn_of_unreadable};
use super::progress::Terminal;
use super::settings::SettingsArgs;
use super::signals;
use super::verbosity::VerbosityArgs;
use super::worker::workshop;
use crate::assembly::{self, Prepared};
use crate::trial::ensure_tried;
use dry::print_plan;
use plan::Planner;
use source::Source;
use undertone_daemon::{BatchRun, SharedFolder};
use undertone_discovery::Discovered;
use undertone_exports::Format;
use undertone_reports::{RunMark, sweep};
use undertone_telemetry::start_logging;
use view::View;

/// Arguments of `run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// Recordings, or folders of them
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Folder for the reports; created if missing
    #[arg(short, long, value_name = "DIR")]
    pub out: PathBuf,
    /// Score again what already has a report or is quarantined
    #[arg(long)]
    pub force: bool,
    /// Say in the reports what made each score: both flows, and the words that move it most. Takes
    /// longer; the same as `--set report.explain=true`
    #[arg(long)]
    pub explain: bool,
    /// Write all reports of the folder in these formats as well, separated by commas, as
    /// `undertone export` does
    #[arg(long, value_name = "FORMAT", value_delimiter = ',', value_parser = formats())]
    pub export: Vec<Format>,
    /// Say what would be scored, what not, and why; load nothing and write nothing
    #[arg(long, conflicts_with = "export")]
    pub dry_run: bool,
    /// Print what happens for programs: a JSON object a line, instead of the table
    #[arg(long)]
    pub json: bool,
    /// How much is said.
    #[command(flatten)]
    pub verbosity: VerbosityArgs,
    /// Where settings come from.
    #[command(flatten)]
    pub settings: SettingsArgs,
}

pub(super) fn run(args: &RunArgs) -> Result<Exit, CliError> {
    let terminal = Terminal::speaking(args.verbosity.verbosity());
    let mut settings = args.settings.clone();
    if args.explain {
        settings.add("report.explain", "true");
    }
    let config = settings.load().map(|mut config| {
        args.verbosity.apply(&mut config.log);
        config
    });
    let prepared = Prepared::new(config, &args.paths, assembly::open_bundle)?;
    let job = Job {
        out: &args.out,
        force: args.force,
        shown: match (args.json, args.verbosity.quiet) {
            (true, _) => Shown::Events,
            (false, true) => Shown::Nothing,
            (false, false) => Shown::Table,
        },
    };
    if args.dry_run {
        return dry_run(&job, &prepared, &terminal);
    }
    let exit = score(&job, prepared, &terminal)?;
    if args.export.is_empty() {
        return Ok(exit);
    }
    // Also of a run that was interrupted: what is done is done.
    let exported = export_all(&args.out, &args.export, job.shown != Shown::Table)?;
    Ok(match exit {
        Exit::Done => exported,
        exit => exit,
    })
}

/// How recordings are scored.
pub(super) struct Job<'a> {
    /// Folder of the reports.
    pub(super) out: &'a Path,
    /// Score again what is done, and what is quarantined.
    pub(super) force: bool,
    /// What standard output gets.
    pub(super) shown: Shown,
}

/// What standard output gets of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    /// For people: a table of what became of each recording, and totals.
    Table,
    /// For programs: what happens, as it happens.
    Events,
    /// Nothing.
    Nothing,
}

impl Job<'_> {
    fn planner(&self, mark: &Arc<RunMark>) -> Planner {
        Planner {
            out: self.out.to_owned(),
            force: self.force,
            mark: mark.clone(),
        }
    }

    /// Tells people what is missing; true when recordings may be.
    fn say_what_is_missing(&self, discovered: &Discovered) -> Result<bool, CliError> {
        match self.shown {
            Shown::Table => Ok(say_what_is_missing(discovered)?),
            Shown::Events | Shown::Nothing => Ok(!discovered.unreadable.is_empty()),
        }
    }
}

fn dry_run(job: &Job<'_>, prepared: &Prepared, terminal: &Terminal) -> Result<Exit, CliError> {
    let discovered = &prepared.discovered;
    warn_of_unreadable(discovered, terminal);
    let planner = job.planner(&Arc::new(RunMark::new(&prepared.config, &prepared.bundle)));
    print_plan(&discovered.found, &planner, job.shown)?;
    Ok(match job.say_what_is_missing(discovered)? {
        true => Exit::SomeFailed,
        false => Exit::Done,
    })
}

/// Scores the recordings found.
pub(super) fn score(
    job: &Job<'_>,
    prepared: Prepared,
    terminal: &Terminal,
) -> Result<Exit, CliError> {
    out::prepare(job.out)?;
    let shared = SharedFolder::open(job.out)?;
    start_logging(&prepared.config.log, terminal.clone())?;
    ensure_tried(&prepared.bundle, |line| terminal.note(line))?;
    let swept = sweep(job.out);
    if swept > 0 {
        tracing::info!(files = swept, "removed temporary files of a killed run");
    }
    say_caveats(&prepared.bundle, &prepared.config.log, terminal);
    run_batch(job, prepared, &shared, terminal)
}

/// Scores the recordings found, and shows progress.
fn run_batch(
    job: &Job<'_>,
    prepared: Prepared,
    shared: &SharedFolder,
    terminal: &Terminal,
) -> Result<Exit, CliError> {
    let Prepared {
        config,
        mut discovered,
        bundle,
    } = prepared;
    warn_of_unreadable(&discovered, terminal);
    let found = std::mem::take(&mut discovered.found);
    let log = terminal.clone();
    let workshop = workshop(&config, Arc::new(move || Box::new(log.clone())))?;
    let stop = signals::listen().context("cannot listen for signals")?;
    let view = Arc::new(View::new(terminal, found.len(), job));
    let stages = assembly::chain(&config, &bundle).stages;
    let mark = Arc::new(RunMark::new(&config, &bundle));
    outdated::say_outdated(&found, job.out, &mark, terminal);
    // The worker loads the models.
    drop(bundle);
    let source = Source {
        planner: job.planner(&mark),
        claims: shared.claims()?,
        view: view.clone(),
        stop: stop.clone(),
    };
    let (give, sourced) = bounded(1);
    let looking = std::thread::Builder::new()
        .name("source".to_owned())
        .spawn(move || source.send_all(found, &give))?;
    let batch = BatchRun {
        out: job.out.to_owned(),
        config,
        mark,
        workshop,
        sourced,
        stop: stop.clone(),
    };
    let (usage, ended) = batch.run(&mut |event| view.update(event));
    let incomplete = view.finish();
    view.print(&usage, &stages)?;
    let is_missing = job.say_what_is_missing(&discovered)?;
    ended.context("the run was stopped early; run it again to continue")?;
    if stop.load(Ordering::Relaxed) {
        return Ok(Exit::Interrupted);
    }
    // Without a stop it has sent all that it found, or recordings are missing.
    if looking.join().is_err() {
        return Err(CliError::environment(
            "the thread that looks for recordings has panicked: a defect of the program; run it \
             again to continue",
        ));
    }
    Ok(match incomplete {
        0 if !is_missing => Exit::Done,
        _ => Exit::SomeFailed,
    })
}
