//! The models of a new bundle, before it has a network: a bundle of links in the work folder.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use super::NewBundleArgs;
use crate::assembly::built_in_extractors;
use crate::cli::error::{CliError, Context};
use undertone_bundle::{DRAFT_FILES, Draft, MANIFEST_NAME};
use undertone_training::seal;

/// Name of the bundle in the work folder.
pub(super) const BASE: &str = "base";

/// Where the work for this bundle is kept until it is done.
pub(super) fn work_folder(out: &Path) -> PathBuf {
    let mut name = out.file_name().unwrap_or_default().to_owned();
    name.push(".work");
    out.with_file_name(name)
}

/// Makes a bundle of the models, or checks that the one in the work folder is of the same. Gives
/// what was guessed.
pub(super) fn prepare(args: &NewBundleArgs, work: &Path) -> Result<Vec<String>, CliError> {
    let name = args.out.file_name().unwrap_or_default().to_string_lossy();
    let projector = args.projector.as_deref();
    let drafted = Draft {
        name: args.name.as_deref().unwrap_or(&name),
        licence: &args.licence,
        asr: &args.asr,
        language: &args.language,
        language_model: &args.language_model,
        projector: projector.map(|path| (path, args.simulate_prompt.as_str())),
        read_prompt: &args.read_prompt,
        layer: args.layer,
        extractors: built_in_extractors(),
    }
    .write()?;
    fs::create_dir_all(work).context(format!("cannot make {}", work.display()))?;
    let made = tempfile::tempdir_in(work)?;
    let files = [
        Some(&args.asr),
        Some(&args.language_model),
        args.projector.as_ref(),
    ];
    for (name, file) in DRAFT_FILES.iter().zip(files) {
        if let Some(file) = file {
            // Packing copies the files; until then nothing is there twice.
            symlink(fs::canonicalize(file)?, made.path().join(name))?;
        }
    }
    fs::write(made.path().join(MANIFEST_NAME), &drafted.manifest)?;
    seal(made.path())?;
    let base = work.join(BASE);
    match base.exists() {
        false => fs::rename(made.keep(), &base)?,
        true => check_same(&base, made.path(), work)?,
    }
    Ok(drafted.notes)
}

/// Features and networks of other models are of no use.
fn check_same(base: &Path, made: &Path, work: &Path) -> Result<(), CliError> {
    let manifest = |folder: &Path| fs::read_to_string(folder.join(MANIFEST_NAME));
    match manifest(base)? == manifest(made)? {
        true => Ok(()),
        false => Err(CliError::usage(format!(
            "{} was begun with other models, prompts or names: remove it to begin anew, or choose \
             another --out",
            work.display()
        ))),
    }
}
