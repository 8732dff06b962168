//! The setting `bundle`: a folder, or the name of a bundle that is installed.

use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};

/// What makes a folder a bundle.
const MANIFEST: &str = "bundle.toml";

/// What the setting `bundle` names: a folder, or a bundle of that name. Which bundles have
/// names is not known here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "PathBuf", into = "PathBuf")]
pub struct BundleSetting {
    /// As it was written.
    pub said: PathBuf,
    /// The folders that it may mean; the first that is there counts.
    pub folders: Vec<PathBuf>,
}

impl BundleSetting {
    /// A setting that may mean a folder beside the settings file that makes it (which is in
    /// the folder `beside`), in the current folder, or beside the program.
    #[must_use]
    pub fn new(said: &Path, beside: Option<&Path>) -> Self {
        let beside_file = beside.map(|folder| folder.join(said));
        let program = std::env::current_exe().ok();
        let beside_program = program.as_deref().and_then(Path::parent).map(|folder| {
            let shared = folder.parent().unwrap_or(folder).join("share/undertone");
            [folder.join(said), shared.join(said)]
        });
        let mut folders: Vec<PathBuf> = beside_file
            .into_iter()
            .chain([said.to_owned()])
            .chain(beside_program.into_iter().flatten())
            .collect();
        // An absolute path is the same wherever it is joined to.
        folders.dedup();
        Self {
            said: said.to_owned(),
            folders,
        }
    }

    /// A setting that means a name, whatever folders there are.
    #[must_use]
    pub fn by_name(said: &Path) -> Self {
        Self {
            said: said.to_owned(),
            folders: Vec::new(),
        }
    }

    /// A setting that means this folder, whatever bundles are named so.
    #[must_use]
    pub fn at(folder: &Path) -> Self {
        let folder = plainly(folder);
        Self {
            said: folder.clone(),
            folders: vec![folder],
        }
    }

    /// The name, if it may be one: a single word without path separators.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        as_name(&self.said)
    }

    /// The folder that it means, if it means one that is there. For what may be a name, a folder
    /// counts only with a manifest in it: a folder of recordings may have any name.
    #[must_use]
    pub fn folder(&self) -> Option<&Path> {
        let may_be_name = self.name().is_some();
        let is_meant = |folder: &&PathBuf| match may_be_name {
            true => folder.join(MANIFEST).is_file(),
            false => folder.is_dir(),
        };
        self.folders.iter().find(is_meant).map(PathBuf::as_path)
    }
}

/// The path, if it is a single word.
fn as_name(path: &Path) -> Option<&str> {
    let mut components = path.components();
    match (components.next(), components.next()) {
        (Some(Component::Normal(only)), None) => {
            only.to_str().filter(|name| *name == path.as_os_str())
        }
        _ => None,
    }
}

/// The same folder in words that cannot be taken for a name.
fn plainly(folder: &Path) -> PathBuf {
    match as_name(folder) {
        Some(name) => Path::new(".").join(name),
        None => folder.to_owned(),
    }
}

/// As one process tells another: a single word is a name, all else a folder.
impl From<PathBuf> for BundleSetting {
    fn from(said: PathBuf) -> Self {
        match as_name(&said) {
            Some(_) => Self::by_name(&said),
            None => Self::at(&said),
        }
    }
}

impl From<BundleSetting> for PathBuf {
    fn from(setting: BundleSetting) -> Self {
        setting.folder().map_or(setting.said.clone(), plainly)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_single_word_may_be_a_name() {
        let name = |said: &str| {
            let setting = BundleSetting::new(Path::new(said), None);
            setting.name().map(str::to_owned)
        };
        assert_eq!(name("en"), Some("en".to_owned()));
        for path in ["./en", "models/en", "/en", "..", ".", "en/", ""] {
            assert_eq!(name(path), None, "{path}");
        }
    }

    #[test]
    fn a_folder_of_recordings_is_not_taken_for_a_bundle() {
        let folder = tempfile::tempdir().unwrap();
        let named = folder.path().join("en");
        std::fs::create_dir(&named).unwrap();
        let setting = BundleSetting::new(Path::new("en"), Some(folder.path()));
        assert_eq!(setting.folder(), None);
        std::fs::write(named.join(MANIFEST), "").unwrap();
        assert_eq!(setting.folder(), Some(named.as_path()));
    }

    #[test]
    fn another_process_understands_the_same() {
        let told = |setting: BundleSetting| BundleSetting::from(PathBuf::from(setting));
        let named = BundleSetting::by_name(Path::new("en"));
        assert_eq!(told(named.clone()), named);
        let folder = BundleSetting::at(Path::new("en"));
        assert_eq!(
            (folder.name(), &folder.folders),
            (None, &vec![PathBuf::from("./en")])
        );
        assert_eq!(told(folder.clone()), folder);
    }

    #[test]
    fn the_default_does_not_depend_on_where_one_is() {
        let setting = BundleSetting::by_name(Path::new("demo"));
        assert_eq!((setting.name(), setting.folder()), (Some("demo"), None));
    }
}
