//! `undertone retry`: retries what failed, also what is quarantined.

use std::path::{Path, PathBuf};

use clap::Args;
use rustix::process::{Pid, Signal, kill_process};

use super::error::{CliError, Context};
use super::exit::Exit;
use super::say;
use undertone_daemon::StateFolder;
use undertone_reports::{ReportPaths, failure_records, read_failure, retry_now};

/// Arguments of `retry`.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("which").required(true).args(["recordings", "all"]))]
pub struct RetryArgs {
    /// Recordings, as `undertone status` names them
    #[arg(value_name = "RECORDING")]
    pub recordings: Vec<PathBuf>,
    /// Everything that failed
    #[arg(long)]
    pub all: bool,
    /// Forget earlier attempts: a quarantined recording may fail twice again
    #[arg(long)]
    pub forget: bool,
    /// Folder of the reports
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
}

pub(super) fn retry(args: &RetryArgs) -> Result<Exit, CliError> {
    let chosen = match args.all {
        true => failure_records(&args.out)
            .map(|(recording, _)| recording)
            .collect(),
        false => args.recordings.clone(),
    };
    let mut unknown = Vec::new();
    let mut retried = 0;
    for recording in &chosen {
        match retry_one(&args.out, recording, args.forget)? {
            true => retried += 1,
            false => unknown.push(recording.display().to_string()),
        }
    }
    let when = match StateFolder::daemon(&args.out) {
        Some(daemon) => {
            wake(daemon).context("cannot notify the daemon; it will notice at its next scan")?;
            "now"
        }
        None => "by the next `undertone run` or `watch`",
    };
    say(&format!("{retried} will be retried {when}\n"))?;
    if !unknown.is_empty() {
        return Err(CliError::environment(format!(
            "there is no failure record for {}; `undertone status --out {}` lists the records",
            unknown.join(", "),
            args.out.display()
        )));
    }
    Ok(Exit::Done)
}

/// `false` when there is no record of a failure.
fn retry_one(out: &Path, recording: &Path, forget: bool) -> Result<bool, CliError> {
    let path = ReportPaths::new(out, recording).failure;
    let Some(line) = read_failure(&path) else {
        return Ok(false);
    };
    match forget {
        true => std::fs::remove_file(&path).context(format!("cannot remove {path:?}"))?,
        false => retry_now(&path, line)?,
    }
    Ok(true)
}

fn wake(daemon: u32) -> Result<(), CliError> {
    let daemon = Pid::from_raw(daemon.cast_signed())
        .ok_or_else(|| CliError::environment("the daemon's lock file names no process"))?;
    Ok(kill_process(daemon, Signal::USR1)?)
}
