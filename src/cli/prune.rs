//! `undertone prune`: removes what is known of recordings that are gone.

use std::collections::HashSet;
use std::path::PathBuf;

use clap::Args;

use super::error::CliError;
use super::exit::Exit;
use super::say;
use undertone_daemon::{StateFolder, remove_from_combined};
use undertone_reports::{Prunable, PruneError, RecordKind};
use undertone_types::{error_chain, shown_path};

/// Arguments of `prune`.
#[derive(Debug, Args)]
pub struct PruneArgs {
    /// Folder of the reports
    #[arg(value_name = "OUT")]
    pub out: PathBuf,
    /// Folders that the recordings were in: records of other recordings stay. Needed where a run
    /// was given a relative path; otherwise each recording is looked for where its report says
    #[arg(value_name = "SOURCE")]
    pub sources: Vec<PathBuf>,
    /// Remove what is listed; without this nothing is removed
    #[arg(long)]
    pub yes: bool,
}

pub(super) fn prune(args: &PruneArgs) -> Result<Exit, CliError> {
    if !args.out.is_dir() {
        return Err(CliError::environment(format!(
            "there is no folder {:?}",
            args.out
        )));
    }
    // No daemon may write, or score, what is removed here.
    let locked = args.yes.then(|| StateFolder::open(&args.out)).transpose()?;
    let prunable = Prunable::find(&args.out, &args.sources).map_err(|errors| refused(&errors))?;
    say(&listed(&prunable))?;
    if locked.is_none() {
        if !prunable.gone.is_empty() {
            say("nothing was removed; --yes removes these\n")?;
        }
        return Ok(Exit::Done);
    }
    let gone: HashSet<_> = prunable
        .gone
        .iter()
        .map(|gone| gone.path.as_str())
        .collect();
    // First: when this is interrupted, the records still say what is gone.
    let combined = match gone.is_empty() {
        true => 0,
        false => remove_from_combined(&args.out, |path| gone.contains(path))?,
    };
    prunable.remove(&args.out)?;
    say(&format!("removed: {}", prunable.gone.len()))?;
    if combined > 0 {
        say(&format!(", and {combined} reports in reports.jsonl"))?;
    }
    say("\n")?;
    Ok(Exit::Done)
}

fn listed(prunable: &Prunable) -> String {
    let mut text = String::new();
    let mut counts = [0; 3];
    for gone in &prunable.gone {
        let (kind, count) = match gone.kind {
            RecordKind::Report => ("report", 0),
            RecordKind::Pointer => ("duplicate", 1),
            RecordKind::Failure => ("failure record", 2),
        };
        counts[count] += 1;
        text += &format!("{} ({kind})\n", shown_path(&gone.recording));
    }
    let [reports, duplicates, failures] = counts;
    text += &format!(
        "recordings that are gone: {reports} reports, {duplicates} duplicates, {failures} failure \
         records; {} kept\n",
        prunable.kept
    );
    if prunable.elsewhere > 0 {
        text += &format!(
            "{} of recordings in other folders were not looked for\n",
            prunable.elsewhere
        );
    }
    if prunable.orphans > 0 {
        text += &format!(
            "{} duplicates that are kept lead to these reports: the next run scores them\n",
            prunable.orphans
        );
    }
    text
}

fn refused(errors: &[PruneError]) -> CliError {
    let said = errors.iter().map(|error| error_chain(error).join(": "));
    let said = said.collect::<Vec<_>>().join("\n  ");
    let said =
        format!("it cannot be told which recordings are gone, so nothing is removed:\n  {said}");
    match errors.iter().any(PruneError::is_usage) {
        true => CliError::usage(said),
        false => CliError::environment(said),
    }
}
