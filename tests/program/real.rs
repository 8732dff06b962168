//! With real models and real speech: `make test-real` gets the models and runs these.
//!
//! Speech comes from a folder that is not part of the project, `UNDERTONE_SPEECH`: 50 utterances
//! of LibriSpeech's test-other as FLAC files and what is said in them, `test-other.tsv` (name,
//! tab, words). The error rates are bars with room for noise, not results; CHANGELOG.md and the
//! commits have results.

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::undertone::{clip, run};
use undertone::labelled::{word_error_rate, words};
use undertone_engines::media::{
    FaceSettings, GstMedia, MediaEvent, MediaSettings, MediaSource, Wanted,
};

/// Seconds of silence between two utterances of a joined recording.
const PAUSE_S: f64 = 0.7;
const RATE_HZ: u32 = 16_000;

/// The utterances with their words; `None`, said, where the speech is not there.
fn speech() -> Option<Vec<(PathBuf, String)>> {
    let Some(folder) = std::env::var_os("UNDERTONE_SPEECH").map(PathBuf::from) else {
        eprintln!("skipped: UNDERTONE_SPEECH does not name a folder of speech");
        return None;
    };
    let table = fs::read_to_string(folder.join("test-other.tsv")).unwrap();
    let row = |line: &str| {
        let (name, said) = line.split_once('\t').unwrap();
        (folder.join(format!("{name}.flac")), said.to_owned())
    };
    Some(table.lines().map(row).collect())
}

fn samples(recording: &Path) -> Vec<f32> {
    let media = GstMedia::new(MediaSettings {
        frames_per_second: 1,
        frame_width_px: 64,
        stall_s: 20.0,
        decoder_threads: 1,
        audio_track: 0,
        faces: FaceSettings::default(),
    });
    let mut all = Vec::new();
    media
        .unwrap()
        .decode(recording, Wanted::AudioAndVideo, &mut |event| {
            if let MediaEvent::Audio { samples, .. } = event {
                all.extend_from_slice(&samples);
            }
            ControlFlow::Continue(())
        })
        .unwrap();
    all
}

/// Writes 16-bit PCM.
fn write_wav(path: &Path, samples: &[f32]) {
    let bytes = u32::try_from(samples.len() * 2).unwrap();
    let mut file = Vec::new();
    file.extend(b"RIFF");
    file.extend((36 + bytes).to_le_bytes());
    file.extend(b"WAVEfmt ");
    file.extend(16_u32.to_le_bytes());
    for half in [1_u16, 1] {
        file.extend(half.to_le_bytes());
    }
    file.extend(RATE_HZ.to_le_bytes());
    file.extend((RATE_HZ * 2).to_le_bytes());
    for half in [2_u16, 16] {
        file.extend(half.to_le_bytes());
    }
    file.extend(b"data");
    file.extend(bytes.to_le_bytes());
    for sample in samples {
        #[expect(clippy::cast_possible_truncation, reason = "limited to its range")]
        let sample = (sample.clamp(-1.0, 1.0) * 32_767.0) as i16;
        file.extend(sample.to_le_bytes());
    }
    fs::write(path, file).unwrap();
}

/// All utterances in one recording, with pauses, and what is said in it.
fn joined(speech: &[(PathBuf, String)], path: &Path) -> String {
    let pause = vec![0.0; (PAUSE_S * f64::from(RATE_HZ)) as usize];
    let mut all = Vec::new();
    for (recording, _) in speech {
        all.extend(samples(recording));
        all.extend_from_slice(&pause);
    }
    write_wav(path, &all);
    let said: Vec<&str> = speech.iter().map(|(_, said)| said.as_str()).collect();
    said.join(" ")
}

/// The lines of a recording's report.
fn report(bundle: &str, recording: &Path, out: &Path) -> Vec<Value> {
    report_with(bundle, recording, out, &[])
}

