//! From labelled clips to a network: extract, train, eval, calibrate, as a user would.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use crate::undertone::{clip, root, run};

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

    pack_and_run(folder.path());
    pack_what_saw_no_faces(folder.path());
}

/// The network of `folder` says that no data had faces, and so do bundle, run and report.
fn pack_what_saw_no_faces(folder: &Path) {
    let path = |name: &str| folder.join(name).display().to_string();
    let demo = root().join("models/demo").display().to_string();
    let (network, faceless, reports) = (path("network"), path("faceless"), path("scored"));
    let config = folder.join("network/fusion.json");
    let text = fs::read_to_string(&config).unwrap();
    let untrained = text.replace(
        "\"network\": {",
        "\"untrained\": [\"video\"], \"network\": {",
    );
    fs::write(&config, untrained).unwrap();
    let pack = ["bundle", &demo, "--network", &network, "--out", &faceless];
    let (code, _, said) = run(&pack);
    assert_eq!(code, 0, "{said}");
    let manifest = fs::read_to_string(folder.join("faceless/bundle.toml")).unwrap();
    assert!(manifest.contains("face = \"untrained\""), "{manifest}");

    let setting = format!("bundle={faceless}");
    let clips = ["positive.mp4", "silent-audio.mp4"].map(|name| clip(name).display().to_string());
    let scored = ["--out", &reports, "--set", &setting];
    let (code, _, said) = run(&[&["run", &clips[0], &clips[1]][..], &scored].concat());
    assert_eq!(code, 0, "{said}");
    assert_eq!(
        said.matches("have no say in the scores").count(),
        1,
        "{said}"
    );
    let report = |name: &str| fs::read_to_string(folder.join("scored").join(name)).unwrap();
    let face = r#""video":{"present":true,"untrained":true,"contribution":null,"#;
    let line = report("positive.mp4.jsonl");
    assert!(line.contains(face), "{line}");
    let line = report("silent-audio.mp4.jsonl");
    assert!(
        line.contains("nothing that the network was trained with"),
        "{line}"
    );
}

/// The network of `folder` becomes a bundle, and the bundle scores a clip.
fn pack_and_run(folder: &Path) {
    let path = |name: &str| folder.join(name).display().to_string();
    let demo = root().join("models/demo").display().to_string();
    let (network, mine, reports) = (path("network"), path("mine"), path("reports"));
    let (version, purpose) = (["--bundle-version", "7"], ["--purpose", "general"]);
    let name = [&["--name", "mine"], &version[..], &purpose[..]].concat();
    let pack = ["bundle", &demo, "--network", &network, "--out", &mine];
    let (code, answer, said) = run(&[&pack[..], &name[..]].concat());
    assert_eq!(code, 0, "{said}");
    assert!(answer.contains("mine: mine 7, fingerprint"), "{answer}");
    let (code, _, said) = run(&pack);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("already exists"), "{said}");

    let setting = format!("bundle={mine}");
    let clip = clip("positive.mp4").display().to_string();
    let (code, _, said) = run(&["run", &clip, "--out", &reports, "--set", &setting]);
    assert_eq!(code, 0, "{said}");
    let report = fs::read_to_string(folder.join("reports/positive.mp4.jsonl")).unwrap();
    assert!(report.contains("\"mine\""), "{report}");

    // A manifest without hashes gets them again and keeps its comments.
    let manifest = folder.join("mine/bundle.toml");
    let text = fs::read_to_string(&manifest).unwrap();
    let without_hashes: Vec<String> = (text.lines())
        .map(|line| line.replace("sha256 = \"", "sha256 = \"0"))
        .collect();
    fs::write(&manifest, without_hashes.join("\n")).unwrap();
    let (code, answer, said) = run(&["bundle", &mine]);
    assert_eq!(
        (code, answer.matches("updated the hashes in ").count()),
        (0, 5),
        "{said}"
    );
    assert_eq!(fs::read_to_string(&manifest).unwrap().trim(), text.trim());

    // Features of another language model.
    let provenance = folder.join("network/provenance.json");
    let text = fs::read_to_string(&provenance).unwrap();
    fs::write(&provenance, text.replace("\"prosody 1\"", "\"prosody 9\"")).unwrap();
    let (code, _, said) = run(&[
        "bundle",
        &demo,
        "--network",
        &network,
        "--out",
        &path("other"),
    ]);
    assert_eq!(code, 3);
    assert!(
        said.contains("its audio features are by prosody 9"),
        "{said}"
    );
    assert!(!folder.join("other").exists());
    fs::write(&provenance, text).unwrap();
}

