//! A bundle of models that were not made for each other, and texts.

use std::fs;
use std::path::Path;

use crate::reports::{read, report_path, schema};
use crate::undertone::{clip, root, run};

const NOUNS: [&str; 10] = [
    "novel", "trip", "film", "book", "team", "hotel", "meal", "song", "game", "play",
];

/// Texts as people write them, with labels; of each noun as of a source.
fn table(path: &Path) {
    let mut rows = "text,label,source\n".to_owned();
    for noun in NOUNS {
        for (praise, label) in [
            ("wonderful", 2.5),
            ("great", 2.0),
            ("awful", -2.5),
            ("boring", -2.0),
        ] {
            rows += &format!("\"I THINK, the {noun} was {praise}!\",{label},{noun}\n");
            rows += &format!("the {noun} (uhh) was {praise} from start to finish,{label},{noun}\n");
        }
    }
    fs::write(path, rows).unwrap();
}

fn model(name: &str) -> String {
    root().join("models/demo").join(name).display().to_string()
}

/// The command for the demo's models.
fn command<'a>(models: &'a [String; 3], texts: &'a str, out: &'a str) -> Vec<&'a str> {
    let [asr, language_model, projector] = models;
    vec![
        "new-bundle",
        "--asr",
        asr,
        "--language-model",
        language_model,
        "--projector",
        projector,
        "--texts",
        texts,
        "--out",
        out,
        "--read-prompt",
        "<|text|> {transcript}",
        "--simulate-prompt",
        "{audio}<|text|>",
    ]
}

fn models() -> [String; 3] {
    ["asr.bin", "slm.gguf", "mmproj.gguf"].map(model)
}

#[test]
fn models_and_texts_become_a_bundle_that_scores() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (texts, out, models) = (path("texts.csv"), path("mine"), models());
    table(Path::new(&texts));
    let command = command(&models, &texts, &out);
    let (code, answer, said) = run(&command);
    assert_eq!(code, 0, "{said}");
    for part in [
        "ridge regression",
        "network, words lost",
        "mine: mine 1, fingerprint",
        "calibrate",
    ] {
        assert!(answer.contains(part), "{part} is not in {answer}");
    }
    assert!(answer.contains("each utterance alone"), "{answer}");
    for part in ["whole sources were drawn", "80 texts read", "epoch 1/"] {
        assert!(said.contains(part), "{part} is not in {said}");
    }
    let (code, _, said) = run(&command);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("already exists"), "{said}");

    let (setting, reports) = (format!("bundle={out}"), folder.path().join("reports"));
    let clips = ["positive.mp4", "negative.mp4"].map(|name| clip(name).display().to_string());
    let target = reports.display().to_string();
    let to = [
        "--out",
        &target,
        "--set",
        &setting,
        "--set",
        "text.mode=transcript",
    ];
    let (code, _, said) = run(&[&["run", &clips[0], &clips[1]], &to[..]].concat());
    assert_eq!(code, 0, "{said}");
    let score = |name: &str| {
        let report = read(&report_path(&reports, name), &schema());
        report.utterances[0]["sentiment"]["score"].as_f64().unwrap()
    };
    let (praise, blame) = (score("positive.mp4"), score("negative.mp4"));
    assert!(praise > blame, "{praise} and {blame}");
}

#[test]
fn what_was_done_is_not_done_again_and_only_for_the_same_models() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (texts, out, models) = (path("texts.csv"), path("mine"), models());
    table(Path::new(&texts));
    let command = command(&models, &texts, &out);
    assert_eq!(run(&command).0, 0);
    fs::rename(&out, path("first")).unwrap();
    for other in [["--name", "other"], ["--layer", "2"]] {
        let (code, _, said) = run(&[&command[..], &other].concat());
        assert_eq!(code, 2, "{said}");
        assert!(said.contains("was begun with other models"), "{said}");
    }
    let (code, _, said) = run(&command);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("all 80 texts were read before"), "{said}");
    assert!(!said.contains("epoch 1/"), "{said}");
    let bundle = |name: &str| fs::read(folder.path().join(name).join("bundle.toml")).unwrap();
    assert!(bundle("first") == bundle("mine"));
}

#[test]
fn what_cannot_be_a_bundle_is_named_before_anything_is_trained() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (texts, out) = (path("texts.csv"), path("mine"));
    let models = ["asr.bin", "mmproj.gguf", "mmproj.gguf"].map(model);
    table(Path::new(&texts));
    let (code, _, said) = run(&command(&models, &texts, &out));
    assert_eq!(code, 2, "{said}");
    assert!(
        said.contains("mmproj.gguf cannot be the language model: it is a projector"),
        "{said}"
    );
    let models = self::models();
    let none = [&command(&models, &texts, &out)[..], &["--layer", "99"]].concat();
    let (code, _, said) = run(&none);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("there is no layer 99"), "{said}");
    fs::write(&texts, "text\nthe film was great\n").unwrap();
    let (code, _, said) = run(&command(&models, &texts, &out));
    assert_eq!(code, 2, "{said}");
    assert!(
        said.contains("texts.csv") && said.contains("label"),
        "{said}"
    );
    let clips = root().join("tests/clips/labels.csv").display().to_string();
    let (code, _, said) = run(&command(&models, &clips, &out));
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("takes tables of texts"), "{said}");
    assert!(!Path::new(&out).exists());
}