fn report_with(bundle: &str, recording: &Path, out: &Path, more: &[&str]) -> Vec<Value> {
    let (input, folder) = (recording.to_str().unwrap(), out.to_str().unwrap());
    let bundle = format!("bundle={bundle}");
    let settings = ["--set", &bundle, "--set", "text.words=true"];
    let (code, _, said) = run(&[&["run", input, "--out", folder], &settings[..], more].concat());
    assert_eq!(code, 0, "{said}");
    let name = recording.file_name().unwrap().to_str().unwrap();
    let report = fs::read_to_string(out.join(format!("{name}.jsonl"))).unwrap();
    let lines = report.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn utterances(lines: &[Value]) -> impl Iterator<Item = &Value> {
    lines.iter().filter(|line| line["kind"] == "utterance")
}

/// As people write and as LibriSpeech writes the same.
fn plain(text: &str) -> String {
    let written = words(text).join(" ");
    [("mr", "mister"), ("mrs", "missus"), ("dr", "doctor")]
        .iter()
        .fold(format!(" {written} "), |text, (short, long)| {
            text.replace(&format!(" {short} "), &format!(" {long} "))
        })
}

/// The word error rate of a bundle on joined speech, whose report holds together.
fn heard_by(bundle: &str) -> Option<f64> {
    let speech = speech()?;
    let folder = tempfile::tempdir().unwrap();
    let recording = folder.path().join("joined.wav");
    let said = joined(&speech, &recording);
    let lines = report(bundle, &recording, folder.path());
    let mut heard = String::new();
    for line in utterances(&lines) {
        let text = &line["text"];
        assert_ne!(text["doubt"], "loop", "{line}");
        let (start_s, end_s) = (&line["start_s"], &line["end_s"]);
        let mut before = start_s.as_f64().unwrap();
        for word in text["words"].as_array().unwrap() {
            let (from, to) = (
                word["start_s"].as_f64().unwrap(),
                word["end_s"].as_f64().unwrap(),
            );
            assert!(
                before <= from && from <= to && to <= end_s.as_f64().unwrap(),
                "{line}"
            );
            before = from;
        }
        heard.push_str(text["transcript"].as_str().unwrap_or_default());
        heard.push(' ');
    }
    let rate = word_error_rate(&plain(&said), &plain(&heard));
    eprintln!("{bundle}: word error rate {:.1} %", 100.0 * rate);
    Some(rate)
}

#[test]
#[ignore = "needs real models: make test-real"]
fn whisper_base_hears_joined_speech() {
    if let Some(rate) = heard_by("en") {
        assert!(rate < 0.16, "word error rate {rate:.3}");
    }
}

#[test]
#[ignore = "needs real models: make test-real"]
fn whisper_tiny_hears_joined_speech() {
    if let Some(rate) = heard_by("en-small") {
        assert!(rate < 0.20, "word error rate {rate:.3}");
    }
}

/// Nothing is said in it, so nothing may be trusted.
#[test]
#[ignore = "needs real models: make test-real"]
fn no_text_of_noise_is_trusted() {
    let folder = tempfile::tempdir().unwrap();
    let recording = folder.path().join("noise.wav");
    // A linear congruential generator: white noise, the same on every machine.
    let mut state = 1_u32;
    let noise: Vec<f32> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        0.2 * (f64::from(state) / f64::from(u32::MAX) - 0.5) as f32
    })
    .take(RATE_HZ as usize * 20)
    .collect();
    write_wav(&recording, &noise);
    for bundle in ["en", "en-small"] {
        let lines = report(bundle, &recording, &folder.path().join(bundle));
        assert!(utterances(&lines).count() > 0);
        for line in utterances(&lines) {
            assert_ne!(line["text"]["source"], "transcript", "{line}");
        }
    }
}

#[test]
#[ignore = "needs real models: make test-real"]
fn a_sample_clip_is_scored() {
    let folder = tempfile::tempdir().unwrap();
    let clip = clip("unknown-voice.mp4");
    for bundle in ["en", "en-small"] {
        let lines = report(bundle, &clip, &folder.path().join(bundle));
        assert!(utterances(&lines).any(|line| line["sentiment"]["score"].is_number()));
        // tiny.en knows one language, and is not asked.
        let share = &lines.last().unwrap()["languages"]["en"];
        assert!(bundle == "en-small" || *share == 1.0, "{share}");
    }
}

/// `en-small` has no projector: what it does not trust has no score, and the report says why.
#[test]
#[ignore = "needs real models: make test-real"]
fn without_a_projector_what_is_not_trusted_has_no_score() {
    let folder = tempfile::tempdir().unwrap();
    let clip = clip("unknown-voice.mp4");
    let with = ["--set", "text.gate=1.0"];
    let lines = report_with("en-small", &clip, &folder.path().join("out"), &with);
    assert!(utterances(&lines).count() > 0);
    for line in utterances(&lines) {
        assert!(line["sentiment"].is_null(), "{line}");
        assert!(line["sentiment_missing"].is_string(), "{line}");
    }
}
