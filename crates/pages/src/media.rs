//! Where a page may find the recording that it is about.

use std::path::{Component, Path, PathBuf};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use std::os::unix::ffi::OsStrExt;
use undertone_reports::RecordPath;

/// What stays as it is in an address: no name can then become a scheme, a query or a fragment.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Addresses relative to the page, the most likely first: beside the report, so that a folder of
/// recordings, reports and page can be handed on, and where the recording was when it was scored,
/// if it still is.
pub(super) fn addresses(page_folder: &Path, record: &RecordPath, source: &str) -> Vec<String> {
    let name = record.recording.file_name().unwrap_or_default();
    let mut places = vec![record.file.with_file_name(name)];
    let scored = PathBuf::from(source);
    if scored.is_file() && !places[0].is_file() {
        places.insert(0, scored);
    }
    places
        .iter()
        .filter_map(|place| relative(page_folder, place))
        .collect()
}

/// The address of a file as seen from a folder; none where the working folder has gone.
fn relative(folder: &Path, file: &Path) -> Option<String> {
    // The way up from a folder is that of its real path: links may lead elsewhere.
    let real = |path: &Path| {
        path.canonicalize()
            .or_else(|_| std::path::absolute(path))
            .ok()
    };
    let (folder, file) = (real(folder)?, real(file)?);
    let (from, to) = (names(&folder), names(&file));
    let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = std::iter::repeat_n("..".to_owned(), from.len() - shared);
    let down = to[shared..]
        .iter()
        .map(|name| percent_encode(name, ESCAPED).to_string());
    let steps: Vec<_> = up.chain(down).collect();
    Some(format!("./{}", steps.join("/")))
}

fn names(path: &Path) -> Vec<&[u8]> {
    path.components()
        .filter_map(|part| match part {
            Component::Normal(name) => Some(name.as_bytes()),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn addresses_are_relative_and_plain_whatever_the_name() {
        let at = |folder: &str, file: &str| relative(Path::new(folder), Path::new(file)).unwrap();
        assert_eq!(at("/no/out", "/no/out/a.mp4"), "./a.mp4");
        assert_eq!(at("/no/out/x", "/no/in/a b.mp4"), "./../../in/a%20b.mp4");
        assert_eq!(
            at("/no", "/no/javascript:alert(1)?#\"<.mp4"),
            "./javascript%3Aalert%281%29%3F%23%22%3C.mp4"
        );
    }

    #[test]
    fn a_recording_is_looked_for_where_it_was_and_beside_its_report() {
        let folder = tempfile::tempdir().unwrap();
        let (input, out) = (folder.path().join("in"), folder.path().join("out"));
        fs::create_dir_all(&input).unwrap();
        fs::create_dir_all(out.join("day")).unwrap();
        let record = RecordPath {
            file: out.join("day/a.mp4.jsonl"),
            recording: PathBuf::from("day/a.mp4"),
        };
        fs::write(&record.file, "").unwrap();
        let scored = input.join("a.mp4");
        let source = scored.to_str().unwrap();
        assert_eq!(addresses(&out, &record, source), ["./day/a.mp4"]);
        fs::write(&scored, "").unwrap();
        let both = ["./../in/a.mp4", "./day/a.mp4"];
        assert_eq!(addresses(&out, &record, source), both);
        fs::write(out.join("day/a.mp4"), "").unwrap();
        assert_eq!(addresses(&out, &record, source), ["./day/a.mp4"]);
    }
}
