//! `represent`: hidden states of the language model over the transcript where its confidence
//! reaches the gate's threshold, and over text simulated from the audio otherwise.
//! What the language model cannot take costs an utterance its text, never the recording.

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

#[cfg(test)]
mod tests {
    use super::*;
    use undertone_engines::llama::{Reading, Simulation};
    use undertone_types::{LeftOutWord, Transcript, Utterance};

    fn utterance(words: Option<&str>, has_audio: bool, confidence: f32) -> Transcribed {
        Transcribed {
            utterance: Utterance {
                index: 0,
                start_s: 0.0,
                end_s: 1.0,
                audio: has_audio.then(|| vec![0.1; 16_000].into()),
                voiced_share: 1.0,
                frames: Vec::new(),
                said: None,
            },
            transcript: words.map(|text| Transcript {
                text: text.into(),
                ..Default::default()
            }),
            confidence,
        }
    }

    /// What is chosen with a language model that gets to see text in this form.
    fn choose_in(
        form: TextForm,
        transcribed: &Transcribed,
        mode: TextMode,
        gate: f32,
    ) -> TextSource {
        let representer = Representer {
            session: None,
            width: 2,
            form,
            mode,
            gate,
            explain: false,
        };
        representer.choose(transcribed)
    }

    fn choose(transcribed: &Transcribed, mode: TextMode, gate: f32) -> TextSource {
        choose_in(TextForm::AsWritten, transcribed, mode, gate)
    }

    #[test]
    fn the_gate_decides_in_auto() {
        let choose =
            |confidence| choose(&utterance(Some("x"), true, confidence), TextMode::Auto, 0.5);
        assert_eq!(choose(0.5), TextSource::Transcript);
        assert_eq!(choose(0.49), TextSource::Simulated);
    }

    #[test]
    fn an_empty_transcript_is_never_read() {
        let nothing = utterance(Some(""), true, 1.0);
        assert_eq!(choose(&nothing, TextMode::Auto, 0.5), TextSource::Simulated);
        assert_eq!(
            choose(&nothing, TextMode::Transcript, 0.5),
            TextSource::None
        );
    }

    #[test]
    fn a_transcript_of_which_no_words_are_left_is_never_read() {
        let marks = utterance(Some("[Music] (uhh)…"), true, 1.0);
        let choose = |form, mode| choose_in(form, &marks, mode, 0.5);
        let written = choose(TextForm::AsWritten, TextMode::Auto);
        assert_eq!(written, TextSource::Transcript);
        assert_eq!(
            choose(TextForm::Words, TextMode::Auto),
            TextSource::Simulated
        );
        assert_eq!(
            choose(TextForm::Words, TextMode::Transcript),
            TextSource::None
        );
    }

    #[test]
    fn without_audio_there_is_no_text() {
        for mode in [
            TextMode::Auto,
            TextMode::Transcript,
            TextMode::Simulated,
            TextMode::None,
        ] {
            assert_eq!(
                choose(&utterance(None, false, 0.0), mode, 0.0),
                TextSource::None
            );
        }
    }

    #[test]
    fn a_forced_mode_ignores_the_gate() {
        let sure = utterance(Some("x"), true, 1.0);
        assert_eq!(
            choose(&sure, TextMode::Simulated, 0.5),
            TextSource::Simulated
        );
        assert_eq!(choose(&sure, TextMode::None, 0.5), TextSource::None);
        let unsure = utterance(Some("x"), true, 0.0);
        assert_eq!(
            choose(&unsure, TextMode::Transcript, 0.5),
            TextSource::Transcript
        );
    }

    /// A language model that answers with what it is made of; it has two values per token.
    struct Scripted(fn() -> Result<Reading, LanguageError>);

    impl LanguageModel for Scripted {
        fn width(&self) -> usize {
            2
        }
        fn text_form(&self) -> TextForm {
            TextForm::AsWritten
        }
        fn session(&self) -> Result<Box<dyn LanguageSession + '_>, LanguageError> {
            Ok(Box::new(Scripted(self.0)))
        }
    }

    impl LanguageSession for Scripted {
        fn read(&mut self, _: &str, _: &[f32]) -> Result<Reading, LanguageError> {
            self.0()
        }
        fn simulate(&mut self, _: &[f32]) -> Result<Simulation, LanguageError> {
            Err(LanguageError::NoProjector)
        }
        fn without_each_word(&mut self) -> Result<Vec<LeftOutWord>, LanguageError> {
            Ok(vec![LeftOutWord {
                word: "x".to_owned(),
                hidden: Matrix::empty(2),
            }])
        }
    }

    fn represent(
        answer: fn() -> Result<Reading, LanguageError>,
        confidence: f32,
    ) -> Result<TextRepresentation, Failure> {
        let language = Scripted(answer);
        let mut representer = Representer::new(Some(&language), TextMode::Auto, 0.5).unwrap();
        let represented = representer.represent(utterance(Some("x y"), true, confidence));
        represented.map(|represented| represented.text)
    }

    #[test]
    fn a_cut_transcript_says_where() {
        let cut = || {
            Ok(Reading {
                hidden: Matrix::from_rows(&[[1.0, 2.0]]),
                truncated_at: Some(1),
            })
        };
        let expected = TextRepresentation {
            truncated_at: Some(1),
            ..TextRepresentation::new(TextSource::Transcript, Matrix::from_rows(&[[1.0, 2.0]]))
        };
        assert_eq!(represent(cut, 1.0), Ok(expected));
    }

    #[test]
    fn what_the_language_model_cannot_take_costs_the_text_only() {
        let too_long = || {
            Err(LanguageError::TooLong {
                needed: 600,
                context: 512,
            })
        };
        let missing = "an utterance of 600 tokens does not fit the context of 512";
        assert_eq!(
            represent(too_long, 1.0),
            Ok(TextRepresentation::none(2, Some(missing.into())))
        );
        let unheard = represent(too_long, 0.0).unwrap();
        assert_eq!(unheard.source, TextSource::None);
        assert!(unheard.missing.unwrap().contains("no projector"));
    }

    #[test]
    fn what_explains_a_score_is_there_where_it_is_asked_for() {
        let language = Scripted(|| {
            Ok(Reading {
                hidden: Matrix::from_rows(&[[1.0, 2.0]]),
                truncated_at: None,
            })
        });
        for explain in [false, true] {
            let representer = Representer::new(Some(&language), TextMode::Auto, 0.5).unwrap();
            let mut representer = representer.explaining(explain);
            let trusted = representer.represent(utterance(Some("x"), true, 1.0));
            let trusted = trusted.unwrap();
            assert_eq!(trusted.text.without.len(), usize::from(explain));
            // It has no projector.
            let missing = trusted.other.map(|other| other.missing.is_some());
            assert_eq!(missing, explain.then_some(true));
            let nothing = representer.represent(utterance(None, true, 0.0)).unwrap();
            assert_eq!(nothing.other, None);
            assert!(nothing.text.without.is_empty());
        }
    }

    #[test]
    fn a_failing_engine_is_a_failure() {
        let broken = || {
            Err(LanguageError::Engine {
                action: "work",
                source: "broken".into(),
            })
        };
        assert_eq!(represent(broken, 1.0).unwrap_err().cause, Cause::Engine);
    }
}
