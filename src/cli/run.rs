//! `undertone run`: scores recordings.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;

use super::demo::warn_of_demo;
use super::error::{CliError, Context};
use super::exit::Exit;
use super::progress::Terminal;
use super::settings::SettingsArgs;
use super::signals::Signals;
use super::view::View;
use crate::assembly::{self, Prepared, SessionThreads, SpeechModels};
use crate::stages::report::{FailureRecords, Reporter};
use crate::topology::{self, StageError, Stop};
use crate::trial::ensure_tried;
use undertone_discovery::{Found, identify};
use undertone_reports::{ReportPaths, RunMark, is_done, sweep};
use undertone_telemetry::{StageClocks, start_logging};
use undertone_types::{Cause, Failure, Recording, RecordingId, SourceItem, Stage};

/// Arguments of `run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// Recordings, or folders of them
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Folder for the reports; created if missing
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Score recordings again that already have a report
    #[arg(long)]
    pub force: bool,
    /// Where settings come from.
    #[command(flatten)]
    pub settings: SettingsArgs,
}

pub(super) fn run(args: &RunArgs) -> Result<Exit, CliError> {
    let terminal = Terminal::new();
    let prepared = Prepared::new(args.settings.load(), &args.paths, assembly::open_bundle)?;
    start_logging(&prepared.config.log, terminal.clone())?;
    ensure_tried(&prepared.bundle, |line| terminal.line(line))?;
    let swept = sweep(&args.out);
    if swept > 0 {
        tracing::info!(files = swept, "removed temporary files of a killed run");
    }
    warn_of_demo(&prepared.bundle, &prepared.config.log, &terminal);
    run_chain(args, prepared, &terminal)
}

/// Runs the chain over the recordings found, and shows progress.
fn run_chain(args: &RunArgs, prepared: Prepared, terminal: &Terminal) -> Result<Exit, CliError> {
    let Prepared {
        config,
        found,
        bundle,
    } = prepared;
    let media = assembly::media_sources(&config)?;
    let speech = SpeechModels::load(&bundle, SessionThreads::of_chain(&config))?;
    let engines = speech.engines(&config, &bundle, media)?;
    let chain = assembly::chain(&config, &bundle);
    let mark = Arc::new(RunMark::new(&config, &bundle));
    let view = View::new(terminal, found.len());
    let (stop, clocks) = (Arc::new(Stop::default()), StageClocks::default());
    let signals = Signals::install(&stop).context("cannot listen for signals")?;

    let source = Source {
        found,
        out: &args.out,
        force: args.force,
        mark: &mark,
        view: &view,
    };
    let mut reporter = Reporter::new(
        args.out.clone(),
        mark.clone(),
        FailureRecords::Write,
        |event| view.update(event),
    );
    topology::run(
        &chain,
        engines,
        source.recordings(),
        |message| {
            reporter
                .take(message)
                .map_err(|error| StageError::new(Stage::Report, error))
        },
        &clocks,
        &stop,
        || signals.watch(&clocks),
    );
    let failures = view.finish(&clocks, &chain.stages)?;
    if let Some(error) = stop.take_error() {
        return Err(error).context("the run was stopped early; run it again to continue");
    }
    Ok(match (signals.came(), failures) {
        (true, _) => Exit::Interrupted,
        (false, 0) => Exit::Done,
        (false, _) => Exit::SomeFailed,
    })
}

/// Hashes recordings one after the other, and skips those that are done.
struct Source<'r> {
    found: Vec<Found>,
    out: &'r Path,
    force: bool,
    mark: &'r RunMark,
    view: &'r View,
}

impl<'r> Source<'r> {
    fn recordings(self) -> impl Iterator<Item = SourceItem> + Send + use<'r> {
        let Self {
            found,
            out,
            force,
            mark,
            view,
        } = self;
        found.into_iter().zip(0..).filter_map(move |(found, id)| {
            let recording = match identify(&found, RecordingId(id)) {
                Ok(recording) => recording,
                Err(error) => return Some(unreadable(found, RecordingId(id), &error)),
            };
            let report = ReportPaths::new(out, &found.relative).report;
            if !force && is_done(out, &found.relative, &recording.blake3, mark) {
                view.skipped(&recording, &report);
                return None;
            }
            Some(SourceItem::Recording(Arc::new(recording)))
        })
    }
}

fn unreadable(found: Found, id: RecordingId, error: &std::io::Error) -> SourceItem {
    let failure =
        Failure::new(Stage::Source, Cause::Io, error).with_hint("check that it can be read");
    let recording = Recording {
        id,
        path: found.path,
        relative: found.relative,
        size_bytes: 0,
        modified: None,
        blake3: String::new(),
    };
    SourceItem::Unreadable(Arc::new(recording), failure)
}
