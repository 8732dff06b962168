//! Data sets and weights of other programs: imported, then trained on, as a user would.

use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::undertone::{command, root, run};

/// A file that is committed for the tests of `crates/formats`.
fn file(name: &str) -> String {
    let files = root().join("crates/formats/src/tests/files");
    files.join(name).display().to_string()
}

/// Imports with these arguments, and trains two epochs on what came of it.
fn import_and_train(arguments: &[&str]) -> (String, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (features, network, config) = (path("features"), path("network"), path("train.toml"));
    let import = [&["import"], arguments, &["--out", &features]].concat();
    let (code, answer, said) = run(&import);
    assert_eq!(code, 0, "{answer}{said}");
    fs::write(&config, "[run]\nepochs = 2\n[network]\nmodel_width = 16\n").unwrap();
    let (code, trained, errors) =
        run(&["train", &features, "--out", &network, "--config", &config]);
    assert_eq!(code, 0, "{errors}");
    assert!(trained.contains("fusion.safetensors"), "{trained}");
    (answer, said)
}

#[test]
fn an_mmsa_pickle_is_trained_on() {
    let (answer, said) = import_and_train(&["mmsa", &file("unaligned.pkl")]);
    assert!(
        answer.contains("widths: audio 5, text 6, video 4"),
        "{answer}"
    );
    assert!(said.contains("train: 1 values were not finite"), "{said}");
    import_and_train(&["mmsa", &file("aligned.pkl")]);
}

#[test]
fn a_training_that_is_interrupted_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (features, network) = (path("features"), path("network"));
    let import = ["import", "mmsa", &file("unaligned.pkl"), "--out", &features];
    assert_eq!(run(&import).0, 0);
    let epochs = |count: &str| format!("run.epochs={count}");
    let (endless, few) = (epochs("1000000"), epochs("100000"));
    let train = |epochs| ["train", &features, "--out", &network, "--set", epochs];
    let mut child = command(&train(&endless))
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let patience = Instant::now() + Duration::from_secs(60);
    while !folder
        .path()
        .join("network/checkpoint.safetensors")
        .exists()
    {
        assert!(Instant::now() < patience, "no epoch in a minute");
        std::thread::sleep(Duration::from_millis(5));
    }
    let id = child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &id])
            .status()
            .unwrap()
            .success()
    );
    let mut said = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut said)
        .unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{said}");
    assert!(said.contains("--resume continues"), "{said}");
    let done = said.matches("validation MAE").count();
    let lines = || fs::read_to_string(folder.path().join("network/metrics.jsonl")).unwrap();
    assert_eq!(lines().lines().count(), done);

    // As many epochs again, and not from the start.
    let more = epochs(&(done + 2).to_string());
    let (code, _, said) = run(&[&train(&more)[..], &["--resume"]].concat());
    assert_eq!(
        (code, said.matches("validation MAE").count()),
        (0, 2),
        "{said}"
    );
    assert_eq!(lines().lines().count(), done + 2);
    assert_eq!(run(&train(&few)).0, 2, "without --resume it is not touched");
}

#[test]
fn folders_of_npy_files_are_trained_on() {
    let labels = file("mertools/label.npz");
    let folders = ["wavlm", "vicuna", "manet", "simulated"]
        .map(|name| file(&format!("mertools/features/{name}")));
    let [audio, text, video, simulated] = &folders;
    let transcripts = file("mertools/transcription.csv");
    let (_, said) = import_and_train(&[
        "npy",
        "--labels",
        &labels,
        "--audio",
        audio,
        "--text",
        text,
        "--video",
        video,
        "--simulated",
        simulated,
        "--transcripts",
        &transcripts,
    ]);
    assert!(said.contains("nobody_0"), "{said}");
}

#[test]
fn computational_sequences_are_trained_on() {
    let [labels, audio, text, video, splits] = [
        "labels.csd",
        "audio.csd",
        "text.csd",
        "video.csd",
        "splits.csv",
    ]
    .map(|name| file(&format!("csd/{name}")));
    let files = [
        "csd", "--labels", &labels, "--audio", &audio, "--text", &text, "--video", &video,
    ];
    import_and_train(&[&files[..], &["--splits", &splits]].concat());
    import_and_train(&[&files[..], &["--seed", "3"]].concat());
}

#[test]
fn arrays_are_trained_on() {
    import_and_train(&["arrays", &file("arrays-split.npz")]);
    let arrays = file("arrays.npz");
    let shares = ["--val-share", "0.3", "--transcripts", &file("arrays.jsonl")];
    import_and_train(&[&["arrays", &arrays][..], &shares].concat());
}

#[test]
fn what_would_be_executed_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("features").display().to_string();
    let (code, _, said) = run(&["import", "mmsa", &file("system-4.pkl"), "--out", &out]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("posix.system, which is refused"), "{said}");
    assert!(!Path::new(&out).exists());
}

#[test]
fn released_weights_score_what_was_imported() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (features, network) = (path("features"), path("network"));
    let (code, _, said) = run(&["import", "mmsa", &file("aligned.pkl"), "--out", &features]);
    assert_eq!(code, 0, "{said}");
    let (code, answer, said) = run(&["import-weights", &file("released.pt"), "--out", &network]);
    assert_eq!(code, 0, "{said}");
    assert!(
        answer.contains("model 8, fused 4") && said.contains("prelu"),
        "{answer}{said}"
    );
    let (code, table, said) = run(&["eval", &features, "--network", &network]);
    assert_eq!(code, 0, "{said}");
    assert!(table.contains("complete"), "{table}");
    let (code, _, said) = run(&["import-weights", &file("old.pt"), "--out", &network]);
    assert_eq!(code, 2, "{said}");
}
