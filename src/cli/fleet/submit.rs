//! `undertone submit`: sends a job for each recording to the queue.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use indicatif::ProgressBar;

use super::QueueArgs;
use crate::assembly::{self, Ready};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::progress::Terminal;
use crate::cli::say;
use crate::cli::verbosity::VerbosityArgs;
use undertone_discovery::Selection;
use undertone_fleet::{Fate, Place, Submission, SubmitEvent, SubmitTotals};
use undertone_reports::RunMark;
use undertone_telemetry::start_logging;
use undertone_terminal::sentences;
use undertone_types::shown_path;

/// Between two lines of progress where there is no terminal.
const SAY: Duration = Duration::from_secs(30);
/// Between two changes of the bar.
const SHOW: Duration = Duration::from_millis(100);

/// Arguments of `submit`.
#[derive(Debug, Args)]
pub struct SubmitArgs {
    /// Folders that all workers see under the same path, or s3://BUCKET[/PREFIX]
    #[arg(required = true, value_name = "SOURCE")]
    pub sources: Vec<PathBuf>,
    /// Folder or s3://BUCKET[/PREFIX] of the reports: what has a current report there is left out.
    /// Without it workers notice
    #[arg(short, long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Where the queue is.
    #[command(flatten)]
    pub queue: QueueArgs,
    /// Say what would be sent; send nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Print the totals as JSON, for programs
    #[arg(long)]
    pub json: bool,
    /// How much is said.
    #[command(flatten)]
    pub verbosity: VerbosityArgs,
}

pub(in crate::cli) fn submit(args: &SubmitArgs) -> Result<Exit, CliError> {
    let terminal = Terminal::speaking(args.verbosity.verbosity());
    let config = args.queue.settings.load().map(|mut config| {
        args.verbosity.apply(&mut config.log);
        config
    });
    let Ready { config, bundle } = Ready::new(config, assembly::open_bundle)?;
    start_logging(&config.log, terminal.clone())?;
    let places = args.sources.iter().map(|source| Place::parse(source));
    let submission = Submission {
        sources: places.collect::<Result<_, _>>()?,
        queue: args.queue.queue.clone(),
        out: args.out.as_deref().map(Place::parse).transpose()?,
        selection: Selection::new(&config.files).map_err(CliError::usage)?,
        mark: Arc::new(RunMark::new(&config, &bundle)),
        config,
        dry_run: args.dry_run,
    };
    let mut view = View::new(&terminal, args);
    let totals = undertone_fleet::submit(&submission, &mut |event| view.update(&event))?;
    view.finish();
    if args.json {
        say(&format!("{}\n", serde_json::to_string(&totals)?))?;
    } else if !args.verbosity.quiet {
        say(&sentences(&format!("{}\n", said(&totals, args.dry_run))))?;
    }
    Ok(match totals.unreadable {
        0 => Exit::Done,
        _ => Exit::SomeFailed,
    })
}

fn said(totals: &SubmitTotals, dry_run: bool) -> String {
    let SubmitTotals {
        found,
        sent,
        queued,
        reported,
        failed,
        unreadable,
    } = totals;
    let sent = match dry_run {
        true => format!("{sent} to be sent or queued"),
        false => format!("{sent} sent, {queued} queued before"),
    };
    let mut text = format!("{found} recordings: {sent}, {reported} have their report");
    if *failed > 0 {
        text += &format!(
            ", {failed} failed for good before (`undertone fleet retry` tries them again)"
        );
    }
    if *unreadable > 0 {
        text += &format!(", {unreadable} files or folders cannot be read");
    }
    text
}

/// What is shown while jobs are sent.
struct View<'a> {
    terminal: &'a Terminal,
    bar: Option<ProgressBar>,
    each: bool,
    dry_run: bool,
    next: Instant,
}

impl<'a> View<'a> {
    fn new(terminal: &'a Terminal, args: &SubmitArgs) -> Self {
        Self {
            bar: terminal.bar(0, "{spinner} {msg}"),
            each: (args.dry_run || args.verbosity.verbose) && !args.json,
            dry_run: args.dry_run,
            next: Instant::now() + SAY,
            terminal,
        }
    }

    fn update(&mut self, event: &SubmitEvent<'_>) {
        match event {
            SubmitEvent::Looked { name, fate, totals } => {
                if self.each {
                    let fate = match fate {
                        Fate::Sent => "to be scored".to_owned(),
                        Fate::Queued => "queued before".to_owned(),
                        Fate::Reported => "has its report".to_owned(),
                        Fate::Failed(why) => format!("failed for good before: {why}"),
                    };
                    // A reader that has gone away does not end the submission.
                    let _ = say(&format!("{}: {fate}\n", shown_path(name)));
                }
                self.progress(totals);
            }
            SubmitEvent::Unreadable(why) => self.terminal.line(&format!(
                "warning: {why}; recordings in it are not submitted"
            )),
        }
    }

    fn progress(&mut self, totals: &SubmitTotals) {
        let now = Instant::now();
        match &self.bar {
            Some(bar) if now + SAY >= self.next + SHOW => {
                bar.set_message(said(totals, self.dry_run));
                self.next = now + SAY;
            }
            None if now >= self.next => {
                self.terminal.note(&said(totals, self.dry_run));
                self.next = now + SAY;
            }
            _ => {}
        }
    }

    fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
