//! `undertone models`: lists, installs and checks bundles.

mod list;
mod pull;
mod verify;

use std::path::Path;

use clap::{Args, Subcommand};

pub use list::ListArgs;
pub use pull::PullArgs;

use super::error::CliError;
use super::exit::Exit;
use super::say;
use crate::assembly::locate;
use undertone_config::BundleSetting;
use undertone_models::{Catalogue, Places, remove};

/// Arguments of `models`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct ModelsArgs {
    /// What to do; by default, list.
    #[command(subcommand)]
    pub command: Option<ModelsCommand>,
    /// How the list is shown.
    #[command(flatten)]
    pub list: ListArgs,
}

/// What to do with bundles.
#[derive(Debug, Subcommand)]
pub enum ModelsCommand {
    /// List the bundles: what they are, their licences, where they are installed
    List(ListArgs),
    /// Install a bundle: download, convert and check its models
    Pull(PullArgs),
    /// Check every file of a bundle, or of all that are installed
    Verify {
        /// A name that `undertone models` lists
        name: Option<String>,
    },
    /// Print the folder of a bundle
    Path {
        /// A name that `undertone models` lists
        name: String,
    },
    /// Remove a bundle that `pull` installed
    Remove {
        /// A name that `undertone models` lists
        name: String,
    },
}

pub(super) fn models(args: &ModelsArgs) -> Result<Exit, CliError> {
    let (places, catalogue) = (Places::of_this_process(), Catalogue::embedded()?);
    match &args.command {
        None => list::list(&args.list, &places, &catalogue),
        Some(ModelsCommand::List(args)) => list::list(args, &places, &catalogue),
        Some(ModelsCommand::Pull(args)) => pull::pull(args, &places, &catalogue),
        Some(ModelsCommand::Verify { name }) => verify::verify(name.as_deref(), &places),
        Some(ModelsCommand::Path { name }) => {
            let folder = locate(&by_name(name))?;
            say(&format!("{}\n", folder.display()))?;
            Ok(Exit::Done)
        }
        Some(ModelsCommand::Remove { name }) => {
            let folder = remove(name, &places, &catalogue)?;
            say(&format!("removed {}\n", folder.display()))?;
            Ok(Exit::Done)
        }
    }
}

fn by_name(name: &str) -> BundleSetting {
    BundleSetting::by_name(Path::new(name))
}

/// A size for people.
fn megabytes(bytes: u64) -> String {
    match bytes as f64 / 1e6 {
        small if small < 10.0 => format!("{small:.1} MB"),
        large => format!("{large:.0} MB"),
    }
}
