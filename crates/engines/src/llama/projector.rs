//! The audio projector: audio as vectors that the language model takes in place of tokens (mtmd).

use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::mtmd::{
    MtmdBitmap, MtmdContext, MtmdContextParams, MtmdInputChunk, MtmdInputChunkType,
    MtmdInputChunks, MtmdInputText, MtmdTokenizeError,
};

use super::context::encode;
use super::evaluator::Evaluator;
use super::heard::{AudioWindow, Heard, WINDOW_SAMPLES};
use super::{LanguageError, Prompt, SimulateSettings};
use undertone_types::RATE_HZ;

pub(super) struct Projector {
    context: MtmdContext,
    window: AudioWindow,
}

impl Projector {
    pub(super) fn load(
        settings: &SimulateSettings,
        model: &LlamaModel,
        threads: i32,
    ) -> Result<Self, LanguageError> {
        let path = &settings.projector;
        let parameters = MtmdContextParams {
            use_gpu: false,
            print_timings: false,
            n_threads: threads,
            ..MtmdContextParams::default()
        };
        let context = MtmdContext::init_from_file(&path.to_string_lossy(), model, &parameters)
            .map_err(|error| LanguageError::load(path, error))?;
        if context.get_audio_sample_rate() != Some(RATE_HZ) {
            return Err(LanguageError::NoAudio { path: path.clone() });
        }
        Ok(Self {
            context,
            window: settings.window,
        })
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
        let chunks: Vec<_> = (0..chunks.len()).filter_map(|at| chunks.get(at)).collect();
        let heard = self.heard(&chunks, audio.len());
        let positions = || heard.iter().map(|heard| heard.positions());
        let needed = positions().sum::<usize>() + usize::from(predict);
        if needed > context {
            return Err(LanguageError::TooLong { needed, context });
        }
        let last = chunks.last().map(MtmdInputChunk::chunk_type);
        // Scores follow tokens, not audio.
        if predict && last != Some(MtmdInputChunkType::Text) {
            let problem = "no token follows the audio";
            return Err(LanguageError::engine("evaluate the prompt")(problem));
        }
        let mut position = 0;
        for (number, (chunk, heard)) in (1..).zip(chunks.iter().zip(heard)) {
            let predict = predict && number == chunks.len();
            match chunk.text_tokens() {
                Some(tokens) => evaluator.advance(tokens, position, predict)?,
                None if heard.positions() == 0 => {}
                None => evaluator.advance_with_audio(&mut self.context, chunk, heard, position)?,
            }
            position += heard.positions();
        }
        Ok(position)
    }

    /// What is to be heard of each chunk; texts are read whole. Audio that is longer than a window
    /// is in several chunks.
    fn heard(&self, chunks: &[MtmdInputChunk<'_>], samples: usize) -> Vec<Heard> {
        let mut left = samples;
        let heard = |chunk: &MtmdInputChunk<'_>| {
            let positions = chunk.n_tokens();
            if chunk.chunk_type() == MtmdInputChunkType::Text {
                return Heard::new(AudioWindow::Fitting, positions, 0);
            }
            let within = left.min(WINDOW_SAMPLES);
            left -= within;
            Heard::new(self.window, positions, within)
        };
        chunks.iter().map(heard).collect()
    }

    /// The vectors of the sound `[positions, width]`, one after the other.
    pub(super) fn vectors(
        &mut self,
        prompt: &Prompt,
        audio: &[f32],
        width: usize,
    ) -> Result<Vec<f32>, LanguageError> {
        let chunks = self.chunks(prompt, audio)?;
        let chunks: Vec<_> = (0..chunks.len()).filter_map(|at| chunks.get(at)).collect();
        let heard = self.heard(&chunks, audio.len());
        let mut all = Vec::new();
        for (chunk, heard) in chunks.iter().zip(heard) {
            if chunk.chunk_type() == MtmdInputChunkType::Text || heard.positions() == 0 {
                continue;
            }
            let vectors = encode(&mut self.context, chunk, width)
                .map_err(LanguageError::engine("encode the audio"))?;
            all.extend(heard.sound(vectors, width));
        }
        Ok(all)
    }

    fn chunks(&self, prompt: &Prompt, audio: &[f32]) -> Result<MtmdInputChunks, LanguageError> {
        let bitmap = MtmdBitmap::from_audio_data(audio)
            .map_err(|error| LanguageError::Audio(error.into()))?;
        let text = MtmdInputText {
            text: prompt.before_text.clone(),
            add_special: true,
            parse_special: true,
        };
        self.context
            .tokenize(text, &[&bitmap])
            .map_err(|error| match error {
                MtmdTokenizeError::ImagePreprocessingError => LanguageError::Audio(error.into()),
                error => LanguageError::engine("tokenize the prompt")(error),
            })
    }
}
