//! `undertone work`: scores what the queue gives, until stopped.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;

use super::QueueArgs;
use crate::assembly::{self, Ready};
use crate::cli::caveats::say_caveats;
use crate::cli::error::{CliError, Context};
use crate::cli::exit::Exit;
use crate::cli::export::formats;
use crate::cli::progress::Terminal;
use crate::cli::say;
use crate::cli::signals;
use crate::cli::worker::workshop;
use crate::trial::ensure_tried;
use undertone_daemon::BatchRun;
use undertone_exports::Format;
use undertone_fleet::{FleetWorker, Place, WorkOptions, WorkTotals};
use undertone_reports::RunMark;
use undertone_telemetry::start_logging;

/// Arguments of `work`.
#[derive(Debug, Args)]
pub struct WorkArgs {
    /// Folder or s3://BUCKET[/PREFIX] for the reports
    #[arg(short, long, value_name = "DIR")]
    pub out: PathBuf,
    /// Send each report in these formats as well, separated by commas
    #[arg(long, value_name = "FORMAT", value_delimiter = ',', value_parser = formats())]
    pub export: Vec<Format>,
    /// End when the queue has nothing left for this bundle
    #[arg(long)]
    pub until_empty: bool,
    /// Where the queue is.
    #[command(flatten)]
    pub queue: QueueArgs,
}

pub(in crate::cli) fn work(args: &WorkArgs) -> Result<Exit, CliError> {
    let Ready { config, bundle } = Ready::new(args.queue.settings.load(), assembly::open_bundle)?;
    let out = Place::parse(&args.out)?;
    start_logging(&config.log, std::io::stderr)?;
    ensure_tried(&bundle, |line| tracing::info!("{line}"))?;
    say_caveats(&bundle, &config.log, &Terminal::new());
    let workshop = workshop(&config, Arc::new(|| Box::new(std::io::stderr())))?;
    let stop = signals::listen().context("cannot listen for signals")?;
    let mark = Arc::new(RunMark::new(&config, &bundle));
    // The scoring process loads the models.
    drop(bundle);
    let worker = FleetWorker::start(WorkOptions {
        queue: args.queue.queue.clone(),
        out,
        config: config.clone(),
        mark: mark.clone(),
        exports: args.export.clone(),
        until_empty: args.until_empty,
        stop: stop.clone(),
        // The scoring process ends with this one.
        grace_over: Box::new(|| std::process::exit(Exit::Interrupted as i32)),
    })?;
    let batch = BatchRun {
        out: worker.reports().to_owned(),
        config,
        mark,
        workshop,
        sourced: worker.sourced(),
        stop,
    };
    let (_, ended) = batch.run(&mut |event| worker.tell(event));
    let totals = worker.finish();
    ended.context("the worker ends, and its jobs go to others")?;
    let totals = totals?;
    say(&said(&totals))?;
    // A worker that was stopped has done what it should, whatever failed in weeks.
    Ok(match totals.dead > 0 && args.until_empty {
        true => Exit::SomeFailed,
        false => Exit::Done,
    })
}

fn said(totals: &WorkTotals) -> String {
    let WorkTotals {
        done,
        known,
        failed,
        dead,
        scored_s,
    } = totals;
    format!(
        "{done} scored ({:.1} min), {known} had their report, {failed} attempts failed, {dead} \
         failed for good\n",
        scored_s / 60.0
    )
}
