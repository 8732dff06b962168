use std::fs;

use undertone_reports::fixtures::write_report;

use super::*;
use crate::gather::gather;
use crate::live::{LIVE_DOCUMENT, live_script};

fn made(folder: &Path) -> (String, Made) {
    let sources = gather(&[folder.to_owned()]).unwrap();
    let mut page = Vec::new();
    let made = write_page(&mut page, "a <title>", &sources, folder).unwrap();
    (String::from_utf8(page).unwrap(), made)
}

/// The JSON of a script element.
fn data(page: &str, id: &str) -> serde_json::Value {
    let begin = format!("<script type=\"application/json\" id=\"{id}\">");
    let from = page.find(&begin).unwrap() + begin.len();
    let length = page[from..].find("</script>").unwrap();
    serde_json::from_str(&page[from..from + length]).unwrap()
}

#[test]
fn a_page_holds_the_lines_of_its_reports() {
    let out = tempfile::tempdir().unwrap();
    write_report(out.path(), &[2.0, -1.0]);
    let (page, made) = made(out.path());
    assert_eq!((made.recordings, made.utterances), (1, 2));
    let all = data(&page, "page-data");
    assert_eq!(all["title"], "a <title>");
    assert_eq!(all["alone"], true);
    assert_eq!(all["recordings"][0]["name"], "day/a.mp4");
    assert_eq!(all["recordings"][0]["summary"]["utterances"], 2);
    let utterances = data(&page, "utterances-0");
    assert_eq!(utterances[1]["sentiment"]["score"], -1.0);
    assert_eq!(utterances[1]["text"]["source"], "simulated");
    assert!(page.trim_end().ends_with("</html>"));
}

#[test]
fn no_name_and_no_transcript_becomes_markup() {
    let out = tempfile::tempdir().unwrap();
    let report = write_report(out.path(), &[1.0]);
    let plain = made(out.path()).0;
    let hostile = "</script><script>alert(1)</script><!--";
    let text = fs::read_to_string(&report).unwrap();
    let text = text.replace("a “fine” film", hostile);
    let text = text.replace("/in/day/a.mp4", hostile);
    fs::remove_file(&report).unwrap();
    // A name cannot hold a slash.
    fs::write(report.with_file_name("<!--<script>.mp4.jsonl"), text).unwrap();
    let page = made(out.path()).0;
    for markup in ["<script", "</script", "<!--"] {
        let count = |page: &str| page.matches(markup).count();
        assert_eq!(count(&page), count(&plain), "{markup}");
    }
    let said = &data(&page, "utterances-0")[0]["text"]["transcript"];
    assert_eq!(said, hostile);
    let name = &data(&page, "page-data")["recordings"][0]["name"];
    assert_eq!(name, "day/<!--<script>.mp4");
}

#[test]
fn scripts_do_not_end_themselves() {
    let script = script(&[include_str!("../../page/embedded.js")]);
    assert!(!script.contains("</") && !script.contains("<!--"));
    assert!(!STYLE.contains("</"));
    let live = [LIVE_DOCUMENT, &live_script()];
    for part in [&script, TEMPLATE, STYLE].iter().chain(&live) {
        let without_namespace = part.replace("http://www.w3.org/2000/svg", "");
        assert!(!without_namespace.contains("//www") && !without_namespace.contains("https:"));
    }
}

#[test]
fn what_was_found_and_cannot_be_read_is_named_and_what_was_named_is_an_error() {
    let out = tempfile::tempdir().unwrap();
    write_report(out.path(), &[1.0]);
    let broken = out.path().join("b.mp4.jsonl");
    fs::write(&broken, "{\n").unwrap();
    let (page, made) = made(out.path());
    assert_eq!((made.recordings, made.unreadable.len()), (1, 1));
    let all = data(&page, "page-data");
    assert_eq!(all["alone"], false);
    let said = all["unreadable"][0].as_str().unwrap();
    assert!(said.contains("b.mp4.jsonl\", line 1, is no line"), "{said}");

    let sources = gather(&[broken]).unwrap();
    let error = write_page(&mut Vec::new(), "", &sources, out.path()).unwrap_err();
    assert!(matches!(error, PageError::Read(_)), "{error}");
}

#[test]
fn duplicates_lead_to_their_original() {
    let out = tempfile::tempdir().unwrap();
    let report = write_report(out.path(), &[1.0]);
    let first: serde_json::Value = {
        let text = fs::read_to_string(&report).unwrap();
        serde_json::from_str(text.lines().next().unwrap()).unwrap()
    };
    let pointer = serde_json::json!({
        "kind": "duplicate", "schema": 3, "program": "0.1.0", "source": first["source"],
        "bundle": first["bundle"], "config": first["config"],
        "of": {"path": "/in/day/a.mp4", "report": "day/a.mp4.jsonl"},
    });
    fs::create_dir(out.path().join("copies")).unwrap();
    fs::write(out.path().join("copies/b.mp4.jsonl"), pointer.to_string()).unwrap();
    let (page, made) = made(out.path());
    assert_eq!((made.recordings, made.duplicates), (1, 1));
    let all = data(&page, "page-data");
    assert_eq!(all["duplicates"][0]["name"], "copies/b.mp4");
    assert_eq!(all["duplicates"][0]["original"], "day/a.mp4");
}
