//! `decode`: a recording in, its utterances out.
//!
//! No threads and no channels here: the caller's `send` may block, and breaks to stop.

mod pass;

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use super::cutter::{Earshot, VoiceDetector, WindowSettings};
use super::panics::panic_failure;
use super::sidecar::{end_sidecar, open_sidecar};
use pass::{By, Pass};
use undertone_config::{Config, Utterances};
use undertone_engines::media::{MediaError, MediaSource, Wanted};
use undertone_reports::Sidecars;
use undertone_types::{Body, Cause, Ended, Failure, MediaFacts, Recording, Stage, Utterance};

/// How recordings are decoded and cut into utterances.
#[derive(Clone, Debug, PartialEq)]
pub struct DecodeSettings {
    /// How speech is cut.
    pub utterances: Utterances,
    /// Length of the windows where there is no voice, in seconds.
    pub window_s: f64,
    /// Which subtitles beside recordings say what is said and when, if any may.
    pub sidecars: Option<Sidecars>,
}

impl From<&Config> for DecodeSettings {
    fn from(config: &Config) -> Self {
        Self {
            utterances: config.utterances.clone(),
            window_s: config.decode.window_s,
            sidecars: None,
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
        let sidecars = self.settings.sidecars.as_ref();
        let mut sidecar = sidecars.and_then(|sidecars| open_sidecar(sidecars, path));
        let pass = |by| Pass::new(&self.settings, self.detector, by);
        let mut by_voice = pass(By::Voice);
        if let Some((used, cut)) = &mut sidecar
            && !cut.cues.is_empty()
        {
            let mut by_cues = pass(By::Cues(cut));
            let facts = self.pass(path, &mut by_cues, send)?;
            let utterances = by_cues.count();
            end_sidecar(used, cut, utterances);
            if utterances > 0 {
                let sidecar = Some(used.clone());
                return Ok(Ended {
                    utterances,
                    facts,
                    sidecar,
                });
            }
            by_voice = by_voice.again();
        }
        let facts = self.pass(path, &mut by_voice, send)?;
        let mut utterances = by_voice.count();
        if utterances == 0 && by_voice.worth_windows(&facts) {
            let mut by_window = pass(By::Windows).again();
            self.pass(path, &mut by_window, send)?;
            utterances = by_window.count();
        }
        let sidecar = sidecar.map(|(used, _)| used);
        Ok(Ended {
            utterances,
            facts,
            sidecar,
        })
    }

    fn pass(
        &self,
        path: &Path,
        pass: &mut Pass<'_>,
        send: Send<'_>,
    ) -> Result<MediaFacts, MediaError> {
        let wanted = Wanted::AudioAndVideo;
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

/// The program's default settings.
#[cfg(test)]
pub(crate) fn default_settings() -> DecodeSettings {
    DecodeSettings::from(&Config::load(None, &[]).unwrap())
}

#[cfg(test)]
mod recordings;
#[cfg(test)]
mod tests;
