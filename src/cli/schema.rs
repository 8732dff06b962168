//! `undertone schema`: prints the JSON Schema of the reports.

use super::error::CliError;
use super::exit::Exit;
use super::say;
use undertone_reports::report_schema;

pub(super) fn schema() -> Result<Exit, CliError> {
    let mut text = serde_json::to_string_pretty(&report_schema())?;
    text.push('\n');
    say(&text)?;
    Ok(Exit::Done)
}
