//! Patterns over names: which files of a folder are recordings.

use std::ffi::OsStr;
use std::path::{Component, Path};

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use undertone_config::Files;
use undertone_reports::is_own_output;

/// Endings of files that are taken from folders where no pattern is set.
pub(super) const MEDIA_EXTENSIONS: &[&str] = &[
    "3g2", "3gp", "aac", "aif", "aiff", "amr", "asf", "avi", "flac", "flv", "m2ts", "m2v", "m4a",
    "m4v", "mka", "mkv", "mov", "mp3", "mp4", "mpeg", "mpg", "mts", "mxf", "oga", "ogg", "ogm",
    "ogv", "opus", "ts", "vob", "wav", "webm", "wma", "wmv",
];

/// Endings of files that are still being written, whatever the patterns say.
const UNFINISHED: &[&str] = &["part", "tmp", "crdownload"];

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
pub struct Patterns {
    /// `None`: every known ending.
    include: Option<GlobSet>,
    exclude: GlobSet,
}

impl Patterns {
    /// Reads the patterns of the settings.
    ///
    /// # Errors
    /// Names the first that is not valid.
    pub fn new(files: &Files) -> Result<Self, PatternError> {
        let include = match files.include.is_empty() {
            true => None,
            false => Some(globs("files.include", &files.include)?),
        };
        let exclude = globs("files.exclude", &files.exclude)?;
        Ok(Self { include, exclude })
    }

    /// True when a file of this path below the folder is a recording by its name.
    #[must_use]
    pub fn takes(&self, relative: &Path) -> bool {
        let hidden = relative.components().any(|part| match part {
            Component::Normal(name) => name.as_encoded_bytes().starts_with(b"."),
            _ => false,
        });
        let name = relative.file_name().unwrap_or_default();
        if hidden || is_own_output(name) || has_extension(relative, UNFINISHED) {
            return false;
        }
        let wanted = match &self.include {
            Some(include) => include.is_match(relative),
            None => has_extension(relative, MEDIA_EXTENSIONS),
        };
        wanted && !self.exclude.is_match(relative)
    }
}

fn has_extension(path: &Path, known: &[&str]) -> bool {
    let extension = path.extension().and_then(OsStr::to_str);
    extension.is_some_and(|extension| known.contains(&&*extension.to_ascii_lowercase()))
}

fn globs(key: &'static str, patterns: &[String]) -> Result<GlobSet, PatternError> {
    let error = |error: globset::Error| PatternError {
        key,
        reason: error.to_string(),
    };
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        // As in .gitignore, a pattern without a slash matches names in any folder.
        let anywhere = format!("**/{pattern}");
        let pattern = if pattern.contains('/') {
            pattern.trim_start_matches('/')
        } else {
            &anywhere
        };
        let glob = GlobBuilder::new(pattern)
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

    fn patterns(include: &[&str], exclude: &[&str]) -> Result<Patterns, PatternError> {
        let texts = |texts: &[&str]| texts.iter().map(ToString::to_string).collect();
        Patterns::new(&Files {
            include: texts(include),
            exclude: texts(exclude),
        })
    }

    #[test]
    fn without_patterns_known_endings_are_taken() {
        let patterns = patterns(&[], &[]).unwrap();
        assert!(patterns.takes(Path::new("day/a.MP4")));
        for name in [
            "a.txt",
            "a",
            ".a.mp4",
            ".trash/a.mp4",
            "a.mp4.part",
            "a.mp4.jsonl",
        ] {
            assert!(!patterns.takes(Path::new(name)), "{name}");
        }
    }

    #[test]
    fn patterns_are_for_names_or_for_paths() {
        let patterns = patterns(&["*.mp4", "cam*/raw/*"], &["draft-*", "old/**"]).unwrap();
        for name in ["a.mp4", "x/y/b.mp4", "cam1/raw/0001.bin"] {
            assert!(patterns.takes(Path::new(name)), "{name}");
        }
        for name in [
            "a.mkv",
            "x/draft-1.mp4",
            "old/x/a.mp4",
            "cam1/raw/x/y.bin",
            "cam1/raw/x.tmp",
        ] {
            assert!(!patterns.takes(Path::new(name)), "{name}");
        }
    }

    #[test]
    fn an_invalid_pattern_is_named() {
        let error = patterns(&[], &["[a"]).unwrap_err().to_string();
        assert!(
            error.contains("files.exclude") && error.contains("[a"),
            "{error}"
        );
    }
}
