//! What is installed, and its removal.

use std::fs;
use std::path::{Path, PathBuf};

use undertone_bundle::MANIFEST_NAME;

use crate::lock::{Lock, workplace};
use crate::pull::is_pulled;
use crate::{Catalogue, DEMO, Places, PullError};

/// A bundle that can be used by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installed {
    /// Its name.
    pub name: String,
    /// Where it is.
    pub origin: Origin,
}

/// Where a bundle is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// In the program.
    Program,
    /// In this folder.
    Folder(PathBuf),
}

/// A bundle that cannot be removed.
#[derive(Debug, thiserror::Error)]
pub enum RemoveError {
    /// It is in the program.
    #[error("{DEMO} is in the program and cannot be removed")]
    Demo,
    /// It is not one that `pull` put there.
    #[error("{} was not put there by `undertone models pull` and may be irreplaceable: remove the folder by hand", .0.display())]
    NotOurs(PathBuf),
    /// It is not where the user's bundles are.
    #[error("there is no bundle {name} in {}", bundles.display())]
    NotThere {
        /// Its name.
        name: String,
        /// Where it would be.
        bundles: PathBuf,
    },
    /// The disk refuses, or there is no place for bundles.
    #[error(transparent)]
    Pull(#[from] PullError),
}

impl RemoveError {
    /// True when the command line is at fault.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        match self {
            Self::Demo | Self::NotOurs(_) | Self::NotThere { .. } => true,
            Self::Pull(error) => error.is_usage(),
        }
    }
}

/// The bundles that can be used by their names, that of the program first. Of two with one name
/// only the one that is found.
#[must_use]
pub fn installed(places: &Places) -> Vec<Installed> {
    let mut found = vec![Installed {
        name: DEMO.to_owned(),
        origin: Origin::Program,
    }];
    for bundles in places.bundles() {
        let entries = fs::read_dir(bundles).into_iter().flatten().flatten();
        let mut folders: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
        folders.sort();
        for folder in folders {
            let name = folder
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            let is_bundle = !name.starts_with('.') && folder.join(MANIFEST_NAME).is_file();
            if is_bundle && found.iter().all(|other| other.name != name) {
                let origin = Origin::Folder(folder);
                found.push(Installed { name, origin });
            }
        }
    }
    found
}

/// Removes a bundle that `pull` put there, with what an unfinished pull has left. Returns its
/// folder.
///
/// # Errors
/// When it is not there, not ours to remove, or the disk refuses.
pub fn remove(name: &str, places: &Places, catalogue: &Catalogue) -> Result<PathBuf, RemoveError> {
    if name == DEMO {
        return Err(RemoveError::Demo);
    }
    let bundles = places.user_bundles().ok_or(PullError::NoPlace)?;
    let (place, work) = (bundles.join(name), workplace(&bundles, name));
    let is_known = catalogue.entry(name).is_some();
    if place.join(MANIFEST_NAME).is_file() && !(is_known && is_pulled(&place)) {
        return Err(RemoveError::NotOurs(place));
    }
    if !is_known || !(place.exists() || work.exists()) {
        let name = name.to_owned();
        return Err(RemoveError::NotThere { name, bundles });
    }
    let _lock = Lock::take(&bundles, name, &mut |_| {})?;
    if place.exists() {
        // Out of sight at once: a bundle is never half there.
        fs::create_dir_all(&work).map_err(PullError::disk(&work))?;
        fs::rename(&place, work.join("old")).map_err(PullError::disk(&place))?;
    }
    remove_all(&work)?;
    Ok(place)
}

fn remove_all(folder: &Path) -> Result<(), PullError> {
    fs::remove_dir_all(folder).map_err(PullError::disk(folder))
}
