//! `undertone config`: looks at the settings.

use clap::{Args, Subcommand};

use super::error::CliError;
use super::exit::Exit;
use super::say;
use super::settings::SettingsArgs;

/// Arguments of `config`.
#[derive(Debug, Args)]
pub struct ConfigArgs {
    /// What to look at.
    #[command(subcommand)]
    pub what: ConfigCommand,
}

/// What to look at.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Print the settings in effect: defaults, changed by --config and then by --set
    Show(SettingsArgs),
    /// Print the defaults, each with an explanation
    Default,
}

pub(super) fn config(args: &ConfigArgs) -> Result<Exit, CliError> {
    match &args.what {
        ConfigCommand::Show(settings) => say(&settings.load()?.to_toml())?,
        ConfigCommand::Default => say(undertone_config::DEFAULTS)?,
    }
    Ok(Exit::Done)
}
