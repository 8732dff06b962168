//! Trials: each model of a bundle is loaded and used once, in a process of its own.
//!
//! llama.cpp and whisper.cpp end the whole process on files that they do not like, and no check
//! of a header foresees all of it. So a model is first loaded where that does no harm:
//! [`try_models`] starts this same program for each of them (`undertone try-model`), which does
//! [`perform`] and says how far it came. What must not live here: the chain.

mod child;
mod parent;

pub use child::{Said, Step, TrialError, perform};
pub use parent::{TRIAL_LIMIT, try_models};

use crate::assembly::tried::{Trial, problems, remember, remembered};
use undertone_bundle::{Bundle, BundleErrors, Purpose};

/// Tries the models of a bundle, whatever earlier trials showed, and remembers the outcome.
#[must_use]
pub fn try_anew(bundle: &Bundle) -> Vec<Trial> {
    let trials = try_models(bundle, TRIAL_LIMIT);
    remember(bundle, &trials);
    trials
}

/// Tries the models of a bundle anew.
///
/// # Errors
/// When a model does not pass its trial.
pub fn pass(bundle: &Bundle) -> Result<(), BundleErrors> {
    match problems(&try_anew(bundle), None) {
        problems if problems.is_empty() => Ok(()),
        problems => Err(BundleErrors {
            folder: bundle.folder.clone(),
            problems,
        }),
    }
}

/// Tries the models of a bundle that was never tried by this program; `say` gets a line before.
/// The demo's are known to work.
///
/// # Errors
/// When a model does not pass its trial.
pub fn ensure_tried(bundle: &Bundle, say: impl FnOnce(&str)) -> Result<(), BundleErrors> {
    if bundle.manifest.purpose == Purpose::Demo || remembered(bundle).is_some() {
        return Ok(());
    }
    say(&format!(
        "trying the models of the bundle {} once, each in a process of its own",
        bundle.manifest.name
    ));
    pass(bundle)
}
