//! Tests of discovery, on real folders.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;

use super::*;
use undertone_config::Files;

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
    let found = discover(paths, &Selection::default()).unwrap().found;
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
        &Selection::default(),
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
    let errors = discover(&[one, two], &Selection::default()).unwrap_err();
    assert!(
        errors.to_string().contains("would share the report"),
        "{errors}"
    );
    assert_eq!(relatives(&[folder.path().to_owned()]).len(), 2);
}

fn selection(files: Files) -> Selection {
    Selection::new(&files).unwrap()
}

fn following() -> Selection {
    selection(Files {
        follow: true,
        ..Files::default()
    })
}

#[test]
fn links_are_counted_and_followed_only_when_asked() {
    let (folder, elsewhere) = (folder(&["a/a.mp4"]), folder(&["b.mp4", "c/d.mp4", "n.txt"]));
    let (inside, outside) = (folder.path().join("a"), elsewhere.path());
    symlink(outside.join("b.mp4"), inside.join("b.mp4")).unwrap();
    symlink(outside.join("c"), inside.join("c")).unwrap();
    symlink(outside.join("n.txt"), inside.join("n.txt")).unwrap();
    let input = [folder.path().to_owned()];
    let discovered = discover(&input, &Selection::default()).unwrap();
    assert_eq!(discovered.found.len(), 1);
    assert!(discovered.unreadable.is_empty());
    let passed = discovered.passed.to_string();
    assert!(passed.starts_with("2 links ("), "{passed}");
    let followed = discover(&input, &following()).unwrap();
    assert_eq!(followed.found.len(), 3);
    assert_eq!(followed.passed.to_string(), "1 file: 1 .txt");
    // A link that is an input itself is meant.
    assert_eq!(relatives(&[inside.join("c")]), ["d.mp4"]);
    assert_eq!(relatives(&[inside.join("b.mp4")]), ["b.mp4"]);
}

#[test]
fn links_are_not_followed_in_circles_and_broken_ones_are_named() {
    let folder = folder(&["a/a.mp4"]);
    symlink(folder.path(), folder.path().join("a/up")).unwrap();
    symlink("/no/such", folder.path().join("a/broken.mp4")).unwrap();
    symlink("self", folder.path().join("a/self")).unwrap();
    let followed = discover(&[folder.path().to_owned()], &following()).unwrap();
    assert_eq!(followed.found.len(), 1);
    let broken: Vec<_> = followed
        .unreadable
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(broken.len(), 2, "{broken:?}");
    assert!(
        broken[0].contains("a/broken.mp4\" cannot be followed"),
        "{broken:?}"
    );
    assert!(
        broken[1].contains("a/self\" cannot be followed"),
        "{broken:?}"
    );
    let ignored = discover(&[folder.path().to_owned()], &Selection::default()).unwrap();
    assert!(ignored.unreadable.is_empty());
}

#[test]
fn excluded_folders_are_not_entered_and_what_is_passed_over_is_counted() {
    let folder = folder(&[
        "a.mp4",
        "old/b.mp4",
        "old/c.txt",
        "n.txt",
        "draft.mp4",
        "x.part",
    ]);
    // What is wrong in an excluded folder does not matter: a walk into it would name this.
    symlink("/no/such", folder.path().join("old/gone")).unwrap();
    let selection = selection(Files {
        exclude: vec!["old/**".to_owned(), "draft*".to_owned()],
        follow: true,
        ..Files::default()
    });
    let discovered = discover(&[folder.path().to_owned()], &selection).unwrap();
    assert_eq!(discovered.found.len(), 1);
    assert!(
        discovered.unreadable.is_empty(),
        "{:?}",
        discovered.unreadable
    );
    assert_eq!(
        discovered.passed.to_string(),
        "2 files: 1 .part, 1 .txt; 1 file and 1 folder by files.exclude"
    );
}

#[test]
fn names_that_are_not_unicode_are_found() {
    let folder = folder(&[]);
    let name = OsStr::from_bytes(b"caf\xe9.mp4");
    std::fs::write(folder.path().join(name), "x").unwrap();
    let found = discover(&[folder.path().to_owned()], &Selection::default())
        .unwrap()
        .found;
    assert_eq!(found[0].relative.as_os_str(), name);
}

#[test]
fn a_recording_is_known_by_its_content() {
    let folder = folder(&["a.mp4"]);
    let found = discover(&[folder.path().to_owned()], &Selection::default())
        .unwrap()
        .found;
    let recording = identify(&found[0], RecordingId(7)).unwrap();
    assert_eq!(
        recording.blake3,
        blake3::hash(b"a.mp4").to_hex().to_string()
    );
    assert_eq!(recording.size_bytes, 5);
    assert!(recording.modified.is_some());
}

#[test]
fn no_recording_at_all_is_an_error_that_says_what_there_is() {
    let folder = folder(&["notes.txt"]);
    let empty = || {
        let errors = discover(&[folder.path().to_owned()], &Selection::default()).unwrap_err();
        errors.to_string()
    };
    let said = empty();
    assert!(said.contains("there is no recording in"), "{said}");
    assert!(said.ends_with("passed over: 1 file: 1 .txt"), "{said}");
    let elsewhere = tempfile::NamedTempFile::with_suffix(".mp4").unwrap();
    std::os::unix::fs::symlink(elsewhere.path(), folder.path().join("a.mp4")).unwrap();
    let said = empty();
    assert!(said.contains("1 link (files.follow = true"), "{said}");
}
