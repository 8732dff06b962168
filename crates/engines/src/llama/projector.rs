//! The audio projector: audio as vectors that the language model takes in place of tokens (mtmd).

use std::path::Path;

use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::mtmd::{
    MtmdBitmap, MtmdContext, MtmdContextParams, MtmdInputChunkType, MtmdInputChunks, MtmdInputText,
    MtmdTokenizeError,
};

use super::evaluator::Evaluator;
use super::{LanguageError, Prompt};
use undertone_types::RATE_HZ;

pub(super) struct Projector(MtmdContext);

impl Projector {
    pub(super) fn load(
        path: &Path,
        model: &LlamaModel,
        threads: i32,
    ) -> Result<Self, LanguageError> {
        let parameters = MtmdContextParams {
            use_gpu: false,
            print_timings: false,
            n_threads: threads,
            ..MtmdContextParams::default()
        };
        let context = MtmdContext::init_from_file(&path.to_string_lossy(), model, &parameters)
            .map_err(|error| LanguageError::load(path, error))?;
        if context.get_audio_sample_rate() != Some(RATE_HZ) {
            return Err(LanguageError::NoAudio {
                path: path.to_owned(),
            });
        }
        Ok(Self(context))
    }

    /// Evaluates a prompt with audio; returns the next position. With `predict` also the scores of
    /// the token that follows, which then has to fit the `context` of so many tokens, too.
    pub(super) fn evaluate(
        &mut self,
        evaluator: &mut Evaluator<'_>,
        prompt: &Prompt,
        audio: &[f32],
        context: usize,
        predict: bool,
    ) -> Result<usize, LanguageError> {
        let chunks = self.chunks(prompt, audio)?;
        let needed = chunks.total_tokens() + usize::from(predict);
        if needed > context {
            return Err(LanguageError::TooLong { needed, context });
        }
        let last = chunks
            .len()
            .checked_sub(1)
            .and_then(|last| chunks.get(last));
        // Scores follow tokens, not audio: llama.cpp aborts where there are none.
        if predict && last.is_none_or(|last| last.chunk_type() != MtmdInputChunkType::Text) {
            let problem = "no token follows the audio";
            return Err(LanguageError::engine("evaluate the prompt")(problem));
        }
        evaluator.advance_with_audio(&chunks, &mut self.0, predict)
    }

    fn chunks(&self, prompt: &Prompt, audio: &[f32]) -> Result<MtmdInputChunks, LanguageError> {
        let bitmap = MtmdBitmap::from_audio_data(audio)
            .map_err(|error| LanguageError::Audio(error.into()))?;
        let text = MtmdInputText {
            text: prompt.before_text.clone(),
            add_special: true,
            parse_special: true,
        };
        self.0
            .tokenize(text, &[&bitmap])
            .map_err(|error| match error {
                MtmdTokenizeError::ImagePreprocessingError => LanguageError::Audio(error.into()),
                error => LanguageError::engine("tokenize the prompt")(error),
            })
    }
}
