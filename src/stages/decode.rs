//! `decode`: a recording in, its utterances out.
//!
//! No threads and no channels here: the caller's `send` may block, and breaks to stop.

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use super::cutter::{Earshot, LOUD_DBFS, VoiceCutter, VoiceDetector, WindowCutter, WindowSettings};
use super::panics::panic_failure;
use undertone_config::{Config, Utterances};
use undertone_engines::media::{MediaError, MediaEvent, MediaSource, Wanted};
use undertone_types::{Body, Cause, Ended, Failure, MediaFacts, Recording, Stage, Utterance};

/// How recordings are decoded and cut into utterances.
#[derive(Clone, Debug, PartialEq)]
pub struct DecodeSettings {
    /// How speech is cut.
    pub utterances: Utterances,
    /// Length of the windows where there is no voice, in seconds.
    pub window_s: f64,
}

impl From<&Config> for DecodeSettings {
    fn from(config: &Config) -> Self {
        Self {
            utterances: config.utterances.clone(),
            window_s: config.decode.window_s,
        }
    }
}

impl DecodeSettings {
    fn windows(&self) -> WindowSettings {
        WindowSettings {
            window_s: self.window_s,
            min_s: self.utterances.min_s,
        }
    }
}

/// Makes a detector for a recording.
type MakeDetector = fn() -> Box<dyn VoiceDetector>;

/// Sends a message; breaks when the next stage has ended.
type Send<'a> = &'a mut dyn FnMut(Body<Utterance>) -> ControlFlow<()>;

/// Decodes recordings and cuts them into utterances.
pub struct DecodeStage<'m> {
    source: Box<dyn MediaSource + 'm>,
    settings: DecodeSettings,
    detector: MakeDetector,
}

impl<'m> DecodeStage<'m> {
    /// A stage that decodes with `source`.
    #[must_use]
    pub fn new(source: Box<dyn MediaSource + 'm>, settings: DecodeSettings) -> Self {
        Self {
            source,
            settings,
            detector: || Box::new(Earshot::default()),
        }
    }

    /// Replaces the voice detector.
    #[must_use]
    pub fn with_detector(mut self, detector: MakeDetector) -> Self {
        self.detector = detector;
        self
    }

    /// Decodes one recording and sends `Opened`, its utterances, and `Ended`; or `Failed`,
    /// at any point. A panic of the source becomes a failure too. Breaks when `send` does.
    pub fn run(&mut self, recording: &Arc<Recording>, send: Send<'_>) -> ControlFlow<()> {
        let decoded = catch_unwind(AssertUnwindSafe(|| self.decode(&recording.path, send)));
        let failure = match decoded {
            Ok(Ok(ended)) => return send(Body::Ended(ended)),
            Ok(Err(MediaError::Stopped)) => return ControlFlow::Break(()),
            Ok(Err(error)) => {
                let failure = Failure::new(Stage::Decode, cause_of(&error), &error);
                match error.hint() {
                    Some(hint) => failure.with_hint(hint),
                    None => failure,
                }
            }
            Err(panic) => panic_failure(Stage::Decode, &*panic),
        };
        send(Body::Failed(failure))
    }

    fn decode(&self, path: &Path, send: Send<'_>) -> Result<Ended, MediaError> {
        let mut by_voice = Pass::new(&self.settings, self.detector, false);
        let facts = self.pass(path, Wanted::AudioAndVideo, &mut by_voice, send)?;
        let mut utterances = by_voice.count();
        if utterances == 0 && by_voice.worth_windows(&facts) {
            let mut by_window = Pass::new(&self.settings, self.detector, true);
            self.pass(path, Wanted::AudioAndVideo, &mut by_window, send)?;
            utterances = by_window.count();
        }
        Ok(Ended { utterances, facts })
    }

    fn pass(
        &self,
        path: &Path,
        wanted: Wanted,
        pass: &mut Pass<'_>,
        send: Send<'_>,
    ) -> Result<MediaFacts, MediaError> {
        let facts = self
            .source
            .decode(path, wanted, &mut |event| pass.take(event, send))?;
        match pass.finish(&facts, send) {
            ControlFlow::Continue(()) => Ok(facts),
            ControlFlow::Break(()) => Err(MediaError::Stopped),
        }
    }
}

