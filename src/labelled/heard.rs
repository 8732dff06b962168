//! What the recogniser hears in labelled clips, beside what is said in them.

use super::clips::{ClipEngines, ClipProgress, ClipReader, OnClip, each_clip, whole_clip};
use super::error::LabelledError;
use super::word_errors::{word_error_rate, words};
use crate::stages::passages::PassageBuilder;
use crate::stages::transcribe::Transcriber;
use undertone_bundle::Evidence;
use undertone_config::TextMode;
use undertone_engines::whisper::Window;
use undertone_formats::LabelledClip;
use undertone_types::{Failure, Transcribed, Utterance};

/// A transcript with at most this word error rate is correct.
pub const RIGHT_BELOW_WER: f64 = 0.2;

/// The recogniser's result for a clip.
#[derive(Clone, Debug, PartialEq)]
pub struct Heard {
    /// The clip's id.
    pub(super) clip: String,
    /// What is said in it; empty where nothing is.
    pub(super) said: String,
    /// Its transcript; empty without one.
    pub(super) text: String,
    /// The evidence for the transcript; `None` without one, or with one that is in doubt.
    pub(super) evidence: Option<Evidence>,
}

impl Heard {
    /// Number of words said.
    pub(super) fn words_said(&self) -> usize {
        words(&self.said).len()
    }

    /// Number of word errors; where nothing is said, of invented words.
    pub(super) fn word_errors(&self) -> f64 {
        word_error_rate(&self.said, &self.text) * self.words_said().max(1) as f64
    }

    /// Whether the transcript is correct.
    pub(super) fn is_right(&self) -> bool {
        word_error_rate(&self.said, &self.text) <= RIGHT_BELOW_WER
    }
}

/// Transcribes the clips whose words are known. Neighbours of one source are heard together, as
/// the utterances of a recording are. A clip that fails is left out; one without a voice counts,
/// with an empty transcript. `on_clip` is called after each clip.
///
/// # Errors
/// When the recogniser cannot make a session.
pub fn hear_clips(
    clips: &[LabelledClip],
    engines: &ClipEngines<'_>,
    on_clip: OnClip<'_>,
) -> Result<Vec<Heard>, LabelledError> {
    let known: Vec<_> = clips
        .iter()
        .filter(|clip| clip.text.is_some())
        .cloned()
        .collect();
    let of_one_source: Vec<&[LabelledClip]> = known.chunk_by(|a, b| a.source == b.source).collect();
    let (mut progress, mut all) = (ClipProgress::new(known.len()), Vec::new());
    each_clip(
        &of_one_source,
        engines.threads,
        || {
            let media = (engines.media)();
            Ok::<_, LabelledError>(Listener {
                reader: ClipReader::new(media, whole_clip(engines.decode.clone())),
                transcriber: Transcriber::new(
                    engines.recogniser,
                    engines.gate,
                    TextMode::Transcript,
                )?,
                window: engines.recogniser.window(),
            })
            .map(|mut listener| move |clips: &&[LabelledClip]| listener.hear(clips))
        },
        |index, heard| {
            for (clip, heard) in of_one_source[index].iter().zip(heard) {
                progress.done += 1;
                let result = heard.map(|heard| all.push(heard));
                on_clip(&progress, clip, &result);
            }
            Ok(())
        },
    )?;
    Ok(all)
}

/// One thread's sessions.
struct Listener<'e> {
    reader: ClipReader,
    transcriber: Transcriber<'e>,
    window: Option<Window>,
}

impl Listener<'_> {
    /// Hears the clips of one source: one result for each.
    fn hear(&mut self, clips: &[LabelledClip]) -> Vec<Result<Heard, Failure>> {
        let mut all: Vec<Result<Heard, Failure>> = clips
            .iter()
            .map(|clip| {
                Ok(Heard {
                    clip: clip.id.clone(),
                    said: clip.text.clone().unwrap_or_default(),
                    text: String::new(),
                    evidence: None,
                })
            })
            .collect();
        let mut passages = PassageBuilder::new(self.window);
        let mut heard = Vec::new();
        for (clip, index) in clips.iter().zip(0..) {
            match self.reader.read(clip) {
                // Which clip an utterance is of, so that it can be given back.
                Ok(Some(utterance)) => {
                    heard.extend(passages.add(Utterance { index, ..utterance }));
                }
                Ok(None) => {}
                Err(failure) => all[index as usize] = Err(failure),
            }
        }
        heard.extend(passages.take());
        for passage in heard {
            let of: Vec<u32> = passage.0.iter().map(|utterance| utterance.index).collect();
            match self.transcriber.transcribe(passage) {
                Ok(transcribed) => {
                    for one in transcribed {
                        if let Ok(heard) = &mut all[one.utterance.index as usize] {
                            add(heard, one);
                        }
                    }
                }
                Err(failure) => {
                    for index in of {
                        all[index as usize] = Err(failure.clone());
                    }
                }
            }
        }
        all
    }
}

/// Adds a transcript to what is said. One in doubt is never trusted, so a gate learns nothing
/// from it.
fn add(heard: &mut Heard, transcribed: Transcribed) {
    let utterance = &transcribed.utterance;
    let (duration_s, voiced) = (utterance.end_s - utterance.start_s, utterance.voiced_share);
    let transcript = transcribed.transcript.unwrap_or_default();
    heard.evidence = match transcript.doubt {
        Some(_) => None,
        None => Evidence::of(&transcript, duration_s, voiced),
    };
    heard.text = transcript.text;
}
