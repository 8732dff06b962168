//! How sure scores are: measured by `eval`, carried by a bundle, written in reports.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::undertone::{clip, root, run};

/// Ten sentences for each split, each of a recording of its own.
fn texts(folder: &Path) -> String {
    let things = ["novel", "trip", "battery", "book", "film"];
    let mut table = "text,label,split,source\n".to_owned();
    for split in ["train", "val", "test"] {
        for thing in things {
            table += &format!("i think the {thing} was wonderful,2.5,{split},{split}-{thing}\n");
            table +=
                &format!("the {thing} was dreadful {split},-2.5,{split},{split}-not-{thing}\n");
        }
    }
    let path = folder.join("texts.csv");
    fs::write(&path, table).unwrap();
    path.display().to_string()
}

#[test]
fn intervals_that_were_measured_are_in_reports() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (features, network, config) = (path("features"), path("network"), path("train.toml"));
    let table = texts(folder.path());
    assert_eq!(run(&["extract", &table, "--out", &features]).0, 0);
    fs::write(&config, "[run]\nepochs = 2\n[network]\nmodel_width = 32\n").unwrap();
    let train = ["train", &features, "--out", &network, "--config", &config];
    assert_eq!(run(&train).0, 0);

    let eval = |split: &str, more: &[&str]| {
        let eval = ["eval", &features, "--network", &network, "--split", split];
        run(&[&eval, more].concat())
    };
    let write = ["--write-intervals"];
    let (code, _, said) = eval("train", &write);
    assert_eq!(code, 2);
    assert!(
        said.contains("would be too narrow: use --split val"),
        "{said}"
    );
    let (code, answer, said) = eval("val", &write);
    assert_eq!(code, 0, "{said}");
    assert!(
        answer.contains("complete ±") && answer.contains("(10 utterances)"),
        "{answer}"
    );
    let (_, answer, _) = eval("test", &[]);
    assert!(
        answer.contains("complete: the 90 % intervals hold the truth of"),
        "{answer}"
    );

    let (demo, mine) = (
        root().join("models/demo").display().to_string(),
        path("mine"),
    );
    let pack = ["bundle", &demo, "--network", &network, "--out", &mine];
    assert_eq!(run(&pack).0, 0);
    let (code, _, said) = run(&["eval", &features, "--network", &mine, "--write-intervals"]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("is a bundle"), "{said}");
    reports_have_intervals(folder.path(), &mine);
}

/// A clip's report, by a bundle with intervals.
fn reports_have_intervals(folder: &Path, bundle: &str) {
    let (clip, reports, setting) = (
        clip("positive.mp4").display().to_string(),
        folder.join("reports").display().to_string(),
        format!("bundle={bundle}"),
    );
    let (code, _, said) = run(&["run", &clip, "--out", &reports, "--set", &setting]);
    assert_eq!(code, 0, "{said}");
    let report = fs::read_to_string(folder.join("reports/positive.mp4.jsonl")).unwrap();
    let utterance: Value = serde_json::from_str(report.lines().nth(1).unwrap()).unwrap();
    let (sentiment, interval) = (
        &utterance["sentiment"],
        &utterance["sentiment"]["interval_90"],
    );
    let number = |value: &Value| value.as_f64().unwrap();
    let score = number(&sentiment["score"]);
    assert!(
        number(&interval["low"]) < score && score < number(&interval["high"]),
        "{utterance}"
    );
}
