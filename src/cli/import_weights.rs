//! `undertone import-weights`: converts a PyTorch checkpoint to a fusion network.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::Args;

use super::error::CliError;
use super::exit::Exit;
use super::say;
use undertone_training::import_weights as import;

/// Arguments of `import-weights`.
#[derive(Debug, Args)]
pub struct ImportWeightsArgs {
    /// The checkpoint (.pt, .pth): a state dict, or a dict with one (nothing in it is executed)
    #[arg(value_name = "CHECKPOINT")]
    pub checkpoint: PathBuf,
    /// Folder for the network
    #[arg(short, long, value_name = "DIR")]
    pub out: PathBuf,
}

pub(super) fn import_weights(args: &ImportWeightsArgs) -> Result<Exit, CliError> {
    let made = import(&args.checkpoint, &args.out)?;
    // Name modules, not each of their tensors.
    let module = |name: &String| name.split('.').next().unwrap_or(name).to_owned();
    let unused: BTreeSet<String> = made.unused.iter().map(module).collect();
    if !unused.is_empty() {
        let unused: Vec<String> = unused.into_iter().collect();
        let names = unused.join(", ");
        eprintln!("never called by the released code, left out: {names}");
    }
    let (widths, network) = (made.network.widths, &made.network.network);
    say(&format!(
        "widths: audio {}, text {}, video {}; model {}, fused {}\n{}\n{}\n",
        widths.audio,
        widths.text,
        widths.video,
        network.model_width,
        network.fused_width,
        made.weights.display(),
        made.config.display(),
    ))?;
    Ok(Exit::Done)
}
