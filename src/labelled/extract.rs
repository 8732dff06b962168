//! Makes a data set from labelled clips: the features that training reads, taken by the
//! same engines that score recordings.

use super::clips::{ClipReader, Pace, each_clip, nothing_in, whole_clip};
use crate::stages::decode::DecodeSettings;
use crate::stages::observe::ObserveStage;
use crate::stages::represent::Representer;
use crate::stages::transcribe::Transcriber;
use undertone_bundle::Gate;
use undertone_config::TextMode;
use undertone_engines::llama::LanguageModel;
use undertone_engines::media::MediaSource;
use undertone_engines::whisper::SpeechRecogniser;
use undertone_training::{DatasetWriter, Example, LabelledClip, TrainError};
use undertone_types::{Cause, Failure, Represented, Stage, TextRepresentation, TextSource};

/// What extraction and calibration need.
pub struct ClipEngines<'e> {
    /// Makes a media source for a thread.
    pub media: &'e (dyn Fn() -> Box<dyn MediaSource> + Sync),
    /// Transcribes clips whose words the table does not know.
    pub recogniser: &'e dyn SpeechRecogniser,
    /// Reads and simulates text.
    pub language: &'e dyn LanguageModel,
    /// Makes a pair of feature extractors for a thread.
    pub observer: &'e (dyn Fn() -> ObserveStage + Sync),
    /// The bundle's gate.
    pub gate: &'e Gate,
    /// How recordings are decoded.
    pub decode: DecodeSettings,
    /// Threads, each with its own sessions.
    pub threads: usize,
}

/// What became of a clip.
pub type Outcome = Result<(), Failure>;

/// Extracts every clip that the data set does not have yet. A clip that fails is told
/// to `on_clip` and left out; `on_clip` returns `false` to stop after the clips under way.
///
/// # Errors
/// When an engine makes no session or the data set cannot be written.
pub fn extract(
    clips: &[LabelledClip],
    engines: &ClipEngines<'_>,
    writer: &mut DatasetWriter,
    on_clip: &mut dyn FnMut(&Pace, &LabelledClip, &Outcome),
) -> Result<(), TrainError> {
    let left: Vec<_> = clips
        .iter()
        .filter(|clip| !writer.contains(&clip.id))
        .cloned()
        .collect();
    let mut pace = Pace::new(left.len());
    each_clip(
        &left,
        engines.threads,
        || {
            let mut hand = Extractor::new(engines)?;
            Ok(move |clip: &LabelledClip| hand.example(clip))
        },
        |index, example| {
            pace.done += 1;
            let outcome = match example {
                Ok(example) => writer.add(example).map(|_zeroed| Ok(()))?,
                Err(failure) => Err(failure),
            };
            on_clip(&pace, &left[index], &outcome);
            Ok(())
        },
    )
}

/// One thread's sessions.
struct Extractor<'e> {
    clips: ClipReader,
    transcriber: Transcriber<'e>,
    representer: Representer<'e>,
    observer: ObserveStage,
}

impl<'e> Extractor<'e> {
    fn new(engines: &ClipEngines<'e>) -> Result<Self, TrainError> {
        let session = |stage: Stage, error: &dyn std::error::Error| TrainError::Engine {
            failure: Failure::new(stage, Cause::Engine, error),
        };
        let mode = TextMode::Auto;
        Ok(Self {
            clips: ClipReader::new((engines.media)(), whole_clip(engines.decode.clone())),
            transcriber: Transcriber::new(engines.recogniser, engines.gate, mode)
                .map_err(|error| session(Stage::Transcribe, &error))?,
            representer: Representer::new(engines.language, mode, engines.gate.threshold)
                .map_err(|error| session(Stage::Represent, &error))?,
            observer: (engines.observer)(),
        })
    }

    fn example(&mut self, clip: &LabelledClip) -> Result<Example, Failure> {
        let utterance = self.clips.read(clip)?.ok_or_else(|| nothing_in(clip))?;
        // Words from the table teach better than what was heard of them.
        let mut transcribed = match clip.text {
            Some(_) => Transcriber::untranscribed(utterance),
            None => self.transcriber.transcribe(utterance)?,
        };
        let heard = transcribed
            .transcript
            .take()
            .map(|transcript| transcript.text);
        let words = clip.text.clone().or(heard).unwrap_or_default();
        let (real, simulated) = self.representer.both(&words, &transcribed)?;
        let text = TextRepresentation {
            source: TextSource::Simulated,
            hidden: simulated,
        };
        let observed = self.observer.observe(Represented { transcribed, text })?;
        Ok(Example {
            id: clip.id.clone(),
            source: clip.source.clone(),
            split: clip.split,
            label: clip.label,
            text: words,
            audio: observed.observation.audio,
            real,
            simulated: observed.represented.text.hidden,
            video: observed.observation.video,
        })
    }
}
