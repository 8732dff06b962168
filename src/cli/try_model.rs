//! `undertone try-model`: the process in which a model is tried; not started by hand.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;
use rustix::process::{Resource, Rlimit, setrlimit};

use super::error::CliError;
use super::exit::Exit;
use super::worker::{depend_on_parent, own_stdout};
use crate::assembly::tried::Subject;
use crate::trial::{Said, perform};
use undertone_bundle::Bundle;
use undertone_config::{Log, LogFormat, LogLevel};
use undertone_telemetry::start_logging;
use undertone_types::error_chain;

/// Arguments of `try-model`.
#[derive(Debug, Args)]
pub struct TryModelArgs {
    /// What is tried
    pub subject: Subject,
    /// Folder of a bundle that was checked
    pub bundle: PathBuf,
}

pub(super) fn try_model(args: &TryModelArgs) -> Result<Exit, CliError> {
    depend_on_parent()?;
    // A model may end this process: nobody needs gigabytes of it on the disk.
    let no_core = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    let _ = setrlimit(Resource::Core, no_core);
    let mut out = own_stdout()?;
    let log = Log {
        level: LogLevel::Warn,
        format: LogFormat::Text,
    };
    start_logging(&log, io::stderr)?;
    let bundle = Bundle::unchecked(&args.bundle)?;
    let mut say = |said: &Said| {
        let mut line = serde_json::to_vec(said).unwrap_or_default();
        line.push(b'\n');
        // Whoever started this process is gone: then it ends with it.
        let _ = out.write_all(&line);
    };
    let tried = perform(&bundle, args.subject, &mut |step, peak_bytes| {
        say(&Said::Begins { step, peak_bytes });
    });
    let Err(error) = tried else {
        return Ok(Exit::Done);
    };
    let reason = error_chain(&error).join(": ");
    say(&Said::Failed { reason });
    Ok(Exit::Environment)
}
