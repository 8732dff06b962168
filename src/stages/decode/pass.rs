//! One pass through a recording: what is decoded is cut, and sent on.

use std::ops::ControlFlow;

use super::{DecodeSettings, MakeDetector, Send};
use crate::stages::cutter::{CueCutter, CutCues, LOUD_DBFS, VoiceCutter, WindowCutter};
use undertone_engines::media::MediaEvent;
use undertone_types::{Body, Frame, MediaFacts, Utterance};

/// What a pass cuts by.
#[derive(Clone, Copy)]
pub(super) enum By<'a> {
    /// What somebody has marked.
    Cues(&'a CutCues),
    /// The voice; windows where there is no sound.
    Voice,
    /// The clock.
    Windows,
}

/// The cutter of the current recording.
enum Cutter {
    Cues(CueCutter),
    Voice(VoiceCutter),
    Windows(WindowCutter),
}

/// One pass through a recording.
pub(super) struct Pass<'a> {
    settings: &'a DecodeSettings,
    detector: MakeDetector,
    by: By<'a>,
    /// A former pass has told that the recording was opened.
    is_opened: bool,
    cutter: Option<Cutter>,
}

impl<'a> Pass<'a> {
    pub(super) fn new(settings: &'a DecodeSettings, detector: MakeDetector, by: By<'a>) -> Self {
        Self {
            settings,
            detector,
            by,
            is_opened: false,
            cutter: None,
        }
    }

    /// A pass after another.
    pub(super) fn again(self) -> Self {
        Self {
            is_opened: true,
            ..self
        }
    }

    pub(super) fn take(&mut self, event: MediaEvent, send: Send<'_>) -> ControlFlow<()> {
        match (event, &mut self.cutter) {
            (MediaEvent::Opened(facts), _) => return self.open(facts, send),
            (MediaEvent::Audio { start_s, samples }, Some(cutter)) => {
                cutter.audio(start_s, &samples);
            }
            (MediaEvent::Frame(frame), Some(cutter)) => cutter.frame(frame),
            (MediaEvent::Audio { .. } | MediaEvent::Frame(_), None) => {}
        }
        self.send_complete(send)
    }

    fn open(&mut self, facts: MediaFacts, send: Send<'_>) -> ControlFlow<()> {
        self.cutter = Some(match self.by {
            By::Cues(cues) => Cutter::Cues(CueCutter::new(cues)),
            By::Voice if facts.audio.is_some() => {
                let settings = self.settings.utterances.clone();
                Cutter::Voice(VoiceCutter::new(settings, (self.detector)()))
            }
            By::Voice | By::Windows => {
                let audio_s = facts.audio.as_ref().map(|audio| audio.start_s);
                let video_s = facts.video.as_ref().map(|video| video.start_s);
                let origin_s = audio_s.into_iter().chain(video_s).reduce(f64::min);
                let origin_s = origin_s.unwrap_or(0.0);
                Cutter::Windows(WindowCutter::new(self.settings.windows(), origin_s))
            }
        });
        match self.is_opened {
            true => ControlFlow::Continue(()),
            false => send(Body::Opened(facts)),
        }
    }

    pub(super) fn finish(&mut self, facts: &MediaFacts, send: Send<'_>) -> ControlFlow<()> {
        if let Some(cutter) = &mut self.cutter {
            cutter.finish(facts.duration_s);
        }
        self.send_complete(send)
    }

    fn send_complete(&mut self, send: Send<'_>) -> ControlFlow<()> {
        while let Some(utterance) = self.cutter.as_mut().and_then(Cutter::pop) {
            send(Body::Utterance(Box::new(utterance)))?;
        }
        ControlFlow::Continue(())
    }

    /// Utterances sent.
    pub(super) fn count(&self) -> u32 {
        match &self.cutter {
            Some(Cutter::Cues(cutter)) => cutter.count(),
            Some(Cutter::Voice(cutter)) => cutter.count(),
            Some(Cutter::Windows(cutter)) => cutter.count(),
            None => 0,
        }
    }

    /// True after the pass by voice when there is video or loud sound: then cutting windows is
    /// useful even without a voice.
    pub(super) fn worth_windows(&self, facts: &MediaFacts) -> bool {
        match &self.cutter {
            Some(Cutter::Voice(cutter)) => {
                facts.video.is_some() || cutter.loudest_dbfs() > LOUD_DBFS
            }
            _ => false,
        }
    }
}

impl Cutter {
    fn audio(&mut self, start_s: f64, samples: &[f32]) {
        match self {
            Self::Cues(cutter) => cutter.audio(start_s, samples),
            Self::Voice(cutter) => cutter.audio(start_s, samples),
            Self::Windows(cutter) => cutter.audio(start_s, samples),
        }
    }

    fn frame(&mut self, frame: Frame) {
        match self {
            Self::Cues(cutter) => cutter.frame(frame),
            Self::Voice(cutter) => cutter.frame(frame),
            Self::Windows(cutter) => cutter.frame(frame),
        }
    }

    /// The recording has ended; its length in seconds, if it is known.
    fn finish(&mut self, duration_s: Option<f64>) {
        match self {
            Self::Cues(cutter) => cutter.finish(duration_s),
            Self::Voice(cutter) => cutter.finish(),
            Self::Windows(cutter) => cutter.finish(duration_s.unwrap_or(0.0)),
        }
    }

    fn pop(&mut self) -> Option<Utterance> {
        match self {
            Self::Cues(cutter) => cutter.pop(),
            Self::Voice(cutter) => cutter.pop(),
            Self::Windows(cutter) => cutter.pop(),
        }
    }
}
