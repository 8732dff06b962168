//! What made a score: in reports, on the terminal, and of a report that does not say it.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::undertone::{clip, command, run};

/// The only utterance of the report of a clip.
fn utterance(out: &Path, clip: &str) -> Value {
    let report = fs::read_to_string(out.join(format!("{clip}.jsonl"))).unwrap();
    let lines = report
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    let mut utterances = lines.filter(|line: &Value| line["kind"] == "utterance");
    let only = utterances.next().unwrap();
    assert!(utterances.next().is_none(), "{report}");
    only
}

fn scored(out: &Path, clips: &[&str], more: &[&str]) {
    let clips = clips.iter().map(|name| clip(name).display().to_string());
    let out = out.display().to_string();
    let mut arguments = vec!["run".to_owned(), "--out".to_owned(), out];
    arguments.extend(clips.chain(more.iter().map(|more| (*more).to_owned())));
    let (code, _, said) = run(&arguments);
    assert_eq!(code, 0, "{said}");
}

fn number(value: &Value) -> f64 {
    value
        .as_f64()
        .unwrap_or_else(|| panic!("{value} is no number"))
}

#[test]
fn a_report_says_what_made_its_scores() {
    let folder = tempfile::tempdir().unwrap();
    let (explained, wordless) = (folder.path().join("explained"), folder.path().join("none"));
    let clips = ["turned-by-but.mp4", "loud-noise.mp4"];
    scored(&explained, &clips, &["--explain"]);
    scored(&wordless, &clips, &["--set", "text.mode=none"]);

    for (clip, flow, word) in [
        (clips[0], "complete", "disgusting"),
        (clips[1], "text_missing", "dreadful"),
    ] {
        let line = utterance(&explained, clip);
        let explanation = &line["explanation"];
        let score = number(&line["sentiment"]["score"]);
        assert_eq!(explanation[flow], line["sentiment"]["score"], "{line}");
        assert!(number(&explanation["complete"]) < -1.5, "{line}");
        assert!(number(&explanation["text_missing"]) < -1.5, "{line}");
        let words = explanation["words"].as_array().unwrap();
        assert_eq!(words[0]["word"], word, "{line}");
        assert!(number(&words[0]["effect"]) < -1.0, "{line}");
        assert!(words.len() <= 5, "{line}");

        // The contribution of the words is what they add to a run without any.
        let without = number(&utterance(&wordless, clip)["sentiment"]["score"]);
        let added = number(&line["modalities"]["text"]["contribution"]);
        assert!((score - without - added).abs() < 2e-3, "{line} {without}");
    }
    // The text that was simulated for this alone.
    let simulated = &utterance(&explained, clips[0])["explanation"]["simulated"];
    assert!(
        simulated.as_str().unwrap().contains("the team"),
        "{simulated}"
    );
    let line = utterance(&wordless, clips[0]);
    assert!(line.get("explanation").is_none(), "{line}");
}

#[test]
fn a_report_is_shown_and_explained_afterwards() {
    let folder = tempfile::tempdir().unwrap();
    let (recording, out) = (folder.path().join("a.mp4"), folder.path().join("out"));
    fs::copy(clip("turned-by-but.mp4"), &recording).unwrap();
    scored(&out, &[recording.to_str().unwrap()], &[]);
    let report = out.join("a.mp4.jsonl").display().to_string();
    let before = fs::read(&report).unwrap();

    let (code, shown, said) = run(&["show", &report]);
    assert_eq!(code, 0, "{said}");
    for part in [
        "i liked the referee but",
        "adds      voice ",
        "heard 1.00 ≥ 0.95",
    ] {
        assert!(shown.contains(part), "{part}:\n{shown}");
    }
    assert!(
        !shown.contains("moved by") && !shown.contains('\u{1b}'),
        "{shown}"
    );
    let narrow = command(&["show", &report])
        .envs([("COLUMNS", "60"), ("CLICOLOR_FORCE", "1")])
        .env_remove("NO_COLOR")
        .output()
        .unwrap();
    let narrow = String::from_utf8(narrow.stdout).unwrap();
    assert!(narrow.contains('\u{1b}'), "{narrow}");

    let (code, explained, said) = run(&["explain", &report]);
    assert_eq!(code, 0, "{said}");
    assert!(explained.contains("moved by  disgusting -"), "{explained}");
    assert!(
        said.contains("the scores are those of the report"),
        "{said}"
    );
    assert_eq!(fs::read(&report).unwrap(), before, "the report stays");
    let kept = folder.path().join("kept");
    let (code, _, said) = run(&["explain", &report, "--out", kept.to_str().unwrap()]);
    assert_eq!(code, 0, "{said}");
    assert!(utterance(&kept, "a.mp4").get("explanation").is_some());

    fs::copy(clip("positive.mp4"), &recording).unwrap();
    let (code, _, said) = run(&["explain", &report]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("is not what was scored"), "{said}");
    fs::remove_file(&recording).unwrap();
    let (code, _, said) = run(&["explain", &report]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("is gone"), "{said}");
    let (code, _, said) = run(&["show", clip("positive.mp4").to_str().unwrap()]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("is no report"), "{said}");
}
