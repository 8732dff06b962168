//! Fake engines with fault injection.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::stages::fuse::SentimentModel;
use undertone_engines::llama::{
    LanguageError, LanguageModel, LanguageSession, Reading, Simulation,
};
use undertone_engines::media::{FakeMedia, MediaError, MediaEvent};
use undertone_engines::whisper::{RecogniserError, RecogniserSession, SpeechRecogniser, Window};
use undertone_features::{AudioExtractor, FeatureError, Prosody};
use undertone_fusion::{FusionError, FusionInput};
use undertone_types::{
    AudioFacts, Contributions, Frame, LeftOutWord, Matrix, MediaFacts, Sentiment, Stage,
    TokenProbability, Transcript, VideoFacts,
};

/// Windows of a fake recording.
pub(super) const WINDOWS: usize = 3;

/// The injected fault, and the call in which it occurs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Injected {
    Never,
    Error(Stage, usize),
    Panic(Stage, usize),
    Session(Stage),
}

/// What the fake engines share: the fault, and how often the stage was called.
pub(super) struct Fakes {
    injected: Injected,
    calls: AtomicUsize,
}

impl Fakes {
    pub(super) fn new(injected: Injected) -> Arc<Self> {
        Arc::new(Self {
            injected,
            calls: AtomicUsize::new(0),
        })
    }

    /// True when this call of `stage` is to return an error; panics when it is to panic.
    fn fails(&self, stage: Stage) -> bool {
        let (is_panic, at) = match self.injected {
            Injected::Error(at, call) if at == stage => (false, call),
            Injected::Panic(at, call) if at == stage => (true, call),
            _ => return false,
        };
        let fails = self.calls.fetch_add(1, Ordering::SeqCst) == at;
        assert!(!(fails && is_panic), "injected");
        fails
    }
}

pub(super) struct FakeRecogniser(pub(super) Arc<Fakes>);
impl SpeechRecogniser for FakeRecogniser {
    fn window(&self) -> Option<Window> {
        Some(Window::WHISPER)
    }
    fn session(&self) -> Result<Box<dyn RecogniserSession + '_>, RecogniserError> {
        if self.0.injected == Injected::Session(Stage::Transcribe) {
            return Err(RecogniserError::Load {
                path: "model".into(),
                source: "injected".into(),
            });
        }
        Ok(Box::new(FakeRecogniser(self.0.clone())))
    }
}
impl RecogniserSession for FakeRecogniser {
    fn transcribe(&mut self, passage: &[&[f32]]) -> Result<Vec<Transcript>, RecogniserError> {
        // Every utterance counts as a call, as in the other stages.
        let failed = passage.iter().filter(|_| self.0.fails(Stage::Transcribe));
        if failed.count() > 0 {
            return Err(RecogniserError::Transcribe {
                seconds: 1.0,
                source: "injected".into(),
            });
        }
        let tokens = vec![TokenProbability {
            p: 0.9,
            log_p: -0.1,
        }];
        let transcript = Transcript {
            text: "fine".into(),
            tokens,
            ..Transcript::default()
        };
        Ok(vec![transcript; passage.len()])
    }
}

pub(super) struct FakeLanguageModel(pub(super) Arc<Fakes>);
impl LanguageModel for FakeLanguageModel {
    fn width(&self) -> usize {
        2
    }
    fn text_form(&self) -> undertone_types::TextForm {
        undertone_types::TextForm::AsWritten
    }
    fn session(&self) -> Result<Box<dyn LanguageSession + '_>, LanguageError> {
        match self.0.injected {
            Injected::Session(Stage::Represent) => Err(language_error()),
            _ => Ok(Box::new(FakeLanguageModel(self.0.clone()))),
        }
    }
}
impl LanguageSession for FakeLanguageModel {
    fn read(&mut self, _: &str, _: &[f32]) -> Result<Reading, LanguageError> {
        match self.0.fails(Stage::Represent) {
            true => Err(language_error()),
            false => Ok(Reading {
                hidden: Matrix::from_rows(&[[1.0, 2.0]]),
                truncated_at: None,
            }),
        }
    }
    fn simulate(&mut self, _: &[f32]) -> Result<Simulation, LanguageError> {
        unreachable!("the fake transcripts are always trusted")
    }
    fn without_each_word(&mut self) -> Result<Vec<LeftOutWord>, LanguageError> {
        unreachable!("nothing is to be explained")
    }
}

fn language_error() -> LanguageError {
    LanguageError::Engine {
        action: "work",
        source: "injected".into(),
    }
}

pub(super) struct FakeExtractor(pub(super) Arc<Fakes>, pub(super) Prosody);
impl AudioExtractor for FakeExtractor {
    fn name(&self) -> &str {
        self.1.name()
    }
    fn version(&self) -> u32 {
        self.1.version()
    }
    fn width(&self) -> usize {
        self.1.width()
    }
    fn extract(&self, samples: &[f32]) -> Result<Matrix, FeatureError> {
        match self.0.fails(Stage::Observe) {
            true => Err(FeatureError::CropSize { side_px: 1 }),
            false => self.1.extract(samples),
        }
    }
}

pub(super) struct FakeFusion(pub(super) Arc<Fakes>);
impl SentimentModel for FakeFusion {
    fn score(&self, inputs: &[FusionInput]) -> Result<Vec<Sentiment>, FusionError> {
        if inputs.iter().any(|_| self.0.fails(Stage::Fuse)) {
            return Err(FusionError::Width {
                input: 0,
                modality: undertone_fusion::Modality::Text,
                expected: 2,
                got: 3,
            });
        }
        let neutral = |input: &FusionInput| Sentiment {
            score: 1.0,
            flow: input.flow,
            contributions: Contributions::default(),
            margin: None,
        };
        Ok(inputs.iter().map(neutral).collect())
    }

    fn scores(&self, inputs: &[FusionInput]) -> Result<Vec<f32>, FusionError> {
        Ok(vec![1.0; inputs.len()])
    }

    fn untrained(&self, _: undertone_types::Flow) -> &[undertone_fusion::Modality] {
        &[]
    }
}

/// Loud noise and frames without a face, for three windows.
pub(super) fn fake_media(injected: Injected) -> FakeMedia {
    let length_s = (WINDOWS * 4) as f64;
    let facts = MediaFacts {
        duration_s: Some(length_s),
        container: None,
        audio: Some(AudioFacts {
            codec: "x".into(),
            rate_hz: 16_000,
            channels: 1,
            start_s: 0.0,
        }),
        video: Some(VideoFacts {
            codec: "x".into(),
            width_px: 4,
            height_px: 4,
            fps: 5.0,
            start_s: 0.0,
        }),
        ..MediaFacts::default()
    };
    let mut events = Vec::new();
    for half in 0..WINDOWS * 8 {
        let start_s = half as f64 * 0.5;
        let tone = |n: usize| 0.3 * (n as f32 * 2.9).sin();
        events.push(MediaEvent::Audio {
            start_s,
            samples: (0..8000).map(tone).collect(),
        });
        events.push(MediaEvent::Frame(Frame {
            time_s: start_s,
            face: None,
        }));
    }
    let media = FakeMedia::new(facts, events);
    match injected {
        Injected::Error(Stage::Decode, _) => media.with_failing("/1.mp4", MediaError::NoStreams),
        _ => media,
    }
}
