//! `undertone man`: the manual pages, from the definition of the command line.
//!
//! A command and not a step of the build: a build script sees no code of the package that it
//! belongs to, and so not that definition.

use std::path::PathBuf;

use clap::Args;
use clap_mangen::generate_to;

use super::error::{CliError, Context};
use super::exit::Exit;
use super::help::command;
use super::say;
use undertone_types::shown_path;

/// Arguments of `man`.
#[derive(Debug, Args)]
pub struct ManArgs {
    /// Folder for the pages; created if missing
    #[arg(short, long, value_name = "DIR")]
    pub out: PathBuf,
}

pub(super) fn man(args: &ManArgs) -> Result<Exit, CliError> {
    let out = &args.out;
    std::fs::create_dir_all(out)
        .and_then(|()| generate_to(command(), out))
        .context(format!("cannot write the pages into {out:?}"))?;
    say(&format!(
        "wrote undertone.1, and a page for each subcommand, into {}; `man -l {}` shows the first\n",
        shown_path(out),
        shown_path(&out.join("undertone.1"))
    ))?;
    Ok(Exit::Done)
}
