//! Models on which an engine ends the process.

use std::fs;
use std::path::Path;

use crate::undertone::{clip, command, root};

/// The program with a cache folder of its own: exit code, standard output and error.
fn run(cache: &Path, arguments: &[&str]) -> (i32, String) {
    let mut command = command(arguments);
    let output = command.env("XDG_CACHE_HOME", cache).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (
        output.status.code().unwrap(),
        String::from_utf8(said).unwrap(),
    )
}

/// The demo with a projector whose number of heads does not divide its width.
fn broken_bundle(folder: &Path) {
    for entry in fs::read_dir(root().join("models/demo")).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, folder.join(path.file_name().unwrap())).unwrap();
    }
    let manifest = folder.join("bundle.toml");
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(
        &manifest,
        text.replace("purpose = \"demo\"", "purpose = \"test\""),
    )
    .unwrap();
    let projector = folder.join("mmproj.gguf");
    let mut bytes = fs::read(&projector).unwrap();
    let key = b"clip.audio.attention.head_count";
    let start = bytes
        .windows(key.len())
        .position(|window| window == key)
        .unwrap();
    // After the key: the type of the value, then the value.
    bytes[start + key.len() + 4] = 7;
    fs::write(&projector, bytes).unwrap();
}

#[test]
fn a_model_on_which_an_engine_aborts_is_found_out_and_not_loaded() {
    let folder = tempfile::tempdir().unwrap();
    let (cache, bundle) = (folder.path().join("cache"), folder.path().join("bundle"));
    fs::create_dir(&bundle).unwrap();
    broken_bundle(&bundle);
    let bundle = bundle.to_str().unwrap();
    let (code, said) = run(&cache, &["bundle", bundle]);
    assert_eq!(code, 0, "{said}");
    let set = format!("bundle={bundle}");
    let (out, clip) = (folder.path().join("out"), clip("neutral.mp4"));
    let (out, clip) = (out.to_str().unwrap(), clip.to_str().unwrap());
    let score = ["run", clip, "--out", out, "--set", &set];

    let (code, said) = run(&cache, &score);
    assert_eq!(code, 3, "{said}");
    for part in [
        "trying the models",
        "language model was tried",
        "SIGABRT",
        "GGML_ASSERT",
    ] {
        assert!(said.contains(part), "{part:?} is not in {said}");
    }
    // Remembered: nothing is tried again.
    let (code, said) = run(&cache, &score);
    assert_eq!(code, 3, "{said}");
    assert!(
        said.contains("SIGABRT") && !said.contains("trying the models"),
        "{said}"
    );

    let (code, said) = run(&cache, &["doctor", "--set", &set]);
    assert_eq!(code, 3, "{said}");
    let line = |name: &str| said.lines().find(|line| line.contains(name)).unwrap();
    assert!(
        line("language model, tried").starts_with("MISSING"),
        "{said}"
    );
    assert!(line("speech recogniser, tried").starts_with("ok"), "{said}");

    // Other files, another verdict.
    let whole = root().join("models/demo/mmproj.gguf");
    fs::copy(whole, Path::new(bundle).join("mmproj.gguf")).unwrap();
    assert_eq!(run(&cache, &["bundle", bundle]).0, 0);
    let (code, said) = run(&cache, &score);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("trying the models"), "{said}");
}
