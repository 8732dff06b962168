//! `undertone show`: reports on the terminal.

use std::path::PathBuf;

use clap::Args;

use super::error::CliError;
use super::exit::Exit;
use super::say;
use undertone_reports::{RecordPath, read_record, records_below};
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
        let is_folder = path.is_dir();
        let records = match is_folder {
            true => records_below(path)?,
            false => vec![RecordPath::alone(path)],
        };
        for record in &records {
            match read_record(&record.file) {
                Ok(record) => {
                    let gap = if shown > 0 { "\n" } else { "" };
                    say(&format!("{gap}{}", show_record(&record, look)))?;
                    shown += 1;
                }
                // One of a folder does not hide the others.
                Err(error) if is_folder => {
                    eprintln!("cannot be read: {}", error_chain(&error).join(": "));
                    exit = Exit::SomeFailed;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
    match (shown, exit) {
        (0, Exit::Done) => Err(CliError::environment("there is no report to show")),
        (_, exit) => Ok(exit),
    }
}
