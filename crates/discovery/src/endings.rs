//! Endings of file names: which are recordings where no pattern is set.

use std::ffi::OsStr;
use std::path::Path;

/// Endings of files that are taken from folders where no pattern is set. GStreamer of Debian 12
/// reads all of them but Apple's caf, whose recordings get a failure record that says so.
pub(super) const MEDIA_EXTENSIONS: &[&str] = &[
    "3g2", "3gp", "3gp2", "3gpp", "aac", "ac3", "aif", "aifc", "aiff", "amr", "ape", "asf", "au",
    "avi", "caf", "divx", "dv", "eac3", "f4a", "f4v", "flac", "flv", "gxf", "m1v", "m2t", "m2ts",
    "m2v", "m4a", "m4b", "m4v", "mka", "mkv", "mod", "mov", "mp2", "mp3", "mp4", "mp4v", "mpa",
    "mpe", "mpeg", "mpg", "mpga", "mts", "mxf", "nut", "oga", "ogg", "ogm", "ogv", "ogx", "opus",
    "qt", "ra", "rf64", "rm", "rmvb", "snd", "spx", "tod", "ts", "tta", "vob", "w64", "wav",
    "weba", "webm", "wma", "wmv", "wv",
];

/// Endings of files that are still being written, whatever the patterns say.
pub(super) const UNFINISHED: &[&str] = &["part", "tmp", "crdownload"];

pub(super) fn has_extension(path: &Path, known: &[&str]) -> bool {
    ending(path).is_some_and(|ending| known.contains(&&*ending))
}

/// What follows the last dot of the name, in lower case.
pub(super) fn ending(path: &Path) -> Option<String> {
    let extension = path.extension().map(OsStr::to_string_lossy);
    extension.map(|extension| extension.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings_are_sorted_and_in_lower_case() {
        assert!(MEDIA_EXTENSIONS.is_sorted());
        let is_lower = |ending: &&str| ending.to_lowercase() == **ending;
        assert!(MEDIA_EXTENSIONS.iter().all(is_lower));
        assert!(has_extension(Path::new("a/B.M4B"), MEDIA_EXTENSIONS));
        assert!(!has_extension(Path::new("m4b"), MEDIA_EXTENSIONS));
    }
}
