//! The chain with fake engines, and a fault injected into every stage.

mod fakes;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use self::fakes::{
    FakeExtractor, FakeFusion, FakeLanguageModel, FakeRecogniser, Fakes, Injected, WINDOWS,
    fake_media,
};
use super::{Chain, Engines, StageError, Stop, run};
use crate::stages::decode::default_settings;
use crate::stages::observe::ObserveStage;
use undertone_bundle::{Gate, GateWeights};
use undertone_config::{Config, TextMode};
use undertone_engines::media::MediaSource;
use undertone_features::{FaceShape, Prosody};
use undertone_telemetry::StageClocks;
use undertone_types::{
    Body, Cause, Flow, Fused, Message, Recording, RecordingId, SourceItem, Stage,
};

/// What arrived of each recording: utterance indexes, whether it ended, why it failed.
#[derive(Debug, Default, PartialEq)]
struct Arrived {
    opened: bool,
    utterances: Vec<u32>,
    ended: Option<u32>,
    failed: Option<(Stage, Cause)>,
}

type Arrivals = BTreeMap<RecordingId, Arrived>;

fn chain(workers: usize) -> Chain {
    let mut stages = Config::load(None, &[]).unwrap().stages;
    stages.queue = 1;
    stages.transcribe.workers = workers;
    stages.represent.workers = workers;
    let gate = Gate {
        threshold: 0.5,
        bias: 9.0,
        weights: GateWeights::default(),
    };
    Chain {
        stages,
        cores: 2,
        decode: default_settings(),
        text: TextMode::Auto,
        gate,
        batch: 4,
        explain: false,
    }
}

fn recordings(count: u64) -> Vec<SourceItem> {
    let recording = |id| Recording {
        id: RecordingId(id),
        path: PathBuf::from(format!("/{id}.mp4")),
        relative: PathBuf::from(format!("{id}.mp4")),
        size_bytes: 0,
        modified: None,
        blake3: String::new(),
        remote: None,
    };
    (0..count)
        .map(|id| SourceItem::Recording(Arc::new(recording(id))))
        .collect()
}

/// Runs four fake recordings; `report` may end the run.
fn run_with(
    injected: Injected,
    workers: usize,
    stop: &Stop,
    report: impl FnMut(&Message<Fused>) -> Result<(), StageError> + Send,
) -> Arrivals {
    run_over(4, injected, workers, stop, report)
}

/// The same, with a number of recordings.
fn run_over(
    count: u64,
    injected: Injected,
    workers: usize,
    stop: &Stop,
    mut report: impl FnMut(&Message<Fused>) -> Result<(), StageError> + Send,
) -> Arrivals {
    let fakes = Fakes::new(injected);
    let (recogniser, language) = (
        FakeRecogniser(fakes.clone()),
        FakeLanguageModel(fakes.clone()),
    );
    let media: Vec<Box<dyn MediaSource>> = vec![Box::new(fake_media(injected))];
    let extractor = FakeExtractor(fakes.clone(), Prosody::default());
    let engines = Engines {
        media,
        recogniser: &recogniser,
        language: Some(&language),
        observers: vec![ObserveStage::new(Arc::new(extractor), Arc::new(FaceShape))],
        sentiment_models: vec![Ok(Box::new(FakeFusion(fakes)))],
    };
    let arrivals = Mutex::new(Arrivals::new());
    run(
        &chain(workers),
        engines,
        recordings(count).into_iter(),
        |message| {
            report(&message)?;
            let mut arrivals = arrivals.lock().unwrap();
            let arrived = arrivals.entry(message.recording.id).or_default();
            match message.body {
                Body::Opened(_) => arrived.opened = true,
                Body::Utterance(fused) => {
                    assert_eq!(fused.sentiment.unwrap().flow, Flow::Complete);
                    let index = fused.observed.represented.transcribed.utterance.index;
                    arrived.utterances.push(index);
                }
                Body::Ended(ended) => arrived.ended = Some(ended.utterances),
                Body::Failed(failure) => arrived.failed = Some((failure.stage, failure.cause)),
            }
            Ok(())
        },
        &StageClocks::default(),
        stop,
        || std::thread::sleep(Duration::from_millis(5)),
    );
    arrivals.into_inner().unwrap()
}

