//! Tables of texts: data sets without clips, as a user would make them.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::undertone::{clip, run};

/// Good and bad sentences of words that the demo bundle knows, for every split.
pub fn texts(folder: &Path) -> String {
    let (good, bad) = (
        [
            "i think the novel was wonderful",
            "we all loved this tournament",
            "the book was fantastic",
        ],
        [
            "i despised the trip from start to finish",
            "i thought the battery was dreadful",
            "this is one of the most awful things i know",
        ],
    );
    let mut table = "text,label,split\n".to_owned();
    for (split, count) in [("train", 3), ("val", 2), ("test", 2)] {
        for (good, bad) in good.iter().zip(bad).take(count) {
            table += &format!("{good},2.5,{split}\n{bad},-2.5,{split}\n");
        }
    }
    let path = folder.join("texts.csv");
    fs::write(&path, table).unwrap();
    path.display().to_string()
}

fn lines(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn texts_become_hidden_states_of_their_words_alone() {
    let folder = tempfile::tempdir().unwrap();
    let table = texts(folder.path());
    let out = |name: &str| folder.path().join(name).display().to_string();
    let (code, _, said) = run(&["extract", &table, "--out", &out("words")]);
    assert_eq!(code, 0, "{said}");
    assert!(
        said.contains("14 texts without clips, since it has no column `file`"),
        "{said}"
    );
    for line in lines(&folder.path().join("words/index.jsonl")) {
        let lengths = &line["lengths"];
        assert!(lengths["text"].as_u64() > Some(3), "{line}");
        for absent in ["audio", "video", "simulated"] {
            assert_eq!(lengths[absent], 0, "{line}");
        }
    }
    let info = fs::read_to_string(folder.path().join("words/dataset.json")).unwrap();
    let info: Value = serde_json::from_str(&info).unwrap();
    let made: Vec<&String> = info["extractors"].as_object().unwrap().keys().collect();
    assert_eq!(made, ["text"]);

    let lost = [
        "extract",
        &table,
        "--out",
        &out("lost"),
        "--words-lost",
        "0.5",
    ];
    assert_eq!(run(&lost).0, 0);
    let index = lines(&folder.path().join("lost/index.jsonl"));
    let count = |kind: &str| -> u64 {
        index
            .iter()
            .map(|line| line["lengths"][kind].as_u64().unwrap())
            .sum()
    };
    assert!(count("simulated") < count("text") && count("simulated") > 14);
    let info = fs::read_to_string(folder.path().join("lost/dataset.json")).unwrap();
    assert!(info.contains("words lost 0.5"), "{info}");
    // The same words are lost again, and a data set has one share.
    let again = [
        "extract",
        &table,
        "--out",
        &out("again"),
        "--words-lost",
        "0.5",
    ];
    assert_eq!(run(&again).0, 0);
    assert_eq!(lines(&folder.path().join("again/index.jsonl")), index);
    for other in [&["--words-lost", "0.4"][..], &[]] {
        let (code, _, said) = run(&[&lost[..4], other].concat());
        assert_eq!(code, 2, "{said}");
        assert!(said.contains("its extractors are"), "{said}");
    }
}

#[test]
fn what_is_wrong_with_a_table_of_texts_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let table = texts(folder.path());
    let (features, listened) = (path("features"), clip("labels.csv").display().to_string());
    let (code, _, said) = run(&["calibrate", &table]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("calibrate listens to clips"), "{said}");
    let mixed = [
        "extract",
        &table,
        &listened,
        "--out",
        &features,
        "--words-lost",
        "0.3",
    ];
    let (code, _, said) = run(&mixed);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("--words-lost is for texts"), "{said}");
    let (code, _, said) = run(&["extract", &table, &table, "--out", &features]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("texts.csv:2"), "{said}");
    assert!(!folder.path().join("features").exists());

    assert_eq!(run(&["extract", &table, "--out", &features]).0, 0);
    fs::write(&table, "text,label\nanother one,1\n").unwrap();
    let (code, _, said) = run(&["extract", &table, "--out", &features]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("the table was changed since"), "{said}");
}

