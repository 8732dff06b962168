//! `undertone view`: a page of what a run has written.

use std::fs;

use crate::undertone::{clip, run};

/// The JSON that a page holds in a script element.
fn embedded(page: &str, id: &str) -> serde_json::Value {
    let (_, rest) = page.split_once(&format!("id=\"{id}\">")).unwrap();
    serde_json::from_str(rest.split_once("</script>").unwrap().0).unwrap()
}

#[test]
fn a_run_can_be_looked_at_and_its_page_is_no_recording() {
    let folder = tempfile::tempdir().unwrap();
    let (input, out) = (folder.path().join("in"), folder.path().join("out"));
    fs::create_dir_all(&input).unwrap();
    fs::copy(clip("turned-by-but.mp4"), input.join("a.mp4")).unwrap();
    fs::write(input.join("b.mp4"), "no media").unwrap();
    let (input, out) = (input.to_str().unwrap(), out.to_str().unwrap());
    let (code, _, said) = run(&["run", input, "--out", out]);
    assert_eq!(code, 1, "{said}");

    let (code, shown, said) = run(&["view", out]);
    assert_eq!(code, 0, "{said}");
    let told = "reports.html: 1 recording, 1 utterance, 1 failure; 0.";
    assert!(shown.contains(told), "{shown}");
    let page = fs::read_to_string(format!("{out}/reports.html")).unwrap();
    let all = embedded(&page, "page-data");
    assert_eq!(all["title"], "out");
    assert_eq!(all["recordings"][0]["name"], "a.mp4");
    assert_eq!(all["recordings"][0]["addresses"][0], "./../in/a.mp4");
    assert_eq!(
        all["recordings"][0]["recording"]["bundle"]["purpose"],
        "demo"
    );
    assert_eq!(all["failures"][0]["name"], "b.mp4");
    let utterance = &embedded(&page, "utterances-0")[0];
    assert_eq!(utterance["sentiment"]["polarity"], "negative");

    // Whatever a run is told to take, it takes no page.
    let everything = r#"files.include=["*"]"#;
    let (code, _, said) = run(&["run", out, "--out", out, "--set", everything]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("there is no recording in"), "{said}");
}

#[test]
fn a_report_that_cannot_be_read_is_named_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("a.mp4.jsonl");
    fs::write(&report, "{\"kind\":\"recording\"}\n").unwrap();
    let report = report.to_str().unwrap();
    let (code, _, said) = run(&["view", report]);
    assert_eq!(code, 3, "{said}");
    assert!(
        said.contains("a.mp4.jsonl\", line 1, is no line of a report"),
        "{said}"
    );
    assert!(!folder.path().join("a.mp4.html").exists());

    // One of a folder does not stop the page of the others.
    let (code, shown, said) = run(&["view", folder.path().to_str().unwrap()]);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("cannot be read: \""), "{said}");
    assert!(shown.contains("nothing that can be read"), "{shown}");

    let (code, _, said) = run(&["view", "no-such-folder"]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("there is no report or folder"), "{said}");
}
