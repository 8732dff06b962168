//! Messages and run marks for tests of this crate and others.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use undertone_types::{
    AudioFacts, Contributions, Ended, Flow, Frame, Fused, Matrix, MediaFacts, Observation,
    Observed, Recording, RecordingId, Represented, Sentiment, Stage, TextRepresentation,
    TextSource, TokenProbability, Transcribed, Transcript, Utterance, VideoFacts,
};

use super::lines::{BundleLine, ConfigLine, SpeakerLine, SummaryLine, TextShares};
use super::mark::RunMark;
use super::paths::ReportPaths;
use super::writer::ReportWriter;

/// Bundle and settings that a report names.
pub fn mark() -> Arc<RunMark> {
    Arc::new(RunMark {
        bundle: BundleLine {
            name: "tiny".to_owned(),
            version: "0.1.0".to_owned(),
            purpose: "test".to_owned(),
            fingerprint: "0123456789abcdef".to_owned(),
            untrained: Vec::new(),
        },
        config: ConfigLine {
            text_mode: "auto".to_owned(),
            gate: 0.5,
            frames_per_second: 5,
            frame_width_px: 320,
            audio_track: 0,
            window_s: 4.0,
            min_s: 0.6,
            max_s: 15.0,
            pad_s: 0.2,
            pause_s: 0.5,
            voice_threshold: 0.5,
            words: false,
            explain: false,
            faces: false,
        },
        former_fingerprint: "fedcba9876543210".to_owned(),
        sidecars: None,
    })
}

/// A recording whose file does not exist.
pub fn recording() -> Arc<Recording> {
    let path = PathBuf::from("/in/day/a.mp4");
    Arc::new(Recording {
        id: RecordingId(0),
        relative: PathBuf::from("day/a.mp4"),
        path,
        size_bytes: 4096,
        modified: Some(std::time::UNIX_EPOCH),
        blake3: "ab".repeat(32),
        remote: None,
    })
}

/// The end of a recording with this number of utterances.
pub fn ended(utterances: u32) -> Ended {
    Ended {
        utterances,
        facts: MediaFacts {
            duration_s: Some(9.123_456),
            container: Some("Quicktime".to_owned()),
            audio: Some(AudioFacts {
                codec: "AAC".to_owned(),
                rate_hz: 44_100,
                channels: 2,
                start_s: 0.7,
            }),
            video: Some(VideoFacts {
                codec: "H.264".to_owned(),
                width_px: 640,
                height_px: 480,
                fps: 25.0,
                start_s: 0.0,
            }),
            ..MediaFacts::default()
        },
        sidecar: None,
    }
}

/// Seconds that each stage took.
pub fn stage_s() -> BTreeMap<Stage, f64> {
    BTreeMap::from([(Stage::Decode, 0.25), (Stage::Transcribe, 1.5)])
}

/// A scored utterance of `index + 1` seconds; the text of even ones is transcribed, of odd ones
/// simulated.
pub fn fused(index: u32, score: f32) -> Fused {
    let is_simulated = index % 2 == 1;
    let start_s = f64::from(index) * 10.0;
    let utterance = Utterance {
        index,
        start_s,
        end_s: start_s + f64::from(index + 1),
        audio: Some(vec![0.0; 160].into()),
        voiced_share: 0.9,
        frames: vec![Frame {
            time_s: start_s,
            face: None,
        }],
        said: None,
    };
    let transcribed = Transcribed {
        utterance,
        transcript: Some(Transcript {
            text: "a “fine” film".to_owned(),
            tokens: vec![TokenProbability {
                p: 0.9,
                log_p: -0.1,
            }],
            no_speech: 0.01,
            ..Transcript::default()
        }),
        confidence: if is_simulated { 0.2 } else { 0.912_34 },
    };
    let (source, flow) = if is_simulated {
        (TextSource::Simulated, Flow::TextMissing)
    } else {
        (TextSource::Transcript, Flow::Complete)
    };
    let text = TextRepresentation::new(source, Matrix::from_rows(&[[0.0; 4]]));
    Fused {
        observed: Observed {
            represented: Represented {
                transcribed,
                text,
                other: None,
            },
            observation: Observation {
                audio: Matrix::from_rows(&[[0.0; 3]]),
                video: Matrix::empty(5),
                face_coverage: 0.0,
            },
            voice: None,
        },
        sentiment: Ok(Sentiment {
            score,
            flow,
            contributions: Contributions {
                audio: Some(0.2),
                text: Some(0.7),
                video: None,
            },
            margin: None,
        }),
        explanation: None,
    }
}

/// The summary of a recording with this number of utterances, all from transcripts.
pub fn summary(utterances: u32) -> SummaryLine {
    SummaryLine {
        path: "in/a.mp4".to_owned(),
        blake3: String::new(),
        truncated: false,
        duration_s: None,
        declared_s: None,
        utterances,
        scored_s: 1.0,
        sentiment: None,
        sentiment_missing: None,
        text: TextShares {
            transcribed: 1.0,
            simulated: 0.0,
        },
        languages: BTreeMap::new(),
        speakers: Vec::new(),
        stage_s: BTreeMap::new(),
    }
}

/// A speaker of one utterance.
pub fn speaker(speaker: u32) -> SpeakerLine {
    SpeakerLine {
        speaker,
        utterances: 1,
        spoken_s: 1.0,
        scored_s: 0.0,
        sentiment: None,
    }
}

/// The complete report of [`recording`] below a folder, with an utterance for each score.
pub fn write_report(out: &Path, scores: &[f32]) -> PathBuf {
    write_report_of(out, recording(), scores)
}

/// The complete report of a recording below a folder, with an utterance for each score.
pub fn write_report_of(out: &Path, recording: Arc<Recording>, scores: &[f32]) -> PathBuf {
    let paths = ReportPaths::new(out, &recording.relative);
    let report = paths.report.clone();
    let mut writer =
        ReportWriter::create(paths, recording, mark()).expect("the folder can be written to");
    for (index, score) in (0..).zip(scores) {
        let fused = fused(index, *score);
        writer.utterance(&fused).expect("the score is finite");
    }
    let count = u32::try_from(scores.len()).expect("there are few");
    let summary = writer.finish(&ended(count), &stage_s());
    summary.expect("all utterances are there");
    report
}
