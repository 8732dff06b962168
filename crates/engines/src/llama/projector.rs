//! The audio projector: audio as vectors that the language model takes in place of tokens (mtmd).

use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::mtmd::{
    MtmdBitmap, MtmdContext, MtmdContextParams, MtmdInputChunk, MtmdInputChunkType,
    MtmdInputChunks, MtmdInputText, MtmdTokenizeError,
};

use super::evaluator::Evaluator;
use super::heard::{AudioWindow, Heard, WINDOW_SAMPLES};
use super::{LanguageError, Prompt, SimulateSettings};
use undertone_types::RATE_HZ;

pub(super) struct Projector {
    context: MtmdContext,
    window: AudioWindow,
    blank_below: f32,
}

/// A prompt with audio that was evaluated.
pub(super) struct Prompted {
    /// The next position.
    pub(super) position: usize,
    /// How many positions of audio were read; 0 where nothing is said in it.
    pub(super) heard: usize,
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
            blank_below: settings.blank_below,
        })
    }

    /// Evaluates a prompt with audio. With `predict` also the scores of the token that follows, which then has to fit the `context` of so many tokens, too.
    pub(super) fn evaluate(
        &mut self,
        evaluator: &mut Evaluator<'_>,
        prompt: &Prompt,
        audio: &[f32],
        context: usize,
        predict: bool,
    ) -> Result<Prompted, LanguageError> {
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
        let (mut position, mut heard_positions) = (0, 0);
        for (number, (chunk, heard)) in (1..).zip(chunks.iter().zip(heard)) {
            let predict = predict && number == chunks.len();
            match chunk.text_tokens() {
                Some(tokens) => {
                    evaluator.advance(tokens, position, predict)?;
                    position += tokens.len();
                }
                None if heard.positions() == 0 => {}
                None => {
                    let (projector, blank) = (&mut self.context, self.blank_below);
                    let read =
                        evaluator.advance_with_audio(projector, chunk, heard, blank, position)?;
                    position += read;
                    heard_positions += read;
                }
            }
        }
        Ok(Prompted {
            position,
            heard: heard_positions,
        })
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
