//! Where a recording is looked for.

use std::path::{Component, Path, PathBuf};

use super::PruneError;

/// Where the recording of a record is.
#[derive(Debug, PartialEq, Eq)]
pub enum Place {
    /// Here, below the folder that was its input.
    At {
        /// The input.
        base: PathBuf,
        /// The recording.
        path: PathBuf,
    },
    /// Not in the sources that were named.
    Elsewhere,
    /// Somewhere below the folder in which a run was started, which no record names.
    Unknown,
}

/// Folders in which recordings were; without any, records say themselves where.
pub struct Sources(Vec<PathBuf>);

impl Sources {
    pub fn new(folders: &[PathBuf]) -> Result<Self, PruneError> {
        let absolute = |folder: &PathBuf| {
            std::path::absolute(folder).map_err(|_| PruneError::Missing(folder.clone()))
        };
        folders
            .iter()
            .map(absolute)
            .collect::<Result<_, _>>()
            .map(Self)
    }

    pub fn folders(&self) -> impl Iterator<Item = &Path> {
        self.0.iter().map(PathBuf::as_path)
    }

    /// The place of the recording that is `recording` below its input and was at `path`, in which
    /// characters that are not Unicode were replaced.
    pub fn place(&self, recording: &Path, path: &str) -> Place {
        let path = Path::new(path);
        let base = base(path, recording);
        // The name of the record is exact, unless it was shortened.
        let below = match path.file_name() == lossy_name(recording).as_deref().map(AsRef::as_ref) {
            true => recording.to_owned(),
            false => path.strip_prefix(&base).unwrap_or(recording).to_owned(),
        };
        let at = |base: PathBuf| Place::At {
            path: base.join(&below),
            base,
        };
        if self.0.is_empty() {
            return match base.is_absolute() {
                true => at(base),
                false => Place::Unknown,
            };
        }
        let here = resolved(&base);
        for source in &self.0 {
            if here.join(&below).starts_with(resolved(source)) {
                return at(here);
            }
            let is_plain = base
                .components()
                .all(|part| matches!(part, Component::Normal(_)));
            let is_named = is_plain && base.components().next().is_some();
            if base.is_relative() && is_named && source.ends_with(&base) {
                return at(source.clone());
            }
        }
        Place::Elsewhere
    }
}

/// The input below which a recording was found: its path without the part that its record
/// mirrors.
fn base(path: &Path, recording: &Path) -> PathBuf {
    let depth = recording.components().count();
    path.ancestors()
        .nth(depth)
        .unwrap_or(Path::new(""))
        .to_owned()
}

fn lossy_name(path: &Path) -> Option<String> {
    Some(path.file_name()?.to_string_lossy().into_owned())
}

/// Absolute and without links, as far as it exists.
fn resolved(path: &Path) -> PathBuf {
    std::fs::canonicalize(path)
        .or_else(|_| std::path::absolute(path))
        .unwrap_or_else(|_| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(sources: &[&str], recording: &str, path: &str) -> Place {
        let sources: Vec<PathBuf> = sources.iter().map(PathBuf::from).collect();
        Sources::new(&sources)
            .unwrap()
            .place(Path::new(recording), path)
    }

    fn at(base: &str, path: &str) -> Place {
        let (base, path) = (base.into(), path.into());
        Place::At { base, path }
    }

    #[test]
    fn a_record_says_where_its_recording_is() {
        let path = "/no/in/day/a.mp4";
        assert_eq!(place(&[], "day/a.mp4", path), at("/no/in", path));
        assert_eq!(place(&[], "a.mp4", "in/a.mp4"), Place::Unknown);
        // A name that was shortened for its report.
        let long = place(&[], "day/aaa~0123", "/no/in/day/aaaaaa.mp4");
        assert_eq!(long, at("/no/in", "/no/in/day/aaaaaa.mp4"));
    }

    #[test]
    fn sources_are_where_a_record_says_and_where_a_relative_name_may_lead() {
        let path = "/no/in/cam1/a.mp4";
        for source in ["/no/in", "/no/in/cam1"] {
            assert_eq!(place(&[source], "cam1/a.mp4", path), at("/no/in", path));
        }
        assert_eq!(place(&["/no/other"], "cam1/a.mp4", path), Place::Elsewhere);
        let relative = place(&["/no/x/in"], "day/a.mp4", "in/day/a.mp4");
        assert_eq!(relative, at("/no/x/in", "/no/x/in/day/a.mp4"));
        assert_eq!(place(&["/no/x"], "a.mp4", "a.mp4"), Place::Elsewhere);
    }
}
