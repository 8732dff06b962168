//! Engines that do what a test plans.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::stages::fuse::Judge;
use undertone_engines::llama::{LanguageError, LanguageModel, LanguageSession, Simulation};
use undertone_engines::media::{FakeMedia, MediaError, MediaEvent};
use undertone_engines::whisper::{RecogniserError, RecogniserSession, SpeechRecogniser};
use undertone_features::{AudioExtractor, FeatureError, Prosody};
use undertone_fusion::{FusionError, FusionInput};
use undertone_types::{
    AudioFacts, Frame, Matrix, MediaFacts, ModalityWeights, Sentiment, Stage, TokenProbability,
    Transcript, VideoFacts,
};

/// Windows of a fake recording.
pub(super) const WINDOWS: usize = 3;

/// What goes wrong, and in which call.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Wrong {
    Never,
    Error(Stage, usize),
    Panic(Stage, usize),
    Session(Stage),
}

/// Fake engines that share one plan of what goes wrong.
pub(super) struct Fakes {
    wrong: Wrong,
    calls: AtomicUsize,
}

impl Fakes {
    pub(super) fn new(wrong: Wrong) -> Arc<Self> {
        Arc::new(Self {
            wrong,
            calls: AtomicUsize::new(0),
        })
    }

    /// True when this call of `stage` is to give an error; panics when it is to panic.
    fn strikes(&self, stage: Stage) -> bool {
        let (is_panic, at) = match self.wrong {
            Wrong::Error(at, call) if at == stage => (false, call),
            Wrong::Panic(at, call) if at == stage => (true, call),
            _ => return false,
        };
        let strikes = self.calls.fetch_add(1, Ordering::SeqCst) == at;
        assert!(!(strikes && is_panic), "as planned");
        strikes
    }
}

pub(super) struct Ears(pub(super) Arc<Fakes>);
impl SpeechRecogniser for Ears {
    fn session(&self) -> Result<Box<dyn RecogniserSession + '_>, RecogniserError> {
        if self.0.wrong == Wrong::Session(Stage::Transcribe) {
            return Err(RecogniserError::Load {
                path: "model".into(),
                source: "as planned".into(),
            });
        }
        Ok(Box::new(Ears(self.0.clone())))
    }
}
impl RecogniserSession for Ears {
    fn transcribe(&mut self, _: &[f32]) -> Result<Transcript, RecogniserError> {
        if self.0.strikes(Stage::Transcribe) {
            return Err(RecogniserError::Transcribe {
                seconds: 1.0,
                source: "as planned".into(),
            });
        }
        let tokens = vec![TokenProbability {
            p: 0.9,
            log_p: -0.1,
        }];
        Ok(Transcript {
            text: "fine".into(),
            tokens,
            no_speech: 0.0,
        })
    }
}

pub(super) struct Reader(pub(super) Arc<Fakes>);
impl LanguageModel for Reader {
    fn width(&self) -> usize {
        2
    }
    fn session(&self) -> Result<Box<dyn LanguageSession + '_>, LanguageError> {
        match self.0.wrong {
            Wrong::Session(Stage::Represent) => Err(language_error()),
            _ => Ok(Box::new(Reader(self.0.clone()))),
        }
    }
}
impl LanguageSession for Reader {
    fn read(&mut self, _: &str, _: &[f32]) -> Result<Matrix, LanguageError> {
        match self.0.strikes(Stage::Represent) {
            true => Err(language_error()),
            false => Ok(Matrix::from_rows(&[[1.0, 2.0]])),
        }
    }
    fn simulate(&mut self, _: &[f32]) -> Result<Simulation, LanguageError> {
        unreachable!("the fake transcripts are always trusted")
    }
}

fn language_error() -> LanguageError {
    LanguageError::Engine {
        doing: "work",
        reason: "as planned".into(),
    }
}

pub(super) struct Voice(pub(super) Arc<Fakes>, pub(super) Prosody);
impl AudioExtractor for Voice {
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
        match self.0.strikes(Stage::Observe) {
            true => Err(FeatureError {
                extractor: "fake".into(),
                reason: "as planned".into(),
            }),
            false => self.1.extract(samples),
        }
    }
}

pub(super) struct Verdict(pub(super) Arc<Fakes>);
impl Judge for Verdict {
    fn judge(&self, inputs: &[FusionInput]) -> Result<Vec<Sentiment>, FusionError> {
        if inputs.iter().any(|_| self.0.strikes(Stage::Fuse)) {
            return Err(FusionError::Width {
                input: 0,
                modality: undertone_fusion::Modality::Text,
                expected: 2,
                got: 3,
            });
        }
        let verdict = |input: &FusionInput| Sentiment {
            score: 1.0,
            flow: input.flow,
            weights: ModalityWeights::default(),
        };
        Ok(inputs.iter().map(verdict).collect())
    }
}

/// Loud noise and frames without a face, for three windows.
pub(super) fn fake_media(wrong: Wrong) -> FakeMedia {
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
    match wrong {
        Wrong::Error(Stage::Decode, _) => media.with_failing("/1.mp4", MediaError::NoStreams),
        _ => media,
    }
}
