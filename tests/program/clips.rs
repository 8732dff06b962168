//! The sample clips through the whole chain, held to `tests/clips/expected.json`.

use std::sync::OnceLock;

use serde_json::Value;
use tempfile::TempDir;

use crate::reports::{Report, outputs, read, report_path, schema};
use crate::undertone::{clip, root, run};

/// Durations and stream starts are right to this.
const CLOCK_S: f64 = 0.05;
/// Voice activity finds the ends of what is said to this, padding of 0.2 s included; a
/// voice dies away more slowly than it begins.
const CUT_S: [(&str, f64); 2] = [("start_s", 0.35), ("end_s", 0.5)];

/// One run over all clips, shared by the tests.
struct Run {
    out: TempDir,
    code: i32,
    table: String,
    schema: jsonschema::Validator,
}

impl Run {
    fn get() -> &'static Self {
        static RUN: OnceLock<Run> = OnceLock::new();
        RUN.get_or_init(|| {
            let out = tempfile::tempdir().unwrap();
            let (code, table, _) = run(&[
                "run",
                "tests/clips",
                "--out",
                &out.path().display().to_string(),
            ]);
            Self {
                out,
                code,
                table,
                schema: schema(),
            }
        })
    }

    fn report(&self, clip: &str) -> Report {
        read(&report_path(self.out.path(), clip), &self.schema)
    }
}

/// What the recipe wrote down about each clip.
fn expected() -> Vec<Value> {
    let text = std::fs::read_to_string(root().join("tests/clips/expected.json")).unwrap();
    let all: Value = serde_json::from_str(&text).unwrap();
    all["clips"].as_array().unwrap().clone()
}

fn complete() -> Vec<(String, Value)> {
    let named = |clip: Value| (clip["file"].as_str().unwrap().to_owned(), clip);
    expected()
        .into_iter()
        .map(named)
        .filter(|(_, clip)| clip["complete"] == true)
        .collect()
}

fn number(value: &Value) -> f64 {
    value
        .as_f64()
        .unwrap_or_else(|| panic!("{value} is not a number"))
}

#[test]
fn every_clip_has_a_report_or_a_failure_record() {
    let run = Run::get();
    assert_eq!(run.code, 1, "the cut-off clips are incomplete");
    let mut names: Vec<_> = expected()
        .iter()
        .map(|clip| {
            // Of one nothing can be decoded: its index was at its end.
            let ending = match clip["file"] == "cut-off.mp4" {
                true => "failed.json",
                false => "jsonl",
            };
            format!("{}.{ending}", clip["file"].as_str().unwrap())
        })
        .collect();
    names.sort();
    assert_eq!(outputs(run.out.path()), names);
    for name in names {
        let clip = name
            .trim_end_matches(".jsonl")
            .trim_end_matches(".failed.json");
        assert!(
            run.table.contains(clip),
            "{clip} is not in the table:\n{}",
            run.table
        );
    }
}

#[test]
fn lengths_and_starts_are_right() {
    for (name, clip) in complete() {
        let media = Run::get().report(&name).recording["media"].clone();
        let difference_s = number(&media["duration_s"]) - number(&clip["duration_s"]);
        assert!(
            difference_s.abs() <= CLOCK_S,
            "{name}: {difference_s} s off"
        );
        if let Some(start_s) = clip["audio_start_s"].as_f64() {
            let difference_s = number(&media["audio"]["start_s"]) - start_s;
            assert!(
                difference_s.abs() <= CLOCK_S,
                "{name}: audio starts {difference_s} s off"
            );
        } else {
            assert!(media["audio"].is_null(), "{name}");
        }
    }
}

#[test]
fn utterances_are_where_somebody_speaks() {
    for (name, clip) in complete() {
        let spoken = clip["utterances"].as_array().unwrap();
        if spoken.is_empty() || name == "loud-noise.mp4" {
            continue;
        }
        let found = Run::get().report(&name).utterances;
        assert_eq!(found.len(), spoken.len(), "{name}");
        for (found, spoken) in found.iter().zip(spoken) {
            for (end, tolerance_s) in CUT_S {
                let off_s = (number(&found[end]) - number(&spoken[end])).abs();
                assert!(off_s <= tolerance_s, "{name}: {end} is {off_s:.2} s off");
            }
        }
    }
}

#[test]
fn what_is_missing_is_said_to_be_missing() {
    let modalities = |clip: &str| {
        let report = Run::get().report(clip);
        let utterance = report.utterances[0].clone();
        let present = |name: &str| utterance["modalities"][name]["present"] == true;
        (
            present("audio"),
            present("text"),
            present("video"),
            utterance,
        )
    };
    for clip in ["silent-audio.mp4", "no-audio.mp4"] {
        let (audio, text, video, utterance) = modalities(clip);
        assert_eq!((audio, text, video), (false, false, true), "{clip}");
        assert_eq!(utterance["text"]["source"], "none");
        assert_eq!(utterance["flow"], "text-missing");
    }
    for clip in ["audio-only.m4a", "no-face.mp4"] {
        let (audio, _, video, utterance) = modalities(clip);
        assert_eq!((audio, video), (true, false), "{clip}");
        assert_eq!(utterance["modalities"]["video"]["face_coverage"], 0.0);
    }
    let (audio, _, video, utterance) = modalities("positive.mp4");
    assert!(audio && video);
    assert!(number(&utterance["modalities"]["video"]["face_coverage"]) > 0.9);
}

