//! `represent`: hidden states of the language model over the transcript where its confidence
//! reaches the gate's threshold, and over text simulated from the audio otherwise.
//! What the language model cannot take costs an utterance its text, never the recording.

#[cfg(test)]
mod tests;

use undertone_config::TextMode;
use undertone_engines::llama::{LanguageError, LanguageModel, LanguageSession};
use undertone_types::{
    Cause, Failure, Matrix, Represented, Stage, TextForm, TextRepresentation, TextSource,
    Transcribed, error_chain,
};

/// One worker of the stage.
pub struct Representer<'e> {
    /// `None`: the bundle has no language model.
    session: Option<Box<dyn LanguageSession + 'e>>,
    width: usize,
    form: TextForm,
    mode: TextMode,
    gate: f32,
    explain: bool,
}

impl<'e> Representer<'e> {
    /// A worker with its own language model session; without a language model every text
    /// representation is empty. `gate` is the lowest confidence with which a transcript is used.
    ///
    /// # Errors
    /// When the engine cannot make a session.
    pub fn new(
        language: Option<&'e dyn LanguageModel>,
        mode: TextMode,
        gate: f32,
    ) -> Result<Self, LanguageError> {
        Ok(Self {
            session: language.map(LanguageModel::session).transpose()?,
            width: language.map_or(0, LanguageModel::width),
            form: language.map(LanguageModel::text_form).unwrap_or_default(),
            mode,
            gate,
            explain: false,
        })
    }

    /// The same worker that with `explain` also adds what explains a score: the text of the other
    /// source, and the text without each of its words.
    #[must_use]
    pub fn explaining(self, explain: bool) -> Self {
        Self { explain, ..self }
    }

    /// Adds the text representation to an utterance. Text that the language model cannot take costs
    /// the utterance its text, and no more.
    ///
    /// # Errors
    /// When the language model fails.
    pub fn represent(&mut self, transcribed: Transcribed) -> Result<Represented, Failure> {
        let source = self.choose(&transcribed);
        let mut text = self.text_or_why(source, &transcribed)?;
        let mut other = None;
        if self.explain {
            if let (false, Some(session)) = (text.hidden.is_empty(), &mut self.session) {
                text.without = session.without_each_word().map_err(failure)?;
            }
            let source = self.other(text.source, &transcribed);
            other = source
                .map(|source| self.text_or_why(source, &transcribed))
                .transpose()?;
        }
        Ok(Represented {
            transcribed,
            text,
            other,
        })
    }

    /// The source that could have been chosen in place of this one.
    fn other(&self, source: TextSource, transcribed: &Transcribed) -> Option<TextSource> {
        match source {
            TextSource::Transcript if transcribed.utterance.audio.is_some() => {
                Some(TextSource::Simulated)
            }
            TextSource::Simulated if self.has_words(transcribed) => Some(TextSource::Transcript),
            _ => None,
        }
    }

    fn text_or_why(
        &mut self,
        source: TextSource,
        transcribed: &Transcribed,
    ) -> Result<TextRepresentation, Failure> {
        match self.text(source, transcribed) {
            Err(error) if error.is_about_the_utterance() => {
                let missing = error_chain(&error).join(": ");
                Ok(TextRepresentation::none(self.width, Some(missing)))
            }
            text => text.map_err(failure),
        }
    }

    fn text(
        &mut self,
        source: TextSource,
        transcribed: &Transcribed,
    ) -> Result<TextRepresentation, LanguageError> {
        let audio = transcribed.utterance.audio.as_deref().unwrap_or_default();
        match (source, &mut self.session) {
            (TextSource::Transcript, Some(session)) => {
                let transcript = transcribed.transcript.as_ref();
                let words = transcript.map_or("", |transcript| &transcript.text);
                let reading = session.read(words, audio)?;
                Ok(TextRepresentation {
                    truncated_at: reading.truncated_at,
                    ..TextRepresentation::new(source, reading.hidden)
                })
            }
            (TextSource::Transcript, None) => {
                Ok(TextRepresentation::new(source, Matrix::empty(self.width)))
            }
            (TextSource::Simulated, Some(session)) => {
                let simulation = session.simulate(audio)?;
                Ok(TextRepresentation {
                    simulated: Some(simulation.text).filter(|text| !text.is_empty()),
                    ..TextRepresentation::new(source, simulation.hidden)
                })
            }
            // Nothing could simulate it.
            (TextSource::Simulated, None) | (TextSource::None, _) => {
                Ok(TextRepresentation::none(self.width, None))
            }
        }
    }

    /// Both kinds of text, for training: `(real, simulated)`; the real one is over `words`. Without
    /// a projector the simulated one is empty.
    ///
    /// # Errors
    /// When the language model fails, or cannot take the utterance: training leaves it out.
    pub fn both(
        &mut self,
        words: &str,
        transcribed: &Transcribed,
    ) -> Result<(Matrix, Matrix), Failure> {
        let nothing = Matrix::empty(self.width);
        let Some(session) = &mut self.session else {
            return Ok((nothing.clone(), nothing));
        };
        let audio = transcribed.utterance.audio.as_deref();
        let real = if self.form.of(words).text.is_empty() {
            nothing.clone()
        } else {
            let reading = session.read(words, audio.unwrap_or_default());
            let reading = reading.map_err(failure)?;
            if let Some(characters) = reading.truncated_at {
                tracing::warn!(characters, words, "only the beginning of a text was read");
            }
            reading.hidden
        };
        let simulated = match audio.map(|audio| session.simulate(audio)) {
            Some(Ok(simulation)) => simulation.hidden,
            Some(Err(LanguageError::NoProjector)) | None => nothing,
            Some(Err(error)) => return Err(failure(error)),
        };
        Ok((real, simulated))
    }

    /// Whether there is a transcript; one of which the language model would get to see nothing is none.
    fn has_words(&self, transcribed: &Transcribed) -> bool {
        let transcript = transcribed.transcript.as_ref();
        transcript.is_some_and(|t| !self.form.of(&t.text).text.is_empty())
    }

    /// The source of an utterance's text.
    fn choose(&self, transcribed: &Transcribed) -> TextSource {
        let has_audio = transcribed.utterance.audio.is_some();
        let has_text = self.has_words(transcribed);
        match self.mode {
            TextMode::Auto if has_text && transcribed.confidence >= self.gate => {
                TextSource::Transcript
            }
            TextMode::Auto | TextMode::Simulated if has_audio => TextSource::Simulated,
            TextMode::Transcript if has_text => TextSource::Transcript,
            _ => TextSource::None,
        }
    }
}

/// Whether the utterance, the installation or llama.cpp is the cause.
fn failure(error: LanguageError) -> Failure {
    let cause = match error {
        LanguageError::TooLong { .. } | LanguageError::NoTokens | LanguageError::Audio(_) => {
            Cause::Content
        }
        LanguageError::Engine { .. } => Cause::Engine,
        LanguageError::Backend(_)
        | LanguageError::Load { .. }
        | LanguageError::NoAudio { .. }
        | LanguageError::NoProjector => Cause::Environment,
    };
    Failure::new(Stage::Represent, cause, &error)
}
