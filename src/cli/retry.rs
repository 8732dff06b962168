//! `undertone retry`: retries what failed, also what is quarantined.

use std::path::{Component, Path, PathBuf};

use clap::Args;
use rustix::process::{Pid, Signal, kill_process};

use super::error::{CliError, Context};
use super::exit::Exit;
use super::say;
use undertone_daemon::StateFolder;
use undertone_reports::{ReportPaths, failure_records, read_failure, retry_now};
use undertone_types::shown_path;

/// Arguments of `retry`.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("which").required(true).args(["recordings", "all"]))]
pub struct RetryArgs {
    /// Recordings: their files, or their names as `undertone status` shows them
    #[arg(value_name = "RECORDING")]
    pub recordings: Vec<PathBuf>,
    /// Everything that failed
    #[arg(long)]
    pub all: bool,
    /// Forget earlier attempts: a quarantined recording may fail twice again
    #[arg(long)]
    pub forget: bool,
    /// Folder of the reports
    #[arg(short, long, value_name = "DIR")]
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
        match find(&args.out, recording) {
            Some(record) => {
                retry_one(&record, args.forget)?;
                retried += 1;
            }
            None => unknown.push(shown_path(recording)),
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

/// The failure record of a recording: by its name below its input, or by its file.
fn find(out: &Path, recording: &Path) -> Option<PathBuf> {
    let by_name = ReportPaths::new(out, recording).failure;
    let is_name = recording
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    if is_name && read_failure(&by_name).is_some() {
        return Some(by_name);
    }
    let said = resolved(recording);
    let mut records = failure_records(out);
    let (name, _) = records.find(|(name, line)| {
        let source = Path::new(&line.source.path);
        // The run may have been started in another folder than this.
        let is_elsewhere = source.is_relative() && said.ends_with(source) && said.ends_with(name);
        resolved(source) == said || is_elsewhere
    })?;
    Some(ReportPaths::new(out, &name).failure)
}

/// Absolute and without links, as text: records replace what is not Unicode.
fn resolved(path: &Path) -> PathBuf {
    let resolved = std::fs::canonicalize(path).or_else(|_| std::path::absolute(path));
    let resolved = resolved.unwrap_or_else(|_| path.to_owned());
    resolved.to_string_lossy().into_owned().into()
}

fn retry_one(record: &Path, forget: bool) -> Result<(), CliError> {
    match (forget, read_failure(record)) {
        (true, _) => std::fs::remove_file(record).context(format!("cannot remove {record:?}")),
        (false, Some(line)) => Ok(retry_now(record, line)?),
        // The daemon has scored it meanwhile.
        (false, None) => Ok(()),
    }
}

fn wake(daemon: u32) -> Result<(), CliError> {
    let daemon = Pid::from_raw(daemon.cast_signed())
        .ok_or_else(|| CliError::environment("the daemon's lock file names no process"))?;
    Ok(kill_process(daemon, Signal::USR1)?)
}
