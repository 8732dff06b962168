//! `undertone submit`, `work` and `fleet`: many machines that share a queue and a store.

mod status;
mod submit;
mod work;

use clap::{Args, Subcommand};
use undertone_fleet::{QueueAddress, Retry, drain, retry};

pub use submit::SubmitArgs;
pub use work::WorkArgs;

pub(super) use submit::submit;
pub(super) use work::work;

use super::error::CliError;
use super::exit::Exit;
use super::say;
use super::settings::SettingsArgs;
use undertone_types::shown;

/// Where the queue is, and how to get to it.
#[derive(Clone, Debug, Args)]
pub struct QueueArgs {
    /// The queue: nats://HOST:PORT/NAME, where port and name may be left out; servers of a cluster are separated by commas
    #[arg(
        long,
        value_name = "URL",
        env = "UNDERTONE_QUEUE",
        hide_env_values = true
    )]
    pub queue: QueueAddress,
    /// Where settings come from.
    #[command(flatten)]
    pub settings: SettingsArgs,
}

/// Arguments of `fleet`.
#[derive(Debug, Args)]
pub struct FleetArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: FleetCommand,
}

/// What to do with a fleet.
#[derive(Debug, Subcommand)]
pub enum FleetCommand {
    /// Show the queue, the workers and what they work on, and what failed for good
    Status {
        /// Where the queue is.
        #[command(flatten)]
        queue: QueueArgs,
        /// Print JSON, for programs
        #[arg(long)]
        json: bool,
        /// Show at most so many dead letters
        #[arg(long, value_name = "NUMBER", default_value_t = 20)]
        dead: usize,
    },
    /// Try again what failed for good, as if it never had
    #[command(group = clap::ArgGroup::new("which").required(true).args(["recordings", "all"]))]
    Retry {
        /// Recordings, as `undertone fleet status` names them
        #[arg(value_name = "RECORDING")]
        recordings: Vec<String>,
        /// Everything that failed for good
        #[arg(long)]
        all: bool,
        /// Where the queue is.
        #[command(flatten)]
        queue: QueueArgs,
    },
    /// Tell all workers to finish what they have, and to end
    Drain {
        /// Where the queue is.
        #[command(flatten)]
        queue: QueueArgs,
    },
}

pub(super) fn fleet(args: &FleetArgs) -> Result<Exit, CliError> {
    match &args.command {
        FleetCommand::Status { queue, json, dead } => status::status(queue, *json, *dead),
        FleetCommand::Retry {
            recordings,
            all,
            queue,
        } => {
            let which = match all {
                true => Retry::All,
                false => Retry::Named(recordings.clone()),
            };
            try_again(queue, &which)
        }
        FleetCommand::Drain { queue } => {
            let settings = queue.settings.load()?.fleet;
            let workers = drain(&queue.queue, &settings)?;
            for worker in &workers {
                let in_work = worker.in_work.len();
                say(&format!(
                    "{}: finishes {in_work} recordings and ends\n",
                    shown(&worker.worker)
                ))?;
            }
            say(&format!("told: {} workers\n", workers.len()))?;
            Ok(Exit::Done)
        }
    }
}

fn try_again(queue: &QueueArgs, which: &Retry) -> Result<Exit, CliError> {
    let settings = queue.settings.load()?.fleet;
    let (sent, missing) = retry(&queue.queue, &settings, which)?;
    say(&format!("{sent} sent to the queue again\n"))?;
    match missing.is_empty() {
        true => Ok(Exit::Done),
        false => Err(CliError::environment(format!(
            "there is no dead letter of {}; `undertone fleet status` names them",
            missing.join(", ")
        ))),
    }
}