/// The table says what is absent and what was left out for it, and nothing is made up for it.
#[test]
fn networks_are_trained_and_measured_on_texts_alone_and_with_clips() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let table = texts(folder.path());
    let (words, lost) = (path("words"), path("lost"));
    assert_eq!(run(&["extract", &table, "--out", &words]).0, 0);
    let small = ["--set", "run.epochs=2", "--set", "network.model_width=16"];
    let network = path("network");
    let (code, _, said) = run(&[&["train", &words, "--out", &network], &small[..]].concat());
    assert_eq!(code, 0, "{said}");
    for line in [
        "audio: absent from all utterances",
        "no training utterance has audio: nothing is learned of it",
        "the text-missing flow is not trained",
    ] {
        assert!(said.contains(line), "{said}");
    }
    assert!(
        !said.contains("NaN") && !said.contains("simulated 0"),
        "{said}"
    );
    let (code, measured, said) = run(&["eval", &words, "--network", &network]);
    assert_eq!(code, 0, "{said}");
    let (rows, notes) = measured.split_once("audio: absent").unwrap();
    let protocols: Vec<&str> = rows
        .lines()
        .skip(1)
        .filter_map(|row| row.split(' ').next())
        .collect();
    assert_eq!(protocols, ["complete", "text"], "{measured}");
    assert!(
        notes.contains("left out for lack of what they need: simulated, audio"),
        "{measured}"
    );
    let (code, _, said) = run(&["eval", &words, "--network", &network, "--protocol", "video"]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("video needs video"), "{said}");

    // The same texts under other ids, with a simulated text, and clips.
    fs::create_dir(folder.path().join("more")).unwrap();
    let more = texts(&folder.path().join("more"));
    assert_eq!(
        run(&["extract", &more, "--out", &lost, "--words-lost", "0.3"]).0,
        0
    );
    let clips = path("clips");
    let labels = clip("labels.csv").display().to_string();
    assert_eq!(run(&["extract", &labels, "--out", &clips]).0, 0);
    let study = [
        "study",
        &words,
        &lost,
        "--out",
        &path("study"),
        "--seeds",
        "1",
        "--without",
        "mkd",
    ];
    let (code, measured, said) = run(&[&study[..], &small].concat());
    assert_eq!(code, 0, "{said}");
    // Heading, two protocols of each network and of ridge, and what is left out.
    assert_eq!(measured.lines().count(), 1 + 3 * 2 + 4, "{measured}");
    assert!(
        measured.contains("simulated: without 4 utterances"),
        "{measured}"
    );
    let all = ["train", &words, &lost, &clips, "--out", &path("all")];
    let (code, _, said) = run(&[&all[..], &small].concat());
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("28 utterances have no audio"), "{said}");
    assert!(
        said.contains("14 utterances have no simulated text, audio or video"),
        "{said}"
    );
    let (code, _, said) = run(&["train", &words, &words, "--out", &path("no")]);
    assert_eq!(code, 2, "{said}");
    assert!(
        said.contains("both have") && said.contains("texts.csv:2"),
        "{said}"
    );
}

/// What a user with labelled clips does with a network that knows words alone.
#[test]
fn a_network_of_words_learns_voice_and_face_from_clips() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (words, clips) = (path("words"), path("clips"));
    let (first, second) = (path("first"), path("second"));
    assert_eq!(
        run(&[
            "extract",
            &texts(folder.path()),
            "--out",
            &words,
            "--words-lost",
            "0.3"
        ])
        .0,
        0
    );
    let labels = clip("labels.csv").display().to_string();
    assert_eq!(run(&["extract", &labels, "--out", &clips]).0, 0);
    let small = ["--set", "run.epochs=3", "--set", "optimiser.batch=4"];
    let begin = [
        "train",
        &words,
        "--out",
        &first,
        "--set",
        "network.model_width=16",
    ];
    assert_eq!(run(&[&begin[..], &small].concat()).0, 0);
    let config = |network: &str| -> Value {
        let text = fs::read_to_string(folder.path().join(network).join("fusion.json")).unwrap();
        serde_json::from_str(&text).unwrap()
    };
    assert_eq!(
        config("first")["untrained"],
        serde_json::json!(["audio", "video"])
    );
    let measure = |network: &str| {
        let protocols = [
            "--protocol",
            "complete",
            "--protocol",
            "audio",
            "--protocol",
            "audio+video",
        ];
        run(&[&["eval", &clips, "--network", network], &protocols[..]].concat())
    };
    let (code, measured, said) = measure(&first);
    assert_eq!(code, 0, "{said}");
    assert!(
        measured.contains("audio: the network was not trained on it"),
        "{measured}"
    );

    let go_on = ["train", &clips, "--from", &first, "--out", &second];
    let (code, _, said) = run(&[&go_on[..], &small, &["--set", "network.model_width=32"]].concat());
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("network.model_width is 16, not 32"), "{said}");
    let (code, _, said) = run(&[&go_on[..], &small].concat());
    assert_eq!(code, 0, "{said}");
    assert_eq!(config("second")["untrained"], Value::Null);
    assert_eq!(config("second")["network"]["model_width"], 16);
    let provenance = fs::read_to_string(folder.path().join("second/provenance.json")).unwrap();
    assert!(provenance.contains("\"from\""), "{provenance}");
    let (code, measured, said) = measure(&second);
    assert_eq!(code, 0, "{said}");
    assert_eq!(measured.lines().count(), 4, "{measured}");
    // A bundle by its name, with its own network.
    let (code, _, said) = run(&[
        "train",
        &words,
        "--from",
        "demo",
        "--out",
        &path("more"),
        "--set",
        "run.epochs=1",
    ]);
    assert_eq!(code, 0, "{said}");
    assert_eq!(
        config("more")["untrained"],
        Value::Null,
        "it knew voices before"
    );
}
