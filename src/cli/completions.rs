//! `undertone completions`: what a shell needs to complete the command line.

use clap::{Args, Command};
use clap_complete::{Shell, generate};

use super::error::CliError;
use super::exit::Exit;
use super::help::command;
use super::say;

/// Arguments of `completions`.
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub shell: Shell,
}

pub(super) fn completions(args: &CompletionsArgs) -> Result<Exit, CliError> {
    let mut script = Vec::new();
    generate(args.shell, &mut without_hidden(), "undertone", &mut script);
    say(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Done)
}

/// Subcommands that nobody starts by hand are not offered either.
fn without_hidden() -> Command {
    let command = command();
    let visible = command.get_subcommands().filter(|it| !it.is_hide_set());
    Command::new("undertone")
        .version(env!("CARGO_PKG_VERSION"))
        .subcommands(visible.cloned())
}
