//! Tables of texts: data sets without clips, as a user would make them.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::undertone::{clip, command, run};

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
fn labels_within_one_have_the_metrics_of_sims() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (table, narrow) = (texts(folder.path()), path("narrow.csv"));
    let text = fs::read_to_string(&table).unwrap();
    fs::write(&narrow, text.replace("2.5", "0.8")).unwrap();
    let [wide, narrow] = [("wide", &table), ("narrow", &narrow)].map(|(name, table)| {
        let features = path(&format!("{name}-features"));
        let (code, _, said) = run(&["extract", table, "--out", &features]);
        assert_eq!(code, 0, "{said}");
        features
    });
    let network = path("network");
    let small = ["--set", "run.epochs=2", "--set", "network.model_width=16"];
    let train = [&["train", &narrow, "--out", &network], &small[..]].concat();
    let (code, _, said) = run(&train);
    assert_eq!(code, 0, "{said}");

    let of_sims = ["--network", &network, "--metrics", "sims"];
    let figures = path("figures");
    let written = ["--format", "csv", "--out", &figures];
    let (code, table, said) = run(&[&["eval", &narrow], &of_sims[..], &written].concat());
    assert_eq!(code, 0, "{said}");
    let heading = "protocol,n,MAE,95 %,corr,95 %,acc2,F1,acc3,acc5\n";
    assert!(table.starts_with(heading), "{table}");
    let csv = fs::read_to_string(folder.path().join("figures/evaluation.csv")).unwrap();
    assert!(
        csv.lines()
            .next()
            .unwrap()
            .ends_with("sims_acc5,sims_acc5_low,sims_acc5_high"),
        "{csv}"
    );
    let (code, _, said) = run(&[&["eval", &wide], &of_sims[..]].concat());
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("for labels from -1 to 1"), "{said}");

    // A narrow terminal gets a sentence for each line of the table.
    let mut eval = command(&["eval", &narrow, "--network", &network]);
    let output = eval.env("COLUMNS", "60").output().unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(told.starts_with("complete: n 4, MAE "), "{told}");
    assert!(
        told.lines().all(|line| line.chars().count() <= 60),
        "{told}"
    );

    // Programs that track experiments take the epochs as a table.
    let epochs = fs::read_to_string(folder.path().join("network/metrics.csv")).unwrap();
    assert!(
        epochs.starts_with("epoch,best,error,learning_rate,loss/"),
        "{epochs}"
    );
    assert!(
        epochs.contains(",validation/complete/sims/acc3,"),
        "{epochs}"
    );
    assert_eq!(epochs.lines().count(), 3, "{epochs}");
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

/// Small enough to be trained in a second.
const SMALL: [&str; 4] = ["--set", "run.epochs=2", "--set", "network.model_width=16"];

/// Runs what is to succeed: what it prints, and what it says on the way.
fn done(args: &[&str]) -> (String, String) {
    let (code, printed, said) = run(args);
    assert_eq!(code, 0, "{args:?}: {said}");
    (printed, said)
}

/// Runs what is to be refused: what it says.
fn refused(args: &[&str]) -> String {
    let (code, _, said) = run(args);
    assert_eq!(code, 2, "{args:?}: {said}");
    said
}

/// The clips of the tests as a data set.
fn extract_clips(out: &str) {
    done(&[
        "extract",
        &clip("labels.csv").display().to_string(),
        "--out",
        out,
    ]);
}

/// The table says what is absent and what was left out for it, and nothing is made up for it.
#[test]
fn a_network_is_trained_and_measured_on_texts_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (words, network) = (path("words"), path("network"));
    done(&["extract", &texts(folder.path()), "--out", &words]);
    let (_, said) = done(&[&["train", &words, "--out", &network], &SMALL[..]].concat());
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
    let (measured, _) = done(&["eval", &words, "--network", &network]);
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
    let config = fs::read_to_string(folder.path().join("network/fusion.json")).unwrap();
    assert!(
        config.contains(r#""text_missing_untrained": true"#),
        "{config}"
    );
    assert!(
        notes.contains("the text-missing flow was not trained"),
        "{measured}"
    );
    let said = refused(&["eval", &words, "--network", &network, "--protocol", "video"]);
    assert!(said.contains("video needs video"), "{said}");
}

