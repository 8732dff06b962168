//! [`DecodeStage`] with GStreamer over recordings in files.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::*;
use undertone_features::{AudioExtractor, FaceShape, Prosody, VideoExtractor};
use undertone_types::RecordingId;

/// Environment variable that names a folder: every file below it is decoded, and a table is
/// printed.
const SURVEY: &str = "UNDERTONE_TEST_RECORDINGS";

/// Everything that was decoded of a recording.
#[derive(Debug, Default)]
struct Decoded {
    utterances: Vec<Utterance>,
    ended: Option<Ended>,
    failure: Option<Failure>,
}

impl Decoded {
    fn of(path: &Path) -> Self {
        let config = Config::load(None, &[]).unwrap();
        let source = crate::assembly::media(&config).unwrap();
        let mut stage = DecodeStage::new(source, DecodeSettings::from(&config));
        let recording = Arc::new(Recording {
            id: RecordingId(0),
            path: path.to_owned(),
            relative: path.to_owned(),
            size_bytes: 0,
            modified: None,
            blake3: String::new(),
            remote: None,
        });
        let mut decoded = Self::default();
        let flow = stage.run(&recording, &mut |body| {
            match body {
                Body::Opened(_) => {}
                Body::Utterance(utterance) => decoded.utterances.push(*utterance),
                Body::Ended(ended) => decoded.ended = Some(ended),
                Body::Failed(failure) => decoded.failure = Some(failure),
            }
            ControlFlow::Continue(())
        });
        assert!(flow.is_continue());
        decoded
    }

    /// Start and end of each utterance, in seconds.
    fn spans(&self) -> Vec<String> {
        let span = |u: &Utterance| format!("{:.2}–{:.2}", u.start_s, u.end_s);
        self.utterances.iter().map(span).collect()
    }

    /// Frames with a face, and all frames.
    fn faces(&self) -> (usize, usize) {
        let frames = || self.utterances.iter().flat_map(|u| &u.frames);
        let faces = frames().filter(|frame| frame.face.is_some()).count();
        (faces, frames().count())
    }
}

fn clips() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clips")
}

/// The clips and what is expected of them; empty where the clips are not installed.
fn expected() -> Vec<serde_json::Value> {
    let Ok(text) = std::fs::read_to_string(clips().join("expected.json")) else {
        eprintln!("skipped: there is no tests/clips");
        return Vec::new();
    };
    let expected: serde_json::Value = serde_json::from_str(&text).unwrap();
    expected["clips"].as_array().unwrap().clone()
}

#[test]
fn clips_are_cut_where_somebody_speaks() {
    let mut wrong = String::new();
    for clip in expected() {
        let name = clip["file"].as_str().unwrap();
        let said = clip["utterances"].as_array().unwrap();
        let decoded = Decoded::of(&clips().join(name));
        let (faces, frames) = decoded.faces();
        let spans = decoded.spans();
        eprintln!(
            "{name}: {spans:?}, {faces} of {frames} faces, {:?}",
            decoded.failure
        );
        let complete = clip["complete"].as_bool().unwrap();
        let truncated = |ended: &Ended| ended.facts.truncated.is_some();
        let whole = decoded
            .ended
            .as_ref()
            .is_some_and(|ended| !truncated(ended));
        if complete != whole {
            let _ = writeln!(wrong, "{name}: {:?} {:?}", decoded.failure, decoded.ended);
        }
        let Some(ended) = decoded.ended.as_ref().filter(|_| complete) else {
            continue;
        };
        let duration_s = ended.facts.duration_s.unwrap();
        if (duration_s - clip["duration_s"].as_f64().unwrap()).abs() > 0.05 {
            let _ = writeln!(
                wrong,
                "{name}: lasts {duration_s:.3} s, not {}",
                clip["duration_s"]
            );
        }
        if clip["has_face"].as_bool().unwrap() && faces * 10 < frames * 7 {
            let _ = writeln!(wrong, "{name}: {faces} faces in {frames} frames");
        }
        let voiced: Vec<_> = decoded
            .utterances
            .iter()
            .filter(|u| u.voiced_share > 0.0)
            .collect();
        for said in said.iter().filter(|_| !voiced.is_empty()) {
            let span = ["start_s", "end_s"].map(|key| said[key].as_f64().unwrap());
            // Noise may be detected as a voice, but must not hide one.
            let slack_s = if clip["snr_db"].is_null() { 0.5 } else { 1.0 };
            let found = decoded.utterances.iter().any(|u| {
                (-0.1..slack_s).contains(&(span[0] - u.start_s))
                    && (-0.1..slack_s).contains(&(u.end_s - span[1]))
            });
            if !found {
                let _ = writeln!(wrong, "{name}: nothing at {span:?}, but {spans:?}");
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn every_recording_of_the_survey_ends_or_fails_with_a_hint() {
    let Some(folder) = std::env::var_os(SURVEY) else {
        eprintln!("skipped: {SURVEY} names no folder");
        return;
    };
    let mut files: Vec<PathBuf> = walkdir::WalkDir::new(folder)
        .into_iter()
        .filter_map(|entry| Some(entry.ok()?.into_path()))
        .filter(|path| path.is_file())
        .collect();
    files.sort();
    for path in files {
        let start = Instant::now();
        let decoded = Decoded::of(&path);
        let wall_s = start.elapsed().as_secs_f64();
        let (faces, frames) = decoded.faces();
        let spans = decoded.spans();
        let start = Instant::now();
        for utterance in &decoded.utterances {
            let audio = utterance.audio.as_deref().unwrap_or_default();
            Prosody::default().extract(audio).unwrap();
            FaceShape.extract(&utterance.frames).unwrap();
        }
        let features_ms = start.elapsed().as_secs_f64() * 1e3;
        let name = path.file_name().unwrap().display();
        match (&decoded.ended, &decoded.failure) {
            (Some(ended), None) => eprintln!(
                "{name} | {:.3} s | {spans:?} | faces {faces}/{frames} | {wall_s:.2} s + {features_ms:.1} ms",
                ended.facts.duration_s.unwrap()
            ),
            (None, Some(failure)) => {
                assert!(failure.hint.is_some());
                eprintln!("{name} | {failure} | {wall_s:.2} s");
            }
            other => panic!("{name}: {other:?}"),
        }
    }
}
