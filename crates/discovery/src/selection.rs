//! Which files of a folder are recordings, by the settings.

use std::path::Path;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use undertone_config::Files;
use undertone_reports::{is_export, is_own_output};

use super::endings::{MEDIA_EXTENSIONS, UNFINISHED, has_extension};

/// A pattern that is not valid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{key}` has a pattern that is not valid: {reason}")]
pub struct PatternError {
    /// The setting.
    pub key: &'static str,
    /// The pattern and what is wrong with it.
    pub reason: String,
}

/// Which files of a folder are recordings.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// `None`: every known ending.
    include: Option<GlobSet>,
    /// Names and paths of files.
    exclude: GlobSet,
    /// Names and paths of folders: nothing in them is a recording.
    exclude_folders: GlobSet,
    follow: bool,
}

/// What becomes of a file or folder, by its path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is a recording, or a folder that may hold some.
    Taken,
    /// Hidden, or an output of this program: it does not count.
    Ignored,
    /// `files.exclude` names it.
    Excluded,
    /// A file of another kind.
    OtherKind,
}

impl Selection {
    /// Reads the patterns of the settings.
    ///
    /// # Errors
    /// Names the first that is not valid.
    pub fn new(files: &Files) -> Result<Self, PatternError> {
        let below = |patterns: &[String]| -> Vec<String> {
            patterns
                .iter()
                .map(|pattern| from_the_top(pattern))
                .collect()
        };
        let include = match files.include.is_empty() {
            true => None,
            false => Some(globs("files.include", below(&files.include).iter())?),
        };
        let exclude = below(&files.exclude);
        // `old/` is for folders alone; `old/**` is all of the folder, so the folder itself.
        let of_files = exclude.iter().filter(|pattern| !pattern.ends_with('/'));
        let of_folders = exclude.iter().map(|pattern| {
            let folder = pattern.trim_end_matches('/');
            folder.strip_suffix("/**").unwrap_or(folder)
        });
        Ok(Self {
            include,
            exclude: globs("files.exclude", of_files)?,
            exclude_folders: globs("files.exclude", of_folders)?,
            follow: files.follow,
        })
    }

    /// Whether symbolic links in folders are followed.
    #[must_use]
    pub fn follows_links(&self) -> bool {
        self.follow
    }

    /// True when a file of this path below the folder is a recording by its name.
    #[must_use]
    pub fn takes(&self, relative: &Path) -> bool {
        let folder = relative.parent().unwrap_or(Path::new(""));
        self.file(relative) == Verdict::Taken && self.enters(folder)
    }

    /// True when a folder of this path below the folder may hold recordings.
    #[must_use]
    pub fn enters(&self, relative: &Path) -> bool {
        let mut folders = relative.ancestors();
        folders.all(|folder| self.folder(folder) == Verdict::Taken)
    }

    /// What becomes of a file, by its path below the folder; those of the folders in between
    /// are asked with [`folder`](Self::folder).
    pub(super) fn file(&self, relative: &Path) -> Verdict {
        let name = relative.file_name().unwrap_or_default();
        if is_hidden(relative) || is_own_output(name) {
            return Verdict::Ignored;
        }
        if self.exclude.is_match(relative) {
            return Verdict::Excluded;
        }
        let wanted = match &self.include {
            Some(include) => include.is_match(relative),
            None => has_extension(relative, MEDIA_EXTENSIONS),
        };
        // A pattern such as `*` means recordings, not the subtitles beside them.
        match wanted && !is_export(name) && !has_extension(relative, UNFINISHED) {
            true => Verdict::Taken,
            false => Verdict::OtherKind,
        }
    }

    /// Whether a folder is walked through, by its path below the folder that the walk began in.
    pub(super) fn folder(&self, relative: &Path) -> Verdict {
        match relative {
            top if top.as_os_str().is_empty() => Verdict::Taken,
            folder if is_hidden(folder) => Verdict::Ignored,
            folder if self.exclude_folders.is_match(folder) => Verdict::Excluded,
            _ => Verdict::Taken,
        }
    }
}

