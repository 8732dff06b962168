//! Wrong settings, wrong models, wrong files: named all at once, before any work.

use std::fs;
use std::path::{Path, PathBuf};

use crate::undertone::{clip, root, run};

/// A copy of the demo bundle that can be changed.
pub fn bundle_copy(folder: &Path) -> PathBuf {
    let copy = folder.join("bundle");
    fs::create_dir(&copy).unwrap();
    for entry in fs::read_dir(root().join("models/demo")).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), copy.join(entry.file_name())).unwrap();
    }
    copy
}

fn run_with_bundle(bundle: &Path, out: &Path) -> (i32, String) {
    let (clip, out) = (
        clip("positive.mp4").display().to_string(),
        out.display().to_string(),
    );
    let setting = format!("bundle={}", bundle.display());
    let (code, _, said) = run(&["run", &clip, "--out", &out, "--set", &setting]);
    (code, said)
}

#[test]
fn every_problem_of_a_config_is_named_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("mine.toml");
    let text = "[text]\nmood = \"auto\"\ngate = 7\n\n[decode]\nstall_s = \"long\"\n";
    fs::write(&config, text).unwrap();
    let out = folder.path().join("out").display().to_string();
    let config = config.display().to_string();
    let missing = folder.path().join("no.mp4").display().to_string();
    let (code, _, said) = run(&["run", &missing, "--out", &out, "--config", &config]);
    assert_eq!(code, 2, "{said}");
    for part in [
        "2: ",
        "text.mood",
        "text.mode",
        "3: ",
        "text.gate",
        "6: ",
        "decode.stall_s",
        "no.mp4",
    ] {
        assert!(said.contains(part), "{part} is not in: {said}");
    }
    assert!(!Path::new(&out).exists(), "nothing was begun");
}

#[test]
fn missing_and_truncated_models_are_named_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let bundle = bundle_copy(folder.path());
    fs::remove_file(bundle.join("mmproj.gguf")).unwrap();
    let asr = fs::read(bundle.join("asr.bin")).unwrap();
    fs::write(bundle.join("asr.bin"), &asr[..asr.len() / 2]).unwrap();
    let (code, said) = run_with_bundle(&bundle, &folder.path().join("out"));
    assert_eq!(code, 3, "{said}");
    for part in [
        "mmproj.gguf",
        "missing",
        "asr.bin",
        &(asr.len() / 2).to_string(),
    ] {
        assert!(said.contains(part), "{part} is not in: {said}");
    }
}

#[test]
fn a_model_of_the_wrong_width_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let bundle = bundle_copy(folder.path());
    let manifest = bundle.join("bundle.toml");
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, text.replace("width = 128", "width = 96")).unwrap();
    let (code, said) = run_with_bundle(&bundle, &folder.path().join("out"));
    assert_eq!(code, 3, "{said}");
    for part in ["slm.gguf", "96", "128"] {
        assert!(said.contains(part), "{part} is not in: {said}");
    }
}

#[test]
fn a_missing_bundle_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let (code, said) = run_with_bundle(Path::new("/no/bundle"), &folder.path().join("out"));
    assert_eq!(code, 3, "{said}");
    assert!(said.contains("/no/bundle"), "{said}");
}

#[test]
fn usage_is_2_and_answers_are_0() {
    assert_eq!(run(&["run"]).0, 2);
    assert_eq!(run(&["frobnicate"]).0, 2);
    let (code, shown, _) = run(&["config", "show", "--set", "text.mode=simulated"]);
    assert_eq!(code, 0);
    assert!(shown.contains("mode = \"simulated\""), "{shown}");
    assert_eq!(run(&["doctor"]).0, 0);
}

#[test]
fn what_is_not_media_leaves_a_failure_record_and_the_rest_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let (input, out) = (folder.path().join("in"), folder.path().join("out"));
    fs::create_dir(&input).unwrap();
    fs::write(
        input.join("a.mp4"),
        "version https://git-lfs.github.com/spec/v1\n",
    )
    .unwrap();
    fs::write(input.join("b.mp4"), "").unwrap();
    fs::copy(clip("neutral.mp4"), input.join("c.mp4")).unwrap();
    let (input, out_text) = (input.display().to_string(), out.display().to_string());
    let (code, table, _) = run(&["run", &input, "--out", &out_text]);
    assert_eq!(code, 1, "{table}");
    for name in ["a.mp4", "b.mp4"] {
        let record = fs::read_to_string(out.join(format!("{name}.failed.json"))).unwrap();
        let record: serde_json::Value = serde_json::from_str(&record).unwrap();
        assert_eq!(
            (&record["stage"], &record["attempts"]),
            (&"decode".into(), &1.into())
        );
        assert!(!out.join(format!("{name}.jsonl")).exists());
    }
    assert!(out.join("c.mp4.jsonl").exists());
    let (_, _, _) = run(&["run", &input, "--out", &out_text]);
    let again = fs::read_to_string(out.join("a.mp4.failed.json")).unwrap();
    let again: serde_json::Value = serde_json::from_str(&again).unwrap();
    assert_eq!(again["attempts"], 2);
}
