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
fn choose_in(form: TextForm, transcribed: &Transcribed, mode: TextMode, gate: f32) -> TextSource {
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
    let choose = |confidence| choose(&utterance(Some("x"), true, confidence), TextMode::Auto, 0.5);
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
