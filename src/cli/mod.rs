//! The command line: one file per subcommand, and the only place that prints for people.
//!
//! Arguments are checked here, errors become messages and exit codes here ([`CliError`],
//! [`Exit`]); the work is done elsewhere.

mod arguments;
mod bundle;
mod calibrate;
mod caveats;
mod completions;
mod config;
mod coverage;
mod doctor;
mod error;
mod eval;
mod exit;
mod explain;
mod export;
mod extract;
#[cfg(feature = "fleet")]
mod fleet;
mod format;
mod found;
mod help;
mod import;
mod import_weights;
mod labelled;
mod man;
mod metric_set;
mod models;
mod new_bundle;
mod progress;
mod prune;
mod records;
mod retry;
mod run;
mod schema;
mod settings;
mod show;
mod signals;
mod status;
mod study;
mod table;
mod train;
mod try_model;
mod verbosity;
mod view;
mod watch;
mod worker;

pub use arguments::{Arguments, Command};
pub use bundle::{BundleArgs, GoodFor};
pub use calibrate::CalibrateArgs;
pub use completions::CompletionsArgs;
pub use config::{ConfigArgs, ConfigCommand};
pub use doctor::DoctorArgs;
pub use error::CliError;
pub use eval::EvalArgs;
pub use exit::Exit;
pub use explain::ExplainArgs;
pub use export::ExportArgs;
pub use extract::ExtractArgs;
#[cfg(feature = "fleet")]
pub use fleet::{FleetArgs, FleetCommand, QueueArgs, SubmitArgs, WorkArgs};
pub use help::command;
pub use import::{ImportArgs, ImportFormat};
pub use import_weights::ImportWeightsArgs;
pub use labelled::LabelledArgs;
pub use man::ManArgs;
pub use models::{ListArgs, ModelsArgs, ModelsCommand, PullArgs};
pub use new_bundle::NewBundleArgs;
pub use progress::{LogLine, Outcome, Progress, Terminal};
pub use prune::PruneArgs;
pub use retry::RetryArgs;
pub use run::RunArgs;
pub use settings::SettingsArgs;
pub use show::ShowArgs;
pub use status::StatusArgs;
pub use study::StudyArgs;
pub use table::{Row, Totals, render_table, render_totals};
pub use train::{TrainArgs, TrainSettings};
pub use try_model::TryModelArgs;
pub use verbosity::VerbosityArgs;
pub use view::ViewArgs;
pub use watch::WatchArgs;

use std::io::{self, Write};

use clap::FromArgMatches;
use undertone_terminal::messages;
use undertone_types::shown_lines;

/// Parses the command line, runs the subcommand, and prints its error, if any.
#[must_use]
pub fn main() -> Exit {
    let matches = command().try_get_matches();
    let arguments = match matches.and_then(|said| Arguments::from_arg_matches(&said)) {
        Ok(arguments) => arguments,
        Err(said) => {
            // Help and version are answers, not errors; a closed pipe is ignored.
            let _ = said.print();
            return if said.use_stderr() {
                Exit::Usage
            } else {
                Exit::Done
            };
        }
    };
    match arguments.command.run() {
        Ok(exit) => exit,
        Err(error) => {
            warn(&format!("error: {}", shown_lines(&error.to_string())));
            error.exit()
        }
    }
}

/// Prints to standard error what people should know.
fn warn(text: &str) {
    eprintln!("{}", messages(text));
}

/// Prints to standard output. A reader that stops early (`| head`) is not an error.
fn say(text: &str) -> io::Result<()> {
    match io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}