#[test]
fn data_sets_with_and_without_clips_are_used_together() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (words, lost, clips) = (path("words"), path("lost"), path("clips"));
    done(&["extract", &texts(folder.path()), "--out", &words]);
    // The same texts under other ids, with a simulated text, and clips.
    fs::create_dir(folder.path().join("more")).unwrap();
    let more = texts(&folder.path().join("more"));
    done(&["extract", &more, "--out", &lost, "--words-lost", "0.3"]);
    extract_clips(&clips);
    let of_study = ["--out", &path("study"), "--seeds", "1", "--without", "mkd"];
    let (measured, _) = done(&[&["study", &words, &lost], &of_study[..], &SMALL].concat());
    // Heading, two protocols of each network and of ridge, the median, and what is left out.
    assert_eq!(measured.lines().count(), 1 + 3 * 2 + 1 + 4, "{measured}");
    assert!(
        measured.contains("simulated: without 4 utterances"),
        "{measured}"
    );
    let all = ["train", &words, &lost, &clips, "--out", &path("all")];
    let (_, said) = done(&[&all[..], &SMALL].concat());
    assert!(said.contains("28 utterances have no audio"), "{said}");
    assert!(
        said.contains("14 utterances have no simulated text, audio or video"),
        "{said}"
    );
    let said = refused(&["train", &words, &words, "--out", &path("no")]);
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
    let table = texts(folder.path());
    done(&["extract", &table, "--out", &words, "--words-lost", "0.3"]);
    extract_clips(&clips);
    let config = |network: &str| -> Value {
        let text = fs::read_to_string(folder.path().join(network).join("fusion.json")).unwrap();
        serde_json::from_str(&text).unwrap()
    };
    let measure = |network: &str| {
        let eval = ["eval", &clips, "--network", network];
        let protocols = ["complete", "audio", "audio+video"].map(|name| ["--protocol", name]);
        done(&[&eval[..], protocols.as_flattened()].concat()).0
    };
    done(&[&["train", &words, "--out", &first], &SMALL[..]].concat());
    assert_eq!(
        config("first")["untrained"],
        serde_json::json!(["audio", "video"])
    );
    let measured = measure(&first);
    assert!(
        measured.contains("audio: the network was not trained on it"),
        "{measured}"
    );

    let small = ["--set", "run.epochs=3", "--set", "optimiser.batch=4"];
    let go_on = [
        &["train", &clips, "--from", &first, "--out", &second],
        &small[..],
    ]
    .concat();
    let said = refused(&[&go_on[..], &["--set", "network.model_width=32"]].concat());
    assert!(said.contains("network.model_width is 16, not 32"), "{said}");
    done(&go_on);
    assert_eq!(config("second")["untrained"], Value::Null);
    assert_eq!(config("second")["network"]["model_width"], 16);
    let provenance = fs::read_to_string(folder.path().join("second/provenance.json")).unwrap();
    assert!(provenance.contains("\"from\""), "{provenance}");
    let measured = measure(&second);
    assert_eq!(measured.lines().count(), 4, "{measured}");
}

#[test]
fn training_goes_on_from_the_network_of_a_bundle() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (words, network) = (path("words"), path("network"));
    done(&["extract", &texts(folder.path()), "--out", &words]);
    let go_on = ["train", &words, "--from", "demo", "--out", &network];
    done(&[&go_on[..], &["--set", "run.epochs=1"]].concat());
    let config = fs::read_to_string(folder.path().join("network/fusion.json")).unwrap();
    let config: Value = serde_json::from_str(&config).unwrap();
    assert_eq!(config["untrained"], Value::Null, "it knew voices before");
}
