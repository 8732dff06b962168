//! Subtitles beside a recording as its transcript (`text.sidecar`).

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::undertone::{clip, run};

struct Folder(tempfile::TempDir);

impl Folder {
    /// With one clip, in which somebody speaks kindly.
    fn new() -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        fs::copy(clip("positive.mp4"), folder.path("talk.mp4")).unwrap();
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    /// Runs over the clip; what was said on the terminal.
    fn run(&self, more: &[&str]) -> String {
        let text = |path: &Path| path.display().to_string();
        let (input, out) = (text(self.0.path()), text(&self.path("out")));
        let arguments = [
            "run",
            &input,
            "--out",
            &out,
            "--set",
            "files.exclude=[\"out/**\"]",
        ];
        let asked = ["--set", "text.sidecar=true"];
        let (code, shown, said) = run(&[&arguments[..], &asked, more].concat());
        assert_eq!(code, 0, "{said}");
        shown + &said
    }

    fn lines(&self) -> Vec<Value> {
        let report = fs::read_to_string(self.path("out/talk.mp4.jsonl")).unwrap();
        report
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

const SUBTITLES: &str = "1\n00:00:00,200 --> 00:00:01,400\n<i>I hated</i> every minute.\n\n\
    2\n00:00:01,400 --> 00:00:02,100\n[sighs]\n\n\
    3\n00:00:01,500 --> 00:00:02,300\n- It was a waste\n- of time.\n\n\
    4\n01:00:00,000 --> 01:00:02,000\nThe end.\n";

#[test]
fn cues_are_the_utterances_and_their_words_are_read() {
    let folder = Folder::new();
    folder.write("talk.srt", SUBTITLES);
    let said = folder.run(&[]);
    assert!(
        said.contains("cues beyond the end of the recording: 1"),
        "{said}"
    );
    let lines = folder.lines();
    let sidecar = &lines[0]["sidecar"];
    assert!(
        sidecar["path"].as_str().unwrap().ends_with("/talk.srt"),
        "{sidecar}"
    );
    assert_eq!(sidecar["blake3"].as_str().map(str::len), Some(64));
    assert_eq!(sidecar["cues"], 2);
    assert_eq!(
        sidecar["notes"][0],
        "cues beyond the end of the recording: 1"
    );
    assert_eq!(lines.len(), 4);
    let texts = [
        (0.2, 1.4, "I hated every minute."),
        (1.5, 2.3, "It was a waste of time."),
    ];
    for (line, (start_s, end_s, text)) in lines[1..].iter().zip(texts) {
        assert_eq!(
            (&line["start_s"], &line["end_s"]),
            (&start_s.into(), &end_s.into())
        );
        let told = &line["text"];
        assert_eq!(told["transcript"], text);
        assert_eq!(
            (&told["source"], &told["origin"]),
            (&"transcript".into(), &"sidecar".into())
        );
        assert_eq!(told["confidence"], Value::Null);
        assert_eq!(line["flow"], "complete");
        assert_eq!(line["modalities"]["audio"]["present"], true);
        assert_eq!(line["modalities"]["video"]["present"], true);
    }
}

#[test]
fn a_report_follows_its_sidecar() {
    let folder = Folder::new();
    folder.run(&[]);
    assert_eq!(folder.lines()[0]["sidecar"], Value::Null);
    let heard = folder.lines()[1]["text"]["transcript"].clone();
    assert!(folder.run(&[]).contains("talk.mp4: has a report already"));

    folder.write(
        "talk.en.vtt",
        "WEBVTT\n\n00:00.500 --> 00:02.000\n<v Ann>What a day!\n",
    );
    let plan = folder.run(&["--dry-run"]);
    assert!(
        plan.contains("outdated: sidecar: none → talk.en.vtt"),
        "{plan}"
    );
    folder.run(&[]);
    assert_eq!(folder.lines()[1]["text"]["transcript"], "What a day!");
    assert!(folder.run(&[]).contains("talk.mp4: has a report already"));

    // What cannot be read costs the sidecar, not the recording.
    folder.write(
        "talk.en.vtt",
        "WEBVTT\n\n00:00.500 --> later\nWhat a day!\n",
    );
    let said = folder.run(&[]);
    let why = "it was not used: line 3: \"later\" is not a time";
    assert!(said.contains(why) && said.contains("talk.en.vtt"), "{said}");
    let lines = folder.lines();
    assert!(
        lines[0]["sidecar"]["notes"][0]
            .as_str()
            .unwrap()
            .starts_with(why)
    );
    assert_eq!(lines[0]["sidecar"]["cues"], 0);
    assert_eq!(lines[1]["text"]["transcript"], heard);
    assert_eq!(lines[1]["text"]["origin"], Value::Null);

    folder.write(
        "talk.en.vtt",
        "WEBVTT\n\n01:00:00.000 --> 01:00:01.000\nToo late\n",
    );
    assert!(folder.run(&[]).contains("all its cues lie beyond the end"));
    assert_eq!(folder.lines()[1]["text"]["transcript"], heard);

    let plan = folder.run(&["--dry-run", "--set", "text.sidecar=false"]);
    assert!(plan.contains("sidecar: talk.en.vtt → none"), "{plan}");
}
