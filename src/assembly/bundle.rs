//! From the setting `bundle` to a bundle that is open.

use std::path::{Path, PathBuf};

use undertone_bundle::{Bundle, BundleErrors};
use undertone_config::BundleSetting;
use undertone_models::{Catalogue, CatalogueError, NoBundle, Places, resolve};

/// A bundle cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// There is none where the setting points to.
    #[error(transparent)]
    None(#[from] NoBundle),
    /// It is not complete, or does not fit.
    #[error(transparent)]
    Wrong(#[from] BundleErrors),
    /// The program is not complete.
    #[error(transparent)]
    Catalogue(#[from] CatalogueError),
}

/// How a command opens its bundle.
pub type OpenBundle = fn(&Path) -> Result<Bundle, BundleErrors>;

/// The folder of the bundle that the setting names; the demo bundle is unpacked.
///
/// # Errors
/// When there is none.
pub fn locate(setting: &BundleSetting) -> Result<PathBuf, BundleError> {
    let (places, catalogue) = (Places::of_this_process(), Catalogue::embedded()?);
    Ok(resolve(setting, &places, &catalogue)?)
}

/// Finds and opens the bundle that the setting names.
///
/// # Errors
/// When there is none, or with everything that is wrong with it.
pub fn open_setting(setting: &BundleSetting, open: OpenBundle) -> Result<Bundle, BundleError> {
    Ok(open(&locate(setting)?)?)
}
