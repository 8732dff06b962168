//! Makes a data set from labelled clips: the features that training reads, computed by the
//! same engines that score recordings.

use super::clips::{
    ClipEngines, ClipProgress, ClipReader, OnClip, each_clip, nothing_in, whole_clip,
};
use super::error::LabelledError;
use crate::stages::observe::ObserveStage;
use crate::stages::represent::Representer;
use crate::stages::transcribe::Transcriber;
use undertone_config::TextMode;
use undertone_formats::LabelledClip;
use undertone_training::{DatasetWriter, Example};
use undertone_types::{Failure, Represented, TextRepresentation, TextSource};

/// Extracts the features of every clip that the data set does not have yet. A clip that fails
/// is left out; `on_clip` is called after each clip.
///
/// # Errors
/// When an engine cannot make a session, or the data set cannot be written.
pub fn extract(
    clips: &[LabelledClip],
    engines: &ClipEngines<'_>,
    writer: &mut DatasetWriter,
    on_clip: OnClip<'_>,
) -> Result<(), LabelledError> {
    let left: Vec<_> = clips
        .iter()
        .filter(|clip| !writer.contains(&clip.id))
        .cloned()
        .collect();
    let mut progress = ClipProgress::new(left.len());
    each_clip(
        &left,
        engines.threads,
        || {
            let mut extractor = Extractor::new(engines)?;
            Ok(move |clip: &LabelledClip| extractor.example(clip))
        },
        |index, example| {
            progress.done += 1;
            let result = match example {
                Ok(example) => writer.add(example).map(|_zeroed| Ok(()))?,
                Err(failure) => Err(failure),
            };
            on_clip(&progress, &left[index], &result);
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
    fn new(engines: &ClipEngines<'e>) -> Result<Self, LabelledError> {
        let mode = TextMode::Auto;
        Ok(Self {
            clips: ClipReader::new((engines.media)(), whole_clip(engines.decode.clone())),
            transcriber: Transcriber::new(engines.recogniser, engines.gate, mode)?,
            representer: Representer::new(engines.language, mode, engines.gate.threshold)?,
            observer: (engines.observer)(),
        })
    }

    fn example(&mut self, clip: &LabelledClip) -> Result<Example, Failure> {
        let utterance = self.clips.read(clip)?.ok_or_else(|| nothing_in(clip))?;
        // The words in the table are correct; a transcript may not be.
        let mut transcribed = match clip.text {
            Some(_) => Transcriber::untranscribed(utterance),
            None => self.transcriber.alone(utterance)?,
        };
        let heard = transcribed
            .transcript
            .take()
            .map(|transcript| transcript.text);
        let words = clip.text.clone().or(heard).unwrap_or_default();
        let (real, simulated) = self.representer.both(&words, &transcribed)?;
        let text = TextRepresentation::new(TextSource::Simulated, simulated);
        let observed = self.observer.observe(Represented {
            transcribed,
            text,
            other: None,
        })?;
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
