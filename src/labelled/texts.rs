//! Makes a data set from labelled texts: hidden states of their words, without voice and face.

use super::clips::{ClipProgress, each_clip};
use super::error::LabelledError;
use crate::stages::represent::Representer;
use undertone_config::TextMode;
use undertone_engines::llama::LanguageModel;
use undertone_formats::LabelledText;
use undertone_training::{DatasetWriter, Example, WordsLost};
use undertone_types::{Cause, Failure, Matrix, Stage, Transcribed, Utterance};

/// What texts are read with.
#[derive(Clone, Copy)]
pub struct TextEngines<'e> {
    /// Computes hidden states over texts.
    pub language: &'e dyn LanguageModel,
    /// Widths of the features of voice and face, which texts do not have.
    pub widths: [usize; 2],
    /// The share of words that simulated text has lost; without it there is no simulated text.
    pub words_lost: Option<WordsLost>,
    /// Threads, each with its own session.
    pub threads: usize,
}

/// Called after each text, with why it failed if it did.
pub type OnText<'c> = &'c mut dyn FnMut(&ClipProgress, &LabelledText, &Result<(), Failure>);

/// Reads every text that the data set does not have yet. A text that fails is left out; `on_text`
/// is called after each text.
///
/// # Errors
/// When the language model cannot make a session, the data set cannot be written, or it has
/// another text under the same id.
pub fn extract_texts(
    texts: &[LabelledText],
    engines: &TextEngines<'_>,
    writer: &mut DatasetWriter,
    on_text: OnText<'_>,
) -> Result<(), LabelledError> {
    let mut left = Vec::new();
    for text in texts {
        match writer.text(&text.id) {
            None => left.push(text.clone()),
            Some(there) if there == text.text => {}
            Some(_) => {
                let id = text.id.clone();
                return Err(LabelledError::Changed { id });
            }
        }
    }
    let mut progress = ClipProgress::new(left.len());
    each_clip(
        &left,
        engines.threads,
        || {
            let mut reader = Reader::new(engines)?;
            Ok::<_, LabelledError>(move |text: &LabelledText| reader.example(text))
        },
        |index, example| {
            progress.done += 1;
            let result = match example {
                Ok(example) => writer.add(example).map(|_zeroed| Ok(()))?,
                Err(failure) => Err(failure),
            };
            on_text(&progress, &left[index], &result);
            Ok(())
        },
    )
}

/// One thread's session.
struct Reader<'e> {
    representer: Representer<'e>,
    words_lost: Option<WordsLost>,
    nothing: [Matrix; 2],
}

impl<'e> Reader<'e> {
    fn new(engines: &TextEngines<'e>) -> Result<Self, LabelledError> {
        Ok(Self {
            // The gate is about transcripts, and these words are known.
            representer: Representer::new(Some(engines.language), TextMode::Transcript, 0.0)?,
            words_lost: engines.words_lost,
            nothing: engines.widths.map(Matrix::empty),
        })
    }

    fn example(&mut self, text: &LabelledText) -> Result<Example, Failure> {
        let real = self.read(&text.text)?;
        if real.is_empty() {
            return Err(wordless(text));
        }
        let simulated = match self.words_lost {
            Some(lost) => self.read(&lost.of(&text.text, &text.id))?,
            None => Matrix::empty(real.cols()),
        };
        let [audio, video] = self.nothing.clone();
        Ok(Example {
            id: text.id.clone(),
            source: text.source.clone(),
            split: text.split,
            label: text.label,
            text: text.text.clone(),
            audio,
            real,
            simulated,
            video,
        })
    }

    /// Hidden states of words that nobody speaks.
    fn read(&mut self, words: &str) -> Result<Matrix, Failure> {
        let (real, _) = self.representer.both(words, &unspoken())?;
        Ok(real)
    }
}

fn unspoken() -> Transcribed {
    let utterance = Utterance {
        index: 0,
        start_s: 0.0,
        end_s: 0.0,
        audio: None,
        voiced_share: 0.0,
        frames: Vec::new(),
        said: None,
    };
    Transcribed {
        utterance,
        transcript: None,
        confidence: 0.0,
    }
}

fn wordless(text: &LabelledText) -> Failure {
    Failure {
        stage: Stage::Represent,
        cause: Cause::Content,
        chain: vec![format!("{:?} has no words", text.text)],
        hint: Some("remove it from the table of labels".to_owned()),
    }
}
