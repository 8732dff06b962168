//! The folders of this machine in which bundles lie.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Where bundles of other projects are put, in a data folder.
const BUNDLES: &str = "bundles";

/// The folders in which bundles lie, and in which the demo bundle is unpacked.
///
/// As the XDG Base Directory Specification has it, relative paths in its variables are ignored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places {
    /// Where the user's bundles are put: `$UNDERTONE_DATA`, else `$XDG_DATA_HOME/undertone`, else
    /// `~/.local/share/undertone`. `None` without a home.
    pub data: Option<PathBuf>,
    /// Where bundles of all users are looked for after that: beside the program, then in
    /// `$XDG_DATA_DIRS`.
    pub system: Vec<PathBuf>,
    /// What can be made again: `$UNDERTONE_CACHE`, else `$XDG_CACHE_HOME/undertone`, else
    /// `~/.cache/undertone`. `None` without a home.
    pub cache: Option<PathBuf>,
}

impl Places {
    /// The places of this process.
    #[must_use]
    pub fn of_this_process() -> Self {
        let program = env::current_exe().ok();
        Self::new(|name| env::var_os(name), program.as_deref())
    }

    /// The places by these variables, for a program that lies there.
    pub(crate) fn new(variable: impl Fn(&str) -> Option<OsString>, program: Option<&Path>) -> Self {
        let given = |name| {
            variable(name)
                .filter(|value| !value.is_empty())
                .map(PathBuf::from)
        };
        let absolute = |name| given(name).filter(|path| path.is_absolute());
        let home = absolute("HOME");
        let of_user = |own, xdg, below_home: &str| {
            given(own).or_else(|| {
                let folder = absolute(xdg).or_else(|| Some(home.as_ref()?.join(below_home)));
                Some(folder?.join("undertone"))
            })
        };
        let shared =
            given("XDG_DATA_DIRS").unwrap_or_else(|| PathBuf::from("/usr/local/share:/usr/share"));
        let shared = env::split_paths(&shared).filter(|path| path.is_absolute());
        let beside = program.and_then(|program| Some(program.parent()?.parent()?.join("share")));
        let mut system: Vec<PathBuf> = Vec::new();
        for folder in beside
            .into_iter()
            .chain(shared)
            .map(|folder| folder.join("undertone"))
        {
            if !system.contains(&folder) {
                system.push(folder);
            }
        }
        Self {
            data: of_user("UNDERTONE_DATA", "XDG_DATA_HOME", ".local/share"),
            system,
            cache: of_user("UNDERTONE_CACHE", "XDG_CACHE_HOME", ".cache"),
        }
    }

    /// Where bundles are looked for, in this order.
    pub fn bundles(&self) -> impl Iterator<Item = PathBuf> {
        let folders = self.data.iter().chain(&self.system);
        folders.map(|folder| folder.join(BUNDLES))
    }

    /// Where the user's bundles are put.
    #[must_use]
    pub fn user_bundles(&self) -> Option<PathBuf> {
        self.data.as_ref().map(|folder| folder.join(BUNDLES))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(variables: &[(&str, &str)]) -> Places {
        let variable = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| OsString::from(value))
        };
        Places::new(variable, Some(Path::new("/opt/undertone/bin/undertone")))
    }

    #[test]
    fn a_home_is_enough() {
        let places = places(&[("HOME", "/home/me"), ("XDG_DATA_HOME", "")]);
        assert_eq!(
            places.data,
            Some(PathBuf::from("/home/me/.local/share/undertone"))
        );
        assert_eq!(
            places.cache,
            Some(PathBuf::from("/home/me/.cache/undertone"))
        );
        let bundles: Vec<_> = places.bundles().collect();
        assert_eq!(
            bundles,
            [
                "/home/me/.local/share/undertone/bundles",
                "/opt/undertone/share/undertone/bundles",
                "/usr/local/share/undertone/bundles",
                "/usr/share/undertone/bundles",
            ]
            .map(PathBuf::from)
        );
    }

    #[test]
    fn what_is_said_more_plainly_goes_first() {
        let places = places(&[
            ("HOME", "/home/me"),
            ("XDG_DATA_HOME", "/xdg/data"),
            ("XDG_CACHE_HOME", "not/absolute"),
            ("XDG_DATA_DIRS", "/a:b:/c:/a"),
            ("UNDERTONE_DATA", "mine"),
        ]);
        assert_eq!(places.data, Some(PathBuf::from("mine")));
        assert_eq!(
            places.cache,
            Some(PathBuf::from("/home/me/.cache/undertone"))
        );
        let system = ["/opt/undertone/share", "/a", "/c"].map(|f| Path::new(f).join("undertone"));
        assert_eq!(places.system, system);
    }

    #[test]
    fn without_a_home_there_is_nowhere_to_put_anything() {
        let places = places(&[]);
        assert_eq!((places.data, places.cache), (None, None));
        assert_eq!(places.system.len(), 3);
    }
}
