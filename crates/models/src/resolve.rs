//! From the setting `bundle` to a folder.

use std::fmt;
use std::path::PathBuf;

use undertone_bundle::MANIFEST_NAME;
use undertone_config::BundleSetting;

use crate::demo::{DEMO, DemoError, unpack_demo};
use crate::{Catalogue, Places};

/// There is no bundle where the setting `bundle` points to.
#[derive(Debug, thiserror::Error)]
pub enum NoBundle {
    /// Nothing was found.
    #[error("there is no bundle {}: {advice}{}", said.display(), Looked(looked))]
    NotFound {
        /// As the setting was written.
        said: PathBuf,
        /// Every folder that was looked for.
        looked: Vec<PathBuf>,
        /// What to do.
        advice: String,
    },
    /// The bundle in the program cannot be used.
    #[error(transparent)]
    Demo(#[from] DemoError),
}

struct Looked<'l>(&'l [PathBuf]);

impl fmt::Display for Looked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.0.is_empty() {
            f.write_str("; it was looked for here:")?;
        }
        self.0
            .iter()
            .try_for_each(|folder| write!(f, "\n    {}", folder.display()))
    }
}

/// The folder of the bundle that the setting means: the first of its folders that is there, else
/// the bundle of that name, in the program or where bundles are installed.
///
/// # Errors
/// When there is none, with every place where it was looked for; when the one in the program
/// cannot be unpacked.
pub fn resolve(
    setting: &BundleSetting,
    places: &Places,
    catalogue: &Catalogue,
) -> Result<PathBuf, NoBundle> {
    if let Some(folder) = setting.folder() {
        return Ok(folder.to_owned());
    }
    let name = setting.name();
    if name == Some(DEMO) {
        return Ok(unpack_demo(places)?);
    }
    let by_name: Vec<PathBuf> = match name {
        Some(name) => places.bundles().map(|bundles| bundles.join(name)).collect(),
        None => Vec::new(),
    };
    if let Some(found) = by_name
        .iter()
        .find(|folder| folder.join(MANIFEST_NAME).is_file())
    {
        return Ok(found.clone());
    }
    let known = name.and_then(|name| catalogue.entry(name));
    let advice = match known {
        Some(entry) => format!("get it with `undertone models pull {}`", entry.name),
        None => "`undertone models` lists the bundles that there are; `bundle` may also be a \
                 folder with a bundle.toml"
            .to_owned(),
    };
    Err(NoBundle::NotFound {
        said: setting.said.clone(),
        looked: setting.folders.iter().cloned().chain(by_name).collect(),
        advice,
    })
}
