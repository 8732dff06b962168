//! Tests of discovery, on real folders.

use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;

use super::*;

fn folder(names: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in names {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, name).unwrap();
    }
    folder
}

fn relatives(paths: &[PathBuf]) -> Vec<String> {
    let found = discover(paths, &Patterns::default()).unwrap();
    let relatives = found.iter().map(|found| found.relative.to_str().unwrap());
    relatives.map(ToOwned::to_owned).collect()
}

#[test]
fn folders_give_their_recordings_sorted() {
    let folder = folder(&[
        "b/z.mkv",
        "a.MP4",
        "b/a.webm",
        "notes.txt",
        ".hidden.mp4",
        ".trash/x.mp4",
        "a.mp4.part",
        "x.tmp",
        "y.mp4.crdownload",
        "a.mp4.jsonl",
        "a.mp4.failed.json",
        "sound.wav",
    ]);
    let expected = ["a.MP4", "b/a.webm", "b/z.mkv", "sound.wav"];
    assert_eq!(relatives(&[folder.path().to_owned()]), expected);
}

#[test]
fn a_given_file_is_taken_once() {
    let folder = folder(&["clip.bin", "a.mp4"]);
    let clip = folder.path().join("clip.bin");
    let again = folder
        .path()
        .join("../")
        .join(folder.path().file_name().unwrap())
        .join("clip.bin");
    assert_eq!(relatives(&[clip.clone(), again, clip]), ["clip.bin"]);
    let both = [folder.path().to_owned(), folder.path().join("a.mp4")];
    assert_eq!(relatives(&both), ["a.mp4"]);
}

#[test]
fn every_missing_input_is_named() {
    let errors = discover(
        &["/no/such".into(), "/nor/this".into()],
        &Patterns::default(),
    )
    .unwrap_err();
    let said = errors.to_string();
    assert!(said.contains("\"/no/such\" does not exist"), "{said}");
    assert!(said.contains("\"/nor/this\" does not exist"), "{said}");
}

#[test]
fn two_recordings_never_share_a_report() {
    let folder = folder(&["one/a.mp4", "two/a.mp4"]);
    let (one, two) = (folder.path().join("one"), folder.path().join("two"));
    let errors = discover(&[one, two], &Patterns::default()).unwrap_err();
    assert!(
        errors.to_string().contains("would share the report"),
        "{errors}"
    );
    assert_eq!(relatives(&[folder.path().to_owned()]).len(), 2);
}

#[test]
fn links_are_not_followed_in_circles() {
    let folder = folder(&["a/a.mp4"]);
    symlink(folder.path(), folder.path().join("a/up")).unwrap();
    symlink("/no/such", folder.path().join("a/broken.mp4")).unwrap();
    assert_eq!(relatives(&[folder.path().to_owned()]), ["a/a.mp4"]);
}

#[test]
fn names_that_are_not_unicode_are_found() {
    let folder = folder(&[]);
    let name = OsStr::from_bytes(b"caf\xe9.mp4");
    std::fs::write(folder.path().join(name), "x").unwrap();
    let found = discover(&[folder.path().to_owned()], &Patterns::default()).unwrap();
    assert_eq!(found[0].relative.as_os_str(), name);
}

#[test]
fn a_recording_is_known_by_its_content() {
    let folder = folder(&["a.mp4"]);
    let found = discover(&[folder.path().to_owned()], &Patterns::default()).unwrap();
    let recording = identify(&found[0], RecordingId(7)).unwrap();
    assert_eq!(
        recording.blake3,
        blake3::hash(b"a.mp4").to_hex().to_string()
    );
    assert_eq!(recording.size_bytes, 5);
    assert!(recording.modified.is_some());
}

#[test]
fn no_recording_at_all_is_an_error() {
    let folder = folder(&["notes.txt"]);
    let errors = discover(&[folder.path().to_owned()], &Patterns::default()).unwrap_err();
    assert!(
        errors.to_string().contains("there is no recording in"),
        "{errors}"
    );
}
