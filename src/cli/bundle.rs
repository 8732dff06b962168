//! `undertone bundle`: packs a trained network with the models that it needs.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::error::CliError;
use super::exit::Exit;
use super::say;
use crate::assembly::{locate, open_bundle, open_bundle_for_extraction};
use undertone_bundle::Purpose;
use undertone_config::BundleSetting;
use undertone_models::is_unpacked_demo;
use undertone_training::{Naming, pack, seal};

/// Arguments of `bundle`.
#[derive(Debug, Args)]
pub struct BundleArgs {
    /// The bundle whose models made the features: a folder, or a name that `undertone models` lists
    #[arg(value_name = "BASE")]
    pub base: PathBuf,
    /// Folder of a trained network; without one, the hashes in BASE's manifest are updated
    #[arg(long, value_name = "DIR", requires = "out")]
    pub network: Option<PathBuf>,
    /// Folder of the new bundle
    #[arg(short, long, value_name = "DIR", requires = "network")]
    pub out: Option<PathBuf>,
    /// Name that reports give; BASE's by default
    #[arg(long, requires = "network")]
    pub name: Option<String>,
    /// Version that reports give; BASE's by default
    #[arg(long = "bundle-version", value_name = "VERSION", requires = "network")]
    pub version: Option<String>,
    /// What it is for; BASE's by default
    #[arg(long, value_enum, requires = "network")]
    pub purpose: Option<GoodFor>,
    /// Licence of the models, as an SPDX expression; BASE's by default
    #[arg(long, value_name = "SPDX", requires = "network")]
    pub licence: Option<String>,
    /// Notes for users; BASE's by default
    #[arg(long, value_name = "TEXT", requires = "network")]
    pub notes: Option<String>,
}

/// What a bundle is for, as the command line names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum GoodFor {
    /// To try the program.
    Demo,
    /// To score real recordings.
    General,
    /// For tests.
    Test,
}

impl From<GoodFor> for Purpose {
    fn from(purpose: GoodFor) -> Self {
        match purpose {
            GoodFor::Demo => Self::Demo,
            GoodFor::General => Self::General,
            GoodFor::Test => Self::Test,
        }
    }
}

pub(super) fn bundle(args: &BundleArgs) -> Result<Exit, CliError> {
    let folder = locate(&BundleSetting::new(&args.base, None))?;
    let (Some(network), Some(out)) = (&args.network, &args.out) else {
        if is_unpacked_demo(&folder) {
            return Err(CliError::usage(
                "the demo bundle is in the program and cannot be changed",
            ));
        }
        for file in seal(&folder)? {
            say(&format!("updated the hashes in {}\n", file.display()))?;
        }
        open_bundle_for_extraction(&folder)?;
        return Ok(Exit::Done);
    };
    let base = open_bundle_for_extraction(&folder)?;
    let naming = Naming {
        name: args.name.clone(),
        version: args.version.clone(),
        purpose: args.purpose.map(Purpose::from),
        licence: args.licence.clone(),
        notes: args.notes.clone(),
    };
    pack(&base, network, &naming, out)?;
    let packed = open_bundle(out)?;
    let out = out.display();
    say(&format!(
        "{out}: {} {}, fingerprint {}\nundertone run RECORDINGS --out REPORTS --set bundle={out}\n",
        packed.manifest.name,
        packed.manifest.version,
        packed.fingerprint(),
    ))?;
    Ok(Exit::Done)
}
