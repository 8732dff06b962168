//! From labelled clips to a network: extract, train, eval, calibrate, as a user would.

use std::fs;
use std::path::Path;

use crate::undertone::{clip, run};

/// Six clips, two for each split, with their table.
fn labelled_clips(folder: &Path) -> String {
    let clips = [
        (
            "positive.mp4",
            "i think the novel was wonderful",
            "2.8",
            "train",
        ),
        (
            "negative.mp4",
            "i despised the trip from start to finish",
            "-2.7",
            "train",
        ),
        ("positive-opus.webm", "", "2.6", "val"),
        ("negative-vorbis.webm", "", "-2.7", "val"),
        ("no-audio.mp4", "", "0.0", "test"),
        ("no-face.mp4", "the book was fantastic", "2.6", "test"),
    ];
    let mut table = "file,text,valence,split\n".to_owned();
    for (name, text, valence, split) in clips {
        fs::copy(clip(name), folder.join(name)).unwrap();
        table += &format!("{name},{text},{valence},{split}\n");
    }
    let path = folder.join("labels.csv");
    fs::write(&path, table).unwrap();
    path.display().to_string()
}

#[test]
fn a_network_is_trained_from_labelled_clips() {
    let folder = tempfile::tempdir().unwrap();
    let labels = labelled_clips(folder.path());
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (features, network, config) = (path("features"), path("network"), path("train.toml"));

    let (code, _, said) = run(&["extract", &labels, "--out", &features]);
    assert_eq!(code, 0, "{said}");
    let index = fs::read_to_string(folder.path().join("features/index.jsonl")).unwrap();
    assert_eq!(index.lines().count(), 6);

    let settings = |epochs| format!("[run]\nepochs = {epochs}\n[network]\nmodel_width = 32\n");
    fs::write(&config, settings(2)).unwrap();
    let train = ["train", &features, "--out", &network, "--config", &config];
    let (code, answer, said) = run(&train);
    assert_eq!(code, 0, "{said}");
    assert!(answer.contains("fusion.safetensors"), "{answer}");
    assert_ne!(run(&train).0, 0, "a finished run is not overwritten");
    fs::write(&config, settings(3)).unwrap();
    let (code, _, said) = run(&[&train[..], &["--resume"]].concat());
    assert_eq!((code, said.matches("epoch 3/3").count()), (0, 1), "{said}");

    let (code, table, _) = run(&["eval", &features, "--network", &network]);
    assert_eq!(code, 0);
    for protocol in ["complete", "simulated", "audio+video", "text"] {
        assert!(table.contains(protocol), "{table}");
    }
    let figures = path("figures");
    let all = ["--protocol", "all", "--out", &figures];
    let (code, table, _) = run(&[&["eval", &features, "--network", &network], &all[..]].concat());
    assert_eq!(
        (code, table.lines().count()),
        (0, 1 + 8 + 7 + 10),
        "{table}"
    );
    let written = |name: &str| fs::read_to_string(folder.path().join("figures").join(name));
    assert_eq!(written("evaluation.csv").unwrap().lines().count(), 26);
    let predictions = written("predictions.csv").unwrap();
    assert!(predictions.starts_with("id,source,label,complete,simulated,"));
    assert_eq!(predictions.lines().count(), 3);
    assert!(written("evaluation.json").is_ok());
    assert!(fs::exists(folder.path().join("network/curves.svg")).unwrap());
}

#[test]
fn a_clip_that_cannot_be_read_is_named_and_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let labels = folder.path().join("labels.csv");
    fs::copy(clip("cut-off.mp4"), folder.path().join("cut-off.mp4")).unwrap();
    fs::write(&labels, "file,label\ncut-off.mp4,1\nnot-there.mp4,1\n").unwrap();
    let out = folder.path().join("features").display().to_string();
    let (code, _, said) = run(&["extract", &labels.display().to_string(), "--out", &out]);
    assert_eq!(code, 1, "{said}");
    assert!(
        said.contains("cut-off.mp4") && said.contains("not-there.mp4"),
        "{said}"
    );
}

#[test]
fn a_bad_table_names_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let labels = folder.path().join("labels.csv");
    fs::write(&labels, "file,label\na.mp4,0\nb.mp4,9\n").unwrap();
    let out = folder.path().join("features").display().to_string();
    let (code, _, said) = run(&["extract", &labels.display().to_string(), "--out", &out]);
    assert_eq!(code, 2, "{said}");
    assert!(
        said.contains("labels.csv") && said.contains("line 3"),
        "{said}"
    );
}