fn whole() -> Arrived {
    let count = WINDOWS as u32;
    Arrived {
        opened: true,
        utterances: (0..count).collect(),
        ended: Some(count),
        failed: None,
    }
}

#[test]
fn every_utterance_arrives_in_order() {
    let stop = Stop::default();
    let arrivals = run_with(Injected::Never, 1, &stop, |_| Ok(()));
    assert_eq!(arrivals.len(), 4);
    assert!(
        arrivals.values().all(|arrived| *arrived == whole()),
        "{arrivals:?}"
    );
    assert!(stop.take_error().is_none());
}

#[test]
fn replicas_lose_nothing() {
    for mut arrived in run_with(Injected::Never, 3, &Stop::default(), |_| Ok(())).into_values() {
        arrived.utterances.sort_unstable();
        assert_eq!(arrived, whole());
    }
}

#[test]
fn an_error_in_any_stage_fails_its_recording_and_no_other() {
    // An engine's error may pass, so it must not fail the recording for good.
    for (stage, cause) in [
        (Stage::Decode, Cause::Content),
        (Stage::Transcribe, Cause::Engine),
        (Stage::Represent, Cause::Engine),
        (Stage::Observe, Cause::Defect),
    ] {
        let stop = Stop::default();
        let arrivals = run_with(Injected::Error(stage, WINDOWS + 1), 1, &stop, |_| Ok(()));
        assert_eq!(arrivals[&RecordingId(1)].failed, Some((stage, cause)));
        for id in [0, 2, 3] {
            assert_eq!(arrivals[&RecordingId(id)], whole(), "{stage}");
        }
        assert!(stop.take_error().is_none());
    }
}

#[test]
fn a_panic_fails_its_recording_and_the_worker_goes_on() {
    for stage in [Stage::Transcribe, Stage::Represent, Stage::Observe] {
        let stop = Stop::default();
        let arrivals = run_with(Injected::Panic(stage, WINDOWS + 1), 1, &stop, |_| Ok(()));
        assert_eq!(
            arrivals[&RecordingId(1)].failed,
            Some((stage, Cause::Defect))
        );
        assert_eq!(arrivals[&RecordingId(3)], whole(), "{stage}");
        assert!(stop.take_error().is_none());
    }
}

#[test]
fn a_stage_without_a_session_ends_the_run_with_its_name() {
    for stage in [Stage::Transcribe, Stage::Represent] {
        let stop = Stop::default();
        run_with(Injected::Session(stage), 2, &stop, |_| Ok(()));
        assert_eq!(stop.take_error().unwrap().stage, stage);
    }
}

#[test]
fn a_panic_of_the_network_ends_the_run_with_its_name() {
    let stop = Stop::default();
    run_with(Injected::Panic(Stage::Fuse, 2), 1, &stop, |_| Ok(()));
    let error = stop.take_error().unwrap();
    assert_eq!(error.stage, Stage::Fuse);
    assert_eq!(error.source.to_string(), "the stage panicked: injected");
}

#[test]
fn a_report_that_cannot_be_written_ends_the_run() {
    let stop = Stop::default();
    let full = || StageError::new(Stage::Report, "disk full");
    let arrivals = run_with(Injected::Never, 1, &stop, |message| {
        match message.recording.id.0 {
            0 => Ok(()),
            _ => Err(full()),
        }
    });
    assert_eq!(arrivals.len(), 1);
    let error = stop.take_error().unwrap();
    assert_eq!(
        undertone_types::error_chain(&error),
        ["report", "disk full"]
    );
}

#[test]
fn a_stop_finishes_what_is_under_way() {
    let stop = Stop::default();
    // More than the channels can hold, so the source cannot have sent all of them.
    let arrivals = run_over(200, Injected::Never, 1, &stop, |_| {
        stop.ask();
        Ok(())
    });
    assert!(arrivals.len() < 200, "the source went on");
    assert!(
        arrivals.values().all(|arrived| *arrived == whole()),
        "{arrivals:?}"
    );
}