#[test]
fn a_report_shows_faces_where_it_is_asked_to() {
    let thumbnail = |setting: &[&str]| {
        let out = tempfile::tempdir().unwrap();
        let input = clip("positive.mp4").display().to_string();
        let out_name = out.path().display().to_string();
        let (code, _, said) = run(&[&["run", &input, "--out", &out_name], setting].concat());
        assert_eq!(code, 0, "{said}");
        let report = read(&report_path(out.path(), "positive.mp4"), &schema());
        report.utterances[0]["modalities"]["video"]["thumbnail"].clone()
    };
    assert!(thumbnail(&[]).is_null());
    let shown = thumbnail(&["--set", "report.faces=true"]);
    let shown = shown.as_str().unwrap();
    assert!(
        shown.starts_with("data:image/png;base64,iVBORw0KGgo"),
        "{shown}"
    );
    assert!((500..8000).contains(&shown.len()), "{} bytes", shown.len());
}

#[test]
fn clear_speech_is_read_and_loud_noise_is_simulated() {
    let source = |clip: &str| Run::get().report(clip).utterances[0]["text"]["source"].clone();
    assert_eq!(source("loud-noise.mp4"), "simulated");
    let clear: Vec<_> = complete()
        .into_iter()
        .filter(|(_, clip)| clip["snr_db"].is_null() && clip["utterances"][0].is_object())
        .collect();
    let read = clear
        .iter()
        .filter(|(name, _)| source(name) == "transcript")
        .count();
    assert!(
        2 * read > clear.len(),
        "only {read} of {} clear clips are read",
        clear.len()
    );
}

#[test]
fn transcripts_that_are_trusted_are_right() {
    let (mut words, mut errors) = (0, 0);
    for (name, clip) in complete() {
        let report = Run::get().report(&name);
        let spoken = clip["utterances"].as_array().unwrap();
        for (found, spoken) in report.utterances.iter().zip(spoken) {
            if found["text"]["source"] == "transcript" {
                let said = spoken["text"].as_str().unwrap();
                let heard = found["text"]["transcript"].as_str().unwrap();
                let count = said.split(' ').count();
                let rate = undertone::labelled::word_error_rate(said, heard);
                words += count;
                errors += (rate * count as f64).round() as usize;
            }
        }
    }
    assert!(
        words > 0 && 5 * errors <= words,
        "{errors} of {words} trusted words are wrong"
    );
}

#[test]
fn scores_follow_what_is_said() {
    let (mut positive, mut negative) = (Vec::new(), Vec::new());
    for (name, clip) in complete() {
        let report = Run::get().report(&name);
        for (found, spoken) in report
            .utterances
            .iter()
            .zip(clip["utterances"].as_array().unwrap())
        {
            let score = number(&found["sentiment"]["score"]);
            assert!((-3.0..=3.0).contains(&score), "{name}: {score}");
            match number(&spoken["valence"]) {
                valence if valence > 1.5 => positive.push(score),
                valence if valence < -1.5 => negative.push(score),
                _ => {}
            }
        }
    }
    let mean = |scores: &[f64]| scores.iter().sum::<f64>() / scores.len() as f64;
    let (positive, negative) = (mean(&positive), mean(&negative));
    assert!(
        positive > 0.5 && negative < -0.5,
        "means {positive:.2} and {negative:.2}"
    );
}

#[test]
fn what_is_done_is_not_done_again() {
    let out = tempfile::tempdir().unwrap();
    let out = out.path().display().to_string();
    let clip = "tests/clips/neutral.mp4";
    assert_eq!(run(&["run", clip, "--out", &out]).0, 0);
    let first = std::fs::metadata(format!("{out}/neutral.mp4.jsonl"))
        .unwrap()
        .modified()
        .unwrap();
    let modified = || {
        std::fs::metadata(format!("{out}/neutral.mp4.jsonl"))
            .unwrap()
            .modified()
    };
    let (code, table, _) = run(&["run", clip, "--out", &out]);
    assert!(code == 0 && table.contains("neutral.mp4"), "{table}");
    assert_eq!(modified().unwrap(), first);
    assert_eq!(run(&["run", clip, "--out", &out, "--force"]).0, 0);
    assert_ne!(modified().unwrap(), first);
    let again = modified().unwrap();
    assert_eq!(
        run(&["run", clip, "--out", &out, "--set", "text.mode=simulated"]).0,
        0
    );
    assert_ne!(modified().unwrap(), again, "other settings, other report");
}
