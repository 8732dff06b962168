//! [`DecodeStage`] over scripted recordings.

use super::super::cutter::HOP;
use super::*;
use undertone_engines::media::{FakeMedia, MediaEvent};
use undertone_types::{AudioFacts, Frame, RecordingId, VideoFacts};

/// Detects a voice in sound louder than 0.3.
struct Loudness;

impl VoiceDetector for Loudness {
    fn voice(&mut self, hop: &[f32; HOP]) -> f32 {
        f32::from(hop.iter().any(|s| s.abs() > 0.3))
    }

    fn reset(&mut self) {}
}

fn recording() -> Arc<Recording> {
    Arc::new(Recording {
        id: RecordingId(0),
        path: "a.mp4".into(),
        relative: "a.mp4".into(),
        size_bytes: 1,
        modified: None,
        blake3: String::new(),
        remote: None,
    })
}

fn facts(audio: bool, video: bool) -> MediaFacts {
    MediaFacts {
        duration_s: Some(10.0),
        container: None,
        audio: audio.then(|| AudioFacts {
            codec: "a".into(),
            rate_hz: 16_000,
            channels: 1,
            start_s: 0.0,
        }),
        video: video.then(|| VideoFacts {
            codec: "v".into(),
            width_px: 1,
            height_px: 1,
            fps: 25.0,
            start_s: 0.0,
        }),
        ..MediaFacts::default()
    }
}

/// Ten seconds; the level of the sound in each, and four frames per second.
fn events(levels: Option<[f32; 10]>, video: bool) -> Vec<MediaEvent> {
    let mut events = Vec::new();
    for second in 0..10 {
        if let Some(levels) = levels {
            events.push(MediaEvent::Audio {
                start_s: second as f64,
                samples: vec![levels[second]; 16_000],
            });
        }
        for quarter in 0..if video { 4 } else { 0 } {
            events.push(MediaEvent::Frame(Frame {
                time_s: second as f64 + f64::from(quarter) / 4.0,
                face: None,
            }));
        }
    }
    events
}

fn run(source: FakeMedia) -> Vec<Body<Utterance>> {
    let mut stage =
        DecodeStage::new(Box::new(source), default_settings()).with_detector(|| Box::new(Loudness));
    let mut bodies = Vec::new();
    let flow = stage.run(&recording(), &mut |body| {
        bodies.push(body);
        ControlFlow::Continue(())
    });
    assert!(flow.is_continue());
    bodies
}

/// First and last body, and the utterances between them.
fn parts(bodies: &[Body<Utterance>]) -> (Vec<&Utterance>, &Ended) {
    let [Body::Opened(_), between @ .., Body::Ended(ended)] = bodies else {
        panic!("{bodies:?}");
    };
    let utterances: Vec<&Utterance> = between
        .iter()
        .map(|body| match body {
            Body::Utterance(utterance) => &**utterance,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(ended.utterances as usize, utterances.len());
    for (index, utterance) in utterances.iter().enumerate() {
        assert_eq!(utterance.index as usize, index);
    }
    (utterances, ended)
}

const SILENCE: f32 = 1e-4;
const NOISE: f32 = 0.1;
const VOICE: f32 = 0.5;

#[test]
fn a_talk_becomes_utterances_with_frames() {
    let mut levels = [SILENCE; 10];
    levels[2..4].fill(VOICE);
    levels[7] = VOICE;
    let source = FakeMedia::new(facts(true, true), events(Some(levels), true));
    let bodies = run(source);
    let (utterances, _) = parts(&bodies);
    assert_eq!(utterances.len(), 2);
    assert!((utterances[0].start_s - 1.8).abs() < 0.02);
    assert!((utterances[0].end_s - 4.2).abs() < 0.02);
    assert_eq!(utterances[0].frames.len(), 9);
}

#[test]
fn without_sound_there_are_windows() {
    let source = FakeMedia::new(facts(false, true), events(None, true));
    let bodies = run(source);
    let (utterances, _) = parts(&bodies);
    assert_eq!(utterances.len(), 3);
    assert!(
        utterances
            .iter()
            .all(|u| u.audio.is_none() && !u.frames.is_empty())
    );
    assert_eq!(utterances[2].end_s, 10.0);
}

#[test]
fn without_a_voice_there_are_windows_with_loud_sound() {
    let mut levels = [SILENCE; 10];
    levels[..4].fill(NOISE);
    let source = FakeMedia::new(facts(true, true), events(Some(levels), true));
    let bodies = run(source);
    let (utterances, _) = parts(&bodies);
    let loud: Vec<bool> = utterances.iter().map(|u| u.audio.is_some()).collect();
    assert_eq!(loud, [true, false, false]);
}

#[test]
fn silence_alone_has_no_utterances() {
    let source = FakeMedia::new(facts(true, false), events(Some([SILENCE; 10]), false));
    let bodies = run(source);
    let (utterances, ended) = parts(&bodies);
    assert!(utterances.is_empty());
    assert_eq!(ended.facts.duration_s, Some(10.0));
}

#[test]
fn an_error_is_a_failure_with_a_hint() {
    let source = FakeMedia::new(facts(true, false), events(Some([VOICE; 10]), false)).with_error(
        MediaError::Broken {
            reached_s: 10.0,
            reason: "it is torn".into(),
        },
    );
    let bodies = run(source);
    let Some(Body::Failed(failure)) = bodies.last() else {
        panic!("{bodies:?}");
    };
    assert_eq!(failure.stage, Stage::Decode);
    assert!(
        failure.chain[0].starts_with("broken after 10.00 s"),
        "{failure}"
    );
    assert!(failure.hint.is_some());
}

#[test]
fn a_panic_is_a_failure() {
    let source = FakeMedia::new(facts(true, false), Vec::new()).with_panic("the demuxer is gone");
    let bodies = run(source);
    let Some(Body::Failed(failure)) = bodies.last() else {
        panic!("{bodies:?}");
    };
    assert_eq!(failure.chain, ["the stage panicked: the demuxer is gone"]);
}

#[test]
fn a_closed_downstream_ends_the_recording() {
    let source = FakeMedia::new(facts(false, true), events(None, true));
    let mut stage = DecodeStage::new(Box::new(source), default_settings());
    let mut sent = 0;
    let flow = stage.run(&recording(), &mut |_| {
        sent += 1;
        if sent == 2 {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    assert!(flow.is_break());
    assert_eq!(sent, 2);
}
