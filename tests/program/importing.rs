//! Data sets and weights of other programs: imported, then trained on, as a user would.

use std::fs;
use std::path::Path;

use crate::undertone::{root, run};

/// A file that is committed for the tests of `src/formats`.
fn file(name: &str) -> String {
    let files = root().join("src/formats/tests/files");
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
