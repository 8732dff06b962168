//! Records that are named on the command line, read; with what to do where they are something else.

use std::path::Path;

use super::error::CliError;
use undertone_reports::{Record, Report, is_record, read_record};

/// Reads the record at a path, whatever it is.
pub(super) fn read(path: &Path) -> Result<Record, CliError> {
    match read_record(path) {
        // Most likely the recording itself.
        Err(_) if path.is_file() && !is_record(path) => Err(CliError::usage(format!(
            "{path:?} is no report: that of a recording NAME is NAME.jsonl, below the folder that `--out` \
             of `undertone run` named"
        ))),
        record => Ok(record?),
    }
}

/// Reads a report that has utterances.
pub(super) fn read_report(path: &Path) -> Result<Box<Report>, CliError> {
    match read(path)? {
        Record::Report(report) => Ok(report),
        Record::Duplicate(line) => Err(CliError::usage(format!(
            "{path:?} has no utterances: the recording has the content of {:?}; name the report of that, {:?} \
             in the folder of reports",
            line.of.path, line.of.report
        ))),
        Record::Failure(line) => Err(CliError::usage(format!(
            "{path:?} says why the recording could not be scored, and has no utterances: {}",
            line.error.join(": ")
        ))),
    }
}