/// The kind of cause, which decides whether another attempt can help.
fn cause_of(error: &MediaError) -> Cause {
    match error {
        MediaError::Unreadable { .. } => Cause::Io,
        MediaError::Stalled { .. } => Cause::Stalled,
        // A package may contain the missing decoder.
        MediaError::Engine { .. } | MediaError::MissingDecoder { .. } => Cause::Environment,
        MediaError::NotAFile
        | MediaError::Empty
        | MediaError::LfsPointer
        | MediaError::NotMedia { .. }
        | MediaError::StillImage
        | MediaError::NoStreams
        | MediaError::Encrypted
        | MediaError::Broken { .. }
        | MediaError::NoIndex
        | MediaError::NoSuchTrack { .. }
        | MediaError::Stopped => Cause::Content,
    }
}

/// The cutter of the current recording.
enum Cutter {
    Voice(VoiceCutter),
    Windows(WindowCutter),
}

/// One pass through a recording.
struct Pass<'a> {
    settings: &'a DecodeSettings,
    detector: MakeDetector,
    /// The second pass, which cuts windows where the first found no voice.
    windows: bool,
    cutter: Option<Cutter>,
}

impl<'a> Pass<'a> {
    fn new(settings: &'a DecodeSettings, detector: MakeDetector, windows: bool) -> Self {
        Self {
            settings,
            detector,
            windows,
            cutter: None,
        }
    }

    fn take(&mut self, event: MediaEvent, send: Send<'_>) -> ControlFlow<()> {
        match event {
            MediaEvent::Opened(facts) => return self.open(facts, send),
            MediaEvent::Audio { start_s, samples } => match &mut self.cutter {
                Some(Cutter::Voice(cutter)) => cutter.audio(start_s, &samples),
                Some(Cutter::Windows(cutter)) => cutter.audio(start_s, &samples),
                None => {}
            },
            MediaEvent::Frame(frame) => match &mut self.cutter {
                Some(Cutter::Voice(cutter)) => cutter.frame(frame),
                Some(Cutter::Windows(cutter)) => cutter.frame(frame),
                None => {}
            },
        }
        self.send_complete(send)
    }

    fn open(&mut self, facts: MediaFacts, send: Send<'_>) -> ControlFlow<()> {
        let voice = facts.audio.is_some() && !self.windows;
        self.cutter = Some(if voice {
            let settings = self.settings.utterances.clone();
            Cutter::Voice(VoiceCutter::new(settings, (self.detector)()))
        } else {
            let audio_s = facts.audio.as_ref().map(|audio| audio.start_s);
            let video_s = facts.video.as_ref().map(|video| video.start_s);
            let origin_s = audio_s.into_iter().chain(video_s).reduce(f64::min);
            let origin_s = origin_s.unwrap_or(0.0);
            Cutter::Windows(WindowCutter::new(self.settings.windows(), origin_s))
        });
        if self.windows {
            // The first pass has sent it already.
            return ControlFlow::Continue(());
        }
        send(Body::Opened(facts))
    }

    fn finish(&mut self, facts: &MediaFacts, send: Send<'_>) -> ControlFlow<()> {
        match &mut self.cutter {
            Some(Cutter::Voice(cutter)) => cutter.finish(),
            Some(Cutter::Windows(cutter)) => cutter.finish(facts.duration_s.unwrap_or(0.0)),
            None => {}
        }
        self.send_complete(send)
    }

    fn send_complete(&mut self, send: Send<'_>) -> ControlFlow<()> {
        let pop = |cutter: &mut Cutter| match cutter {
            Cutter::Voice(cutter) => cutter.pop(),
            Cutter::Windows(cutter) => cutter.pop(),
        };
        while let Some(utterance) = self.cutter.as_mut().and_then(pop) {
            send(Body::Utterance(Box::new(utterance)))?;
        }
        ControlFlow::Continue(())
    }

    fn count(&self) -> u32 {
        match &self.cutter {
            Some(Cutter::Voice(cutter)) => cutter.count(),
            Some(Cutter::Windows(cutter)) => cutter.count(),
            None => 0,
        }
    }

    /// True after the pass by voice when there is video or loud sound: then cutting windows is
    /// useful even without a voice.
    fn worth_windows(&self, facts: &MediaFacts) -> bool {
        match &self.cutter {
            Some(Cutter::Voice(cutter)) => {
                facts.video.is_some() || cutter.loudest_dbfs() > LOUD_DBFS
            }
            _ => false,
        }
    }
}

/// The program's default settings.
#[cfg(test)]
pub(crate) fn default_settings() -> DecodeSettings {
    DecodeSettings::from(&Config::load(None, &[]).unwrap())
}

#[cfg(test)]
mod recordings;
#[cfg(test)]
mod tests;
