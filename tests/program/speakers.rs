//! Who speaks: `speaker` in every utterance, means in the summary (`speakers.tell_apart`).

use serde_json::Value;

use crate::undertone::{clip, run};

/// The lines of the report on a clip in which one voice says five sentences.
fn lines(out: &std::path::Path, more: &[&str]) -> Vec<Value> {
    let (input, folder) = (clip("conversation.mp4"), out.display().to_string());
    let input = input.display().to_string();
    let arguments = ["run", &input, "--out", &folder];
    let (code, _, said) = run(&[&arguments[..], more].concat());
    assert_eq!(code, 0, "{said}");
    let report = std::fs::read_to_string(out.join("conversation.mp4.jsonl")).unwrap();
    let lines = report.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn one_voice_is_one_speaker_with_the_mean_of_all() {
    let out = tempfile::tempdir().unwrap();
    let lines = lines(out.path(), &[]);
    let (summary, rest) = lines.split_last().unwrap();
    assert_eq!(rest.len(), 6);
    for utterance in &rest[1..] {
        assert_eq!(utterance["speaker"], 1, "{utterance}");
    }
    let speakers = summary["speakers"].as_array().unwrap();
    assert_eq!(speakers.len(), 1, "{summary}");
    assert_eq!(speakers[0]["utterances"], 5);
    assert_eq!(
        speakers[0]["sentiment"]["mean"],
        summary["sentiment"]["mean"]
    );
}

#[test]
fn where_it_is_not_asked_for_nobody_is_named_and_the_scores_are_the_same() {
    let (with, without) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let with = lines(with.path(), &[]);
    let off = ["--set", "speakers.tell_apart=false"];
    let mut first = lines(without.path(), &off);
    for (without, with) in first.iter().zip(&with) {
        assert!(without.get("speaker").is_none(), "{without}");
        assert!(without.get("speakers").is_none(), "{without}");
        assert_eq!(without["sentiment"], with["sentiment"]);
    }
    // Reports without are not made again for it: not even the working times differ.
    let again = lines(without.path(), &[]);
    assert_eq!(first.pop(), again.last().cloned());
}
