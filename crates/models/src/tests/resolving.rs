//! The setting `bundle` becomes a folder.

use std::fs;
use std::path::Path;

use undertone_config::BundleSetting;

use crate::{Catalogue, NoBundle, Places, resolve};

struct Case {
    folder: tempfile::TempDir,
    places: Places,
    catalogue: Catalogue,
}

impl Case {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let below = |name: &str| folder.path().join(name);
        let places = Places {
            data: Some(below("data")),
            system: vec![below("system")],
            cache: Some(below("cache")),
        };
        let catalogue = Catalogue::embedded().unwrap();
        Self {
            places,
            catalogue,
            folder,
        }
    }

    fn bundle(&self, at: &str) -> std::path::PathBuf {
        let folder = self.folder.path().join(at);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("bundle.toml"), "").unwrap();
        folder
    }

    fn resolve(&self, said: &str) -> Result<std::path::PathBuf, NoBundle> {
        let setting = BundleSetting::new(Path::new(said), Some(self.folder.path()));
        resolve(&setting, &self.places, &self.catalogue)
    }
}

#[test]
fn folders_go_before_names_and_the_users_before_those_of_all() {
    let case = Case::new();
    let system = case.bundle("system/bundles/en");
    assert_eq!(case.resolve("en").unwrap(), system);
    let data = case.bundle("data/bundles/en");
    assert_eq!(case.resolve("en").unwrap(), data);
    let beside = case.bundle("en");
    assert_eq!(case.resolve("en").unwrap(), beside);
}

#[test]
fn demo_is_in_the_program_unless_a_folder_is_meant() {
    let case = Case::new();
    case.bundle("data/bundles/demo");
    let unpacked = case.resolve("demo").unwrap();
    assert!(unpacked.starts_with(case.folder.path().join("cache")));
    let beside = case.bundle("demo");
    assert_eq!(case.resolve("demo").unwrap(), beside);
    let by_default = BundleSetting::by_name(Path::new("demo"));
    assert_eq!(
        resolve(&by_default, &case.places, &case.catalogue).unwrap(),
        unpacked
    );
}

#[test]
fn every_place_is_named_and_how_to_get_it() {
    let case = Case::new();
    let error = case.resolve("en").unwrap_err().to_string();
    let program = std::env::current_exe().unwrap();
    let places = [
        case.folder.path().join("en"),
        program.with_file_name("en"),
        case.folder.path().join("data/bundles/en"),
        case.folder.path().join("system/bundles/en"),
    ];
    for place in places {
        let line = format!("    {}", place.display());
        assert!(error.lines().any(|said| said == line), "{place:?}: {error}");
    }
    assert!(error.contains("undertone models pull en"), "{error}");

    let error = case.resolve("fr").unwrap_err().to_string();
    assert!(error.contains("`undertone models` lists"), "{error}");
    let error = case.resolve("/no/bundle").unwrap_err().to_string();
    let (said, looked) = error.split_once('\n').unwrap();
    assert!(
        said.starts_with("there is no bundle /no/bundle: "),
        "{error}"
    );
    assert_eq!(looked, "    /no/bundle");
}
