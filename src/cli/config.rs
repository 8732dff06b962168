//! `undertone config`: looks at the settings.

use clap::{Args, Subcommand};

use super::error::CliError;
use super::exit::Exit;
use super::say;
use super::settings::SettingsArgs;
use undertone_config::Change;
use undertone_terminal::columns;

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
    /// Check the settings, and list what --config and --set change, each with its place
    Check(SettingsArgs),
    /// Print the defaults, each with an explanation
    Default,
}

pub(super) fn config(args: &ConfigArgs) -> Result<Exit, CliError> {
    match &args.what {
        ConfigCommand::Show(settings) => say(&settings.load()?.to_toml())?,
        ConfigCommand::Check(settings) => say(&checked(&settings.changes()?))?,
        ConfigCommand::Default => say(undertone_config::DEFAULTS)?,
    }
    Ok(Exit::Done)
}

fn checked(changes: &[Change]) -> String {
    let line = |change: &Change| {
        let setting = format!("{} = {}", change.key, change.value);
        [setting, change.place.to_string()]
    };
    let lines: Vec<_> = changes.iter().map(line).collect();
    let verdict = match changes.len() {
        0 => "the settings are right; all of them are the defaults".to_owned(),
        1 => "the settings are right; 1 is set, all others are the defaults".to_owned(),
        count => format!("the settings are right; {count} are set, all others are the defaults"),
    };
    format!(
        "{}{verdict}; `undertone doctor` checks the models and the machine\n",
        columns(&lines)
    )
}
