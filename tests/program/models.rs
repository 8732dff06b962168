//! The program away from its repository: the demo bundle in it, and bundles by their names.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::undertone::{clip, command, root};

/// A folder of its own for everything that the program reads and writes.
struct Away {
    folder: TempDir,
}

impl Away {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::copy(clip("positive.mp4"), folder.path().join("clip.mp4")).unwrap();
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Exit code, standard output and standard error.
    fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        let output = command(arguments)
            .current_dir(self.folder.path())
            .env_remove("UNDERTONE_CACHE")
            .env_remove("XDG_DATA_DIRS")
            .env("UNDERTONE_DATA", self.path("data"))
            .env("XDG_CACHE_HOME", self.path("cache"))
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let code = output.status.code().unwrap();
        (code, text(output.stdout), text(output.stderr))
    }

    /// The demo's files as a bundle of this name, where bundles are installed.
    fn install(&self, name: &str) -> PathBuf {
        let folder = self.path("data/bundles").join(name);
        fs::create_dir_all(&folder).unwrap();
        for entry in fs::read_dir(root().join("models/demo")).unwrap() {
            let path = entry.unwrap().path();
            fs::copy(&path, folder.join(path.file_name().unwrap())).unwrap();
        }
        folder
    }
}

fn fingerprint(report: &Path) -> String {
    let text = fs::read_to_string(report).unwrap();
    let line: serde_json::Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    line["bundle"]["fingerprint"].as_str().unwrap().to_owned()
}

#[test]
fn a_clip_is_scored_anywhere_and_is_done_with_the_same_models_by_path() {
    let away = Away::new();
    let (code, _, said) = away.run(&["run", "clip.mp4", "--out", "r"]);
    assert_eq!(code, 0, "{said}");
    assert!(
        !said.contains("undertone models"),
        "only on a terminal: {said}"
    );
    let report = away.path("r/clip.mp4.jsonl");
    let (before, made) = (fingerprint(&report), fs::read(&report).unwrap());
    // As reports were made before: with the folder in the repository.
    let demo = format!("bundle={}", root().join("models/demo").display());
    let (code, said, _) = away.run(&["run", "clip.mp4", "--out", "r", "--set", &demo]);
    assert_eq!(code, 0);
    assert!(said.contains("1 had a report already"), "{said}");
    assert_eq!(
        (fingerprint(&report), fs::read(&report).unwrap()),
        (before, made)
    );
}

#[test]
fn an_installed_bundle_is_found_by_its_name() {
    let away = Away::new();
    let arguments = ["run", "clip.mp4", "--out", "r", "--set", "bundle=mine"];
    let (code, _, said) = away.run(&arguments);
    assert_eq!(code, 3, "{said}");
    for part in [
        "there is no bundle mine",
        "data/bundles/mine",
        "undertone models",
    ] {
        assert!(said.contains(part), "{part} is not in {said}");
    }
    let folder = away.install("mine");
    let (code, _, said) = away.run(&arguments);
    assert_eq!(code, 0, "{said}");
    let (_, path, _) = away.run(&["models", "path", "mine"]);
    assert_eq!(Path::new(path.trim_end()), folder);
}

#[test]
fn what_is_wrong_with_the_recordings_says_nothing_of_a_bundle() {
    let away = Away::new();
    let (code, _, said) = away.run(&["run", "nothing.mp4", "--out", "r"]);
    assert_eq!(code, 2);
    assert!(
        said.contains("nothing.mp4") && !said.contains("bundle"),
        "{said}"
    );
}

#[test]
fn bundles_are_listed_checked_and_got_only_on_their_terms() {
    let away = Away::new();
    let folder = away.install("mine");
    let (code, list, _) = away.run(&["models", "list", "--json"]);
    assert_eq!(code, 0);
    let list: serde_json::Value = serde_json::from_str(&list).unwrap();
    let names: Vec<_> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|line| &line["name"])
        .collect();
    assert_eq!(names[..3], ["demo", "mine", "en"]);
    assert_eq!(list[1]["folder"], folder.display().to_string());
    assert_eq!(list[1]["scores"], true);

    let (code, said, _) = away.run(&["models", "verify"]);
    assert_eq!(code, 0, "{said}");
    fs::write(folder.join("slm.gguf"), "damaged").unwrap();
    let (code, said, _) = away.run(&["models", "verify", "mine"]);
    assert_eq!(code, 3, "{said}");
    assert!(said.contains("slm.gguf"), "{said}");

    let (code, _, said) = away.run(&["models", "pull", "en", "--from", "absent"]);
    assert_eq!(code, 2, "{said}");
    assert!(
        said.contains("Gemma Terms of Use") && said.contains("--accept-licence"),
        "{said}"
    );
    let (code, _, said) = away.run(&[
        "models",
        "pull",
        "en",
        "--from",
        "absent",
        "--accept-licence",
    ]);
    assert_eq!(code, 3, "{said}");
    assert!(said.contains("absent/whisper-base/model.bin"), "{said}");
    assert_eq!(away.run(&["models", "pull", "fr"]).0, 2);
    assert_eq!(
        away.run(&["models", "remove", "mine"]).0,
        2,
        "it may be irreplaceable"
    );
    assert!(folder.exists());
}
