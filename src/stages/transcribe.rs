//! `transcribe`: the transcript of an utterance, and the confidence in it.

use undertone_bundle::Gate;
use undertone_config::TextMode;
use undertone_engines::whisper::{RecogniserError, RecogniserSession, SpeechRecogniser};
use undertone_types::{Cause, Failure, Origin, Passage, Stage, Transcribed, Transcript, Utterance};

/// One worker of the stage.
pub struct Transcriber<'e> {
    session: Box<dyn RecogniserSession + 'e>,
    gate: &'e Gate,
    wanted: bool,
}

impl<'e> Transcriber<'e> {
    /// A worker with its own recogniser session.
    ///
    /// # Errors
    /// When the engine cannot make a session.
    pub fn new(
        recogniser: &'e dyn SpeechRecogniser,
        gate: &'e Gate,
        mode: TextMode,
    ) -> Result<Self, RecogniserError> {
        // The other modes do not use the transcript.
        let wanted = matches!(mode, TextMode::Auto | TextMode::Transcript);
        Ok(Self {
            session: recogniser.session()?,
            gate,
            wanted,
        })
    }

    /// Adds transcripts and confidences to the utterances of a passage, in order; without audio
    /// there are none.
    ///
    /// # Errors
    /// When the recogniser fails.
    pub fn transcribe(&mut self, passage: Passage) -> Result<Vec<Transcribed>, Failure> {
        let Passage(utterances) = passage;
        let heard = |one: &&Utterance| self.wanted && one.said.is_none();
        let audible = utterances.iter().filter(heard);
        let audible: Vec<&[f32]> = audible.filter_map(|one| one.audio.as_deref()).collect();
        let mut transcripts = match audible.is_empty() {
            true => Vec::new(),
            false => self
                .session
                .transcribe(&audible)
                .map_err(|error| Failure::new(Stage::Transcribe, cause_of(&error), &error))?,
        }
        .into_iter();
        let transcribed = utterances
            .into_iter()
            .map(|utterance| match &utterance.said {
                Some(said) => given(said.to_string(), utterance),
                None => {
                    let heard = utterance.audio.as_ref().and_then(|_| transcripts.next());
                    self.weighed(utterance, heard)
                }
            });
        Ok(transcribed.collect())
    }

    /// An utterance that is heard by itself.
    ///
    /// # Errors
    /// When the recogniser fails.
    pub fn alone(&mut self, utterance: Utterance) -> Result<Transcribed, Failure> {
        let mut transcribed = self.transcribe(Passage(vec![utterance]))?;
        Ok(transcribed
            .pop()
            .expect("one utterance gives one transcript"))
    }

    /// A transcript with the confidence in it, its words on the recording's clock.
    fn weighed(&self, utterance: Utterance, heard: Option<Transcript>) -> Transcribed {
        let transcript = heard.map(|mut heard| {
            for word in &mut heard.words {
                word.start_s += utterance.start_s;
                word.end_s += utterance.start_s;
            }
            heard
        });
        let confidence = transcript
            .as_ref()
            .map_or(0.0, |transcript| self.confidence(transcript, &utterance));
        Transcribed {
            utterance,
            transcript,
            confidence,
        }
    }

    /// An utterance that gets no transcript: its words are known already, or not needed.
    #[must_use]
    pub fn untranscribed(utterance: Utterance) -> Transcribed {
        Transcribed {
            utterance,
            transcript: None,
            confidence: 0.0,
        }
    }

    fn confidence(&self, transcript: &Transcript, utterance: &Utterance) -> f32 {
        let duration_s = utterance.end_s - utterance.start_s;
        self.gate
            .confidence(transcript, duration_s, utterance.voiced_share)
    }
}

/// A transcript that somebody wrote, which is trusted.
fn given(text: String, utterance: Utterance) -> Transcribed {
    Transcribed {
        utterance,
        transcript: Some(Transcript {
            text,
            origin: Origin::Sidecar,
            ..Transcript::default()
        }),
        confidence: 1.0,
    }
}

/// Whether the installation or whisper.cpp is the cause.
fn cause_of(error: &RecogniserError) -> Cause {
    match error {
        RecogniserError::Load { .. } | RecogniserError::NoSuchHead { .. } => Cause::Environment,
        RecogniserError::State(_) | RecogniserError::Transcribe { .. } => Cause::Engine,
    }
}
