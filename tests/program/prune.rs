//! `undertone prune`: only with `--yes`, only what is gone, nothing while a share is missing.

use std::fs;

use crate::undertone::{clip, command, run};

#[test]
fn reports_of_what_is_gone_are_listed_and_removed_when_asked() {
    let folder = tempfile::tempdir().unwrap();
    let (input, out) = (folder.path().join("in"), folder.path().join("out"));
    fs::create_dir_all(&input).unwrap();
    fs::copy(clip("positive.mp4"), input.join("a.mp4")).unwrap();
    fs::write(input.join("b.mp4"), "no media").unwrap();
    let text = |path: &std::path::Path| path.display().to_string();
    let (input_text, out_text) = (text(&input), text(&out));
    // As people do it: relative to the folder that they are in.
    let status = command(&["run", "in", "--out", "out"])
        .current_dir(folder.path())
        .output()
        .unwrap()
        .status;
    assert_eq!(status.code(), Some(1));
    let whole = fs::read_to_string(out.join("a.mp4.jsonl")).unwrap();
    fs::write(out.join("reports.jsonl"), &whole).unwrap();

    let (code, _, said) = run(&["prune", &out_text]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("relative to the folder"), "{said}");
    fs::remove_file(input.join("b.mp4")).unwrap();
    fs::rename(input.join("a.mp4"), folder.path().join("kept.mp4")).unwrap();
    let (code, _, said) = run(&["prune", &out_text, &input_text, "--yes"]);
    assert_eq!(code, 3, "{said}");
    assert!(said.contains("in\" is empty"), "{said}");
    fs::rename(folder.path().join("kept.mp4"), input.join("a.mp4")).unwrap();

    let (code, shown, said) = run(&["prune", &out_text, &input_text]);
    assert_eq!(code, 0, "{said}");
    assert!(shown.contains("b.mp4 (failure record)"), "{shown}");
    assert!(shown.contains("1 failure records; 1 kept"), "{shown}");
    assert!(shown.contains("nothing was removed"), "{shown}");
    assert!(out.join("b.mp4.failed.json").exists());
    let (code, _, said) = run(&["prune", &out_text, &input_text, "--yes"]);
    assert_eq!(code, 0, "{said}");
    assert!(!out.join("b.mp4.failed.json").exists());
    assert!(out.join("a.mp4.jsonl").exists());

    fs::write(input.join("other.mp4"), "").unwrap();
    fs::remove_file(input.join("a.mp4")).unwrap();
    let (code, shown, said) = run(&["prune", &out_text, &input_text, "--yes"]);
    assert_eq!(code, 0, "{said}");
    assert!(shown.contains("and 1 reports in reports.jsonl"), "{shown}");
    assert!(!out.join("a.mp4.jsonl").exists());
    assert_eq!(fs::read_to_string(out.join("reports.jsonl")).unwrap(), "");
}
