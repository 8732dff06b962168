//! `undertone models verify`.

use super::by_name;
use crate::assembly::{self, BundleError};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::say;
use crate::trial::pass;
use undertone_bundle::Bundle;
use undertone_models::{Places, installed};
use undertone_types::error_chain;

pub(super) fn verify(name: Option<&str>, places: &Places) -> Result<Exit, CliError> {
    let names = match name {
        Some(name) => vec![name.to_owned()],
        None => installed(places)
            .into_iter()
            .map(|found| found.name)
            .collect(),
    };
    let mut are_right = true;
    for name in names {
        match check(&name) {
            Ok(bundle) => {
                let (folder, fingerprint) = (bundle.folder.display(), bundle.fingerprint());
                say(&format!(
                    "{name}: right; fingerprint {fingerprint}, {folder}\n"
                ))?;
            }
            Err(error) => {
                are_right = false;
                say(&format!("{name}: {}\n", error_chain(&error).join(": ")))?;
            }
        }
    }
    Ok(if are_right {
        Exit::Done
    } else {
        Exit::Environment
    })
}

/// Compares every file with its SHA-256, and its header with the manifest; then each model is
/// loaded and used, in a process of its own: an engine may end the one that tries.
fn check(name: &str) -> Result<Bundle, BundleError> {
    let bundle = assembly::open_setting(&by_name(name), assembly::open_to_try)?;
    pass(&bundle)?;
    Ok(bundle)
}
