//! `undertone show`: reports on the terminal.

use std::path::PathBuf;

use clap::Args;

use super::error::CliError;
use super::exit::Exit;
use super::records::read;
use super::{say, warn};
use undertone_reports::{Record, read_record, records_below};
use undertone_terminal::{Look, show_record};
use undertone_types::error_chain;

/// Arguments of `show`.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// Reports, or folders of them
    #[arg(required = true, value_name = "REPORT|FOLDER")]
    pub reports: Vec<PathBuf>,
}

pub(super) fn show(args: &ShowArgs) -> Result<Exit, CliError> {
    let look = Look::of_output();
    let (mut shown, mut exit) = (0, Exit::Done);
    for path in &args.reports {
        let mut show = |record: &Record| {
            let gap = if shown > 0 { "\n" } else { "" };
            shown += 1;
            say(&format!("{gap}{}", show_record(record, look)))
        };
        if !path.is_dir() {
            show(&read(path)?)?;
            continue;
        }
        for record in records_below(path)? {
            match read_record(&record.file) {
                Ok(record) => show(&record)?,
                // One of a folder does not hide the others.
                Err(error) => {
                    warn(&format!(
                        "cannot be read: {}",
                        error_chain(&error).join(": ")
                    ));
                    exit = Exit::SomeFailed;
                }
            }
        }
    }
    match (shown, exit) {
        (0, Exit::Done) => Err(CliError::environment("there is no report to show")),
        (_, exit) => Ok(exit),
    }
}