fn is_hidden(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default();
    name.as_encoded_bytes().starts_with(b".")
}

/// As in .gitignore, a pattern without a slash (but at its end) matches names in any folder.
fn from_the_top(pattern: &str) -> String {
    match pattern.trim_end_matches('/').contains('/') {
        true => pattern.trim_start_matches('/').to_owned(),
        false => format!("**/{pattern}"),
    }
}

fn globs<'p>(
    key: &'static str,
    patterns: impl Iterator<Item = &'p (impl AsRef<str> + ?Sized + 'p)>,
) -> Result<GlobSet, PatternError> {
    let error = |error: globset::Error| PatternError {
        key,
        reason: error.to_string(),
    };
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        let glob = GlobBuilder::new(pattern.as_ref())
            .literal_separator(true)
            .case_insensitive(true)
            .build();
        set.add(glob.map_err(error)?);
    }
    set.build().map_err(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selection(include: &[&str], exclude: &[&str]) -> Result<Selection, PatternError> {
        let texts = |texts: &[&str]| texts.iter().map(ToString::to_string).collect();
        Selection::new(&Files {
            include: texts(include),
            exclude: texts(exclude),
            follow: false,
        })
    }

    #[test]
    fn without_patterns_known_endings_are_taken() {
        let selection = selection(&[], &[]).unwrap();
        assert!(selection.takes(Path::new("day/a.MP4")));
        for name in [
            "a.txt",
            "a",
            ".a.mp4",
            ".trash/a.mp4",
            "a.mp4.part",
            "a.mp4.jsonl",
        ] {
            assert!(!selection.takes(Path::new(name)), "{name}");
        }
    }

    #[test]
    fn patterns_are_for_names_or_for_paths() {
        let selection = selection(&["*.mp4", "cam*/raw/*"], &["draft-*", "old/**"]).unwrap();
        for name in ["a.mp4", "x/y/b.mp4", "cam1/raw/0001.bin", "x/old/a.mp4"] {
            assert!(selection.takes(Path::new(name)), "{name}");
        }
        for name in [
            "a.mkv",
            "x/draft-1.mp4",
            "old/x/a.mp4",
            "cam1/raw/x/y.bin",
            "cam1/raw/x.tmp",
        ] {
            assert!(!selection.takes(Path::new(name)), "{name}");
        }
    }

    #[test]
    fn what_is_made_of_reports_is_no_recording_whatever_the_patterns_say() {
        let selection = selection(&["*"], &[]).unwrap();
        assert!(selection.takes(Path::new("day/a.mp4")));
        for name in ["day/a.mp4.srt", "utterances.csv", "a.mp4.labels.txt"] {
            assert_eq!(
                selection.file(Path::new(name)),
                Verdict::OtherKind,
                "{name}"
            );
        }
    }

    #[test]
    fn folders_are_excluded_by_name_by_path_and_with_all_that_is_in_them() {
        for pattern in ["old", "old/", "OLD", "**/old/**", "day/old", "/day/old/**"] {
            let selection = selection(&[], &[pattern]).unwrap();
            let folder = Path::new("day/old");
            assert_eq!(selection.folder(folder), Verdict::Excluded, "{pattern}");
            assert!(!selection.takes(Path::new("day/old/x/a.mp4")), "{pattern}");
            assert!(selection.takes(Path::new("day/older/a.mp4")), "{pattern}");
        }
        let only_folders = selection(&[], &["a.mp4/"]).unwrap();
        assert!(only_folders.takes(Path::new("a.mp4")));
        assert_eq!(
            selection(&[], &["*.tmp.mp4"])
                .unwrap()
                .folder(Path::new("")),
            Verdict::Taken
        );
        assert!(selection(&[], &["**"]).unwrap().file(Path::new("a.mp4")) == Verdict::Excluded);
    }

    #[test]
    fn an_invalid_pattern_is_named() {
        let error = selection(&[], &["[a"]).unwrap_err().to_string();
        assert!(
            error.contains("files.exclude") && error.contains("[a"),
            "{error}"
        );
    }
}
