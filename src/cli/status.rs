//! `undertone status`: the state of the daemon for a folder of reports, and what it could not
//! score.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use super::error::CliError;
use super::exit::Exit;
use super::say;
use undertone_daemon::{Snapshot, StateFolder};
use undertone_reports::{FailureLine, failure_records};
use undertone_terminal::{columns, sentences};
use undertone_types::shown_path;

/// Arguments of `status`.
#[derive(Debug, Args)]
pub struct StatusArgs {
    /// Folder of the reports
    #[arg(short, long, value_name = "DIR")]
    pub out: PathBuf,
    /// Print JSON, for programs
    #[arg(long)]
    pub json: bool,
}

/// Everything that is shown.
#[derive(Debug, Serialize)]
struct Status {
    /// Process id of the daemon, if it runs.
    daemon: Option<u32>,
    /// The last state that it wrote.
    snapshot: Option<Snapshot>,
    /// What has no report, with the reason.
    not_scored: Vec<NotScored>,
}

#[derive(Debug, Serialize)]
struct NotScored {
    recording: String,
    record: FailureLine,
}

pub(super) fn status(args: &StatusArgs) -> Result<Exit, CliError> {
    if !args.out.is_dir() {
        return Err(CliError::environment(format!(
            "there is no folder {:?}",
            args.out
        )));
    }
    let status = Status {
        daemon: StateFolder::daemon(&args.out),
        snapshot: StateFolder::read_status(&args.out),
        not_scored: not_scored(&args.out),
    };
    if args.json {
        say(&(serde_json::to_string(&status)? + "\n"))?;
    } else {
        say(&render(&status))?;
    }
    Ok(match status.daemon {
        Some(_) => Exit::Done,
        None => Exit::Environment,
    })
}

fn not_scored(out: &Path) -> Vec<NotScored> {
    failure_records(out)
        .map(|(recording, record)| NotScored {
            recording: shown_path(&recording),
            record,
        })
        .collect()
}

fn render(status: &Status) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = draw_daemon(&mut text, status);
    text = sentences(&text);
    if let Some(snapshot) = &status.snapshot {
        draw_snapshot(&mut text, snapshot, status.daemon.is_some());
    }
    draw_not_scored(&mut text, &status.not_scored);
    text
}

fn draw_daemon(text: &mut String, status: &Status) -> std::fmt::Result {
    match (status.daemon, &status.snapshot) {
        (Some(process), Some(snapshot)) => {
            writeln!(
                text,
                "daemon: running (process {process}) since {}, {:.1}\u{d7} real time, {:.1} min of video",
                snapshot.started_at,
                snapshot.speed,
                snapshot.scored_s / 60.0,
            )?;
        }
        (Some(process), None) => writeln!(text, "daemon: starting (process {process})")?,
        (None, Some(snapshot)) => {
            writeln!(
                text,
                "daemon: not running; it last wrote its state at {}",
                snapshot.updated_at
            )?;
        }
        (None, None) => writeln!(text, "daemon: has never run for this folder")?,
    }
    Ok(())
}

/// What the daemon last wrote; what is in progress only while it is `live`.
fn draw_snapshot(text: &mut String, snapshot: &Snapshot, live: bool) {
    for (name, why) in [("paused", &snapshot.paused), ("problem", &snapshot.problem)] {
        if let Some(why) = why.as_ref().filter(|_| live) {
            text.push_str(&sentences(&format!("{name}: {why}\n")));
        }
    }
    let counts = snapshot
        .counts
        .named()
        .map(|(name, count)| format!("{count} {name}"));
    let counts = format!("recordings: {}\n", counts.join(", "));
    text.push_str(&sentences(&counts));
    let rows = snapshot.under_way.iter().filter(|_| live).map(|task| {
        let length = task
            .duration_s
            .map_or("?".to_owned(), |length| format!("{length:.1}"));
        [
            format!("  {}", task.recording),
            format!("{:.1} of {length} s", task.reached_s),
            format!("for {:.0} s", task.for_s),
        ]
    });
    text.push_str(&columns(&rows.collect::<Vec<_>>()));
}

fn draw_not_scored(text: &mut String, not_scored: &[NotScored]) {
    let rows = not_scored.iter().map(|NotScored { recording, record }| {
        let tries = match record.attempts {
            1 => "once".to_owned(),
            attempts => format!("{attempts} times"),
        };
        let next = match (&record.next_try, record.quarantined) {
            (Some(at), _) => format!("failed {tries}, tried again at {at}"),
            (None, true) => format!("quarantined, failed {tries}"),
            (None, false) => format!("failed {tries}"),
        };
        let why = record.error.join(": ");
        [
            format!("  {recording}"),
            next,
            format!("{}: {why}", record.stage),
        ]
    });
    let rows: Vec<_> = rows.collect();
    if !rows.is_empty() {
        text.push_str("not scored:\n");
        text.push_str(&columns(&rows));
    }
}