/// The table has a line for each clip; only transcripts have evidence.
fn assert_heard(table: &str) {
    let mut reader = csv::Reader::from_path(table).unwrap();
    let rows: Vec<HashMap<String, String>> = reader.deserialize().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 5, "{rows:?}");
    for row in rows {
        let confidence = row["confidence"].parse::<f32>();
        assert_eq!(confidence.is_ok(), !row["heard"].is_empty(), "{row:?}");
        assert_eq!(row["mean_log_prob"].is_empty(), row["heard"].is_empty());
        let right = !row["file"].ends_with("no-face.mp4");
        assert_eq!(row["right"], right.to_string(), "{row:?}");
    }
}

#[test]
fn a_gate_is_measured_also_where_nothing_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let clips = [
        ("positive.mp4", "i think the novel was wonderful", "yes"),
        (
            "negative.mp4",
            "i despised the trip from start to finish",
            "yes",
        ),
        (
            "no-face.mp4",
            "quite other words than are heard here",
            "yes",
        ),
        ("silent-audio.mp4", "", "none"),
        ("no-audio.mp4", "", "none"),
    ];
    let mut table = "file,text,speech,label\n".to_owned();
    for (name, text, speech) in clips {
        fs::copy(clip(name), folder.path().join(name)).unwrap();
        table += &format!("{name},{text},{speech},0\n");
    }
    let labels = folder.path().join("labels.csv");
    fs::write(&labels, table).unwrap();
    let labels = labels.display().to_string();

    let table = folder.path().join("heard.csv").display().to_string();
    let (code, answer, said) = run(&["calibrate", &labels, "--measure", "--table", &table]);
    assert_eq!(code, 0, "{said}");
    assert_heard(&table);
    assert!(
        answer.contains("clips 5, transcribed 3, right 2;"),
        "{answer}"
    );
    assert!(
        answer.contains("nothing is said in 2: text invented in 0"),
        "{answer}"
    );
    assert!(
        !answer.contains("bias"),
        "it measures, and fits nothing: {answer}"
    );
    let (code, answer, said) = run(&["calibrate", &labels]);
    assert_eq!(code, 0, "{said}");
    assert!(answer.contains("bias"), "{answer}");
    assert_ne!(run(&["calibrate", &labels, "--measure", "--write"]).0, 0);
    let nowhere = folder
        .path()
        .join("missing/heard.csv")
        .display()
        .to_string();
    let (code, _, said) = run(&["calibrate", &labels, "--table", &nowhere]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("there is no folder"), "{said}");
}

#[test]
fn a_study_is_one_table() {
    let folder = tempfile::tempdir().unwrap();
    let labels = labelled_clips(folder.path());
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (features, out) = (path("features"), path("study"));
    let (code, _, said) = run(&["extract", &labels, "--out", &features]);
    assert_eq!(code, 0, "{said}");
    let study = [
        "study",
        &features,
        "--out",
        &out,
        "--seeds",
        "2",
        "--folds",
        "2",
        "--without",
        "mia",
        "--set",
        "run.epochs=2",
        "--set",
        "network.model_width=16",
    ];
    let (code, table, said) = run(&study);
    assert_eq!(code, 0, "{said}");
    assert_eq!(said.matches("/fold-").count(), 8, "{said}");
    // Heading, three protocols of each network and of ridge, ridge without text, and the median.
    assert_eq!(table.lines().count(), 1 + 3 * 3 + 2, "{table}");
    assert_eq!(table.matches(" ± ").count(), 6 * 8, "{table}");
    let (code, latex, _) = run(&[&study[..], &["--format", "latex"]].concat());
    assert_eq!(code, 0);
    assert!(
        latex.starts_with("\\begin{tabular}{lrrrrrrrrrr}\n"),
        "{latex}"
    );
    assert_eq!(latex.matches(" $\\pm$ ").count(), 6 * 8, "{latex}");
    let (code, again, said) = run(&study);
    assert_eq!((code, again), (0, table), "what is done is not done again");
    assert_eq!(said.matches("/fold-").count(), 8, "{said}");
    let csv = fs::read_to_string(folder.path().join("study/study.csv")).unwrap();
    assert_eq!(csv.lines().count(), 12, "{csv}");
    let (code, _, said) = run(&[&study[..], &["--set", "run.epochs=3"]].concat());
    assert_eq!(code, 2);
    assert!(said.contains("choose another folder"), "{said}");
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
