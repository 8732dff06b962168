//! `transcribe`: the transcript of an utterance, and the confidence in it.

use undertone_bundle::Gate;
use undertone_config::TextMode;
use undertone_engines::whisper::{RecogniserError, RecogniserSession, SpeechRecogniser};
use undertone_types::{Cause, Failure, Stage, Transcribed, Transcript, Utterance};

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

    /// Adds transcript and confidence to an utterance; without audio there is none.
    ///
    /// # Errors
    /// When the recogniser fails.
    pub fn transcribe(&mut self, utterance: Utterance) -> Result<Transcribed, Failure> {
        let transcript = match &utterance.audio {
            Some(audio) if self.wanted => Some(
                self.session
                    .transcribe(audio)
                    .map_err(|error| Failure::new(Stage::Transcribe, cause_of(&error), &error))?,
            ),
            _ => None,
        };
        let confidence = transcript
            .as_ref()
            .map_or(0.0, |transcript| self.confidence(transcript, &utterance));
        Ok(Transcribed {
            utterance,
            transcript,
            confidence,
        })
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

/// Whether the installation or whisper.cpp is the cause.
fn cause_of(error: &RecogniserError) -> Cause {
    match error {
        RecogniserError::Load { .. } => Cause::Environment,
        RecogniserError::State(_) | RecogniserError::Transcribe { .. } => Cause::Engine,
    }
}
