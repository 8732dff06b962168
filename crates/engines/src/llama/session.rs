//! A worker's llama.cpp context: its key-value cache, its batch, its projector.

use llama_cpp_2::context::LlamaContext;
use llama_cpp_2::context::params::{LlamaContextParams, LlamaPoolingType};
use llama_cpp_2::llama_backend::LlamaBackend;
use llama_cpp_2::llama_batch::LlamaBatch;
use llama_cpp_2::mtmd::{MtmdBitmap, MtmdContext, MtmdContextParams, MtmdInputText};
use llama_cpp_2::sampling::LlamaSampler;
use llama_cpp_2::token::LlamaToken;

use super::{LanguageError, LanguageSession, Llama, Prompt, Simulation};
use undertone_types::{Matrix, RATE_HZ};

/// One sequence only: utterances are independent of each other.
const SEQUENCE: i32 = 0;
/// Most tokens that are evaluated at once.
const BATCH_TOKENS: u32 = 512;

pub(super) struct LlamaSession<'m> {
    llama: &'m Llama,
    context: LlamaContext<'m>,
    projector: MtmdContext,
    batch: LlamaBatch<'static>,
    greedy: LlamaSampler,
}

impl<'m> LlamaSession<'m> {
    pub(super) fn new(llama: &'m Llama, backend: &LlamaBackend) -> Result<Self, LanguageError> {
        let settings = &llama.settings;
        let threads = i32::try_from(settings.threads).unwrap_or(1);
        let batch_tokens = settings.context_tokens.min(BATCH_TOKENS);
        let parameters = LlamaContextParams::default()
            .with_n_ctx(Some(llama.context_tokens))
            .with_n_batch(batch_tokens)
            .with_n_ubatch(batch_tokens)
            .with_n_threads(threads)
            .with_n_threads_batch(threads)
            .with_embeddings(true)
            .with_pooling_type(LlamaPoolingType::None);
        let context = llama
            .model
            .new_context(backend, parameters)
            .map_err(LanguageError::engine("make a context"))?;
        let parameters = MtmdContextParams {
            use_gpu: false,
            print_timings: false,
            n_threads: threads,
            ..MtmdContextParams::default()
        };
        let path = &settings.projector;
        let projector =
            MtmdContext::init_from_file(&path.to_string_lossy(), &llama.model, &parameters)
                .map_err(|error| LanguageError::load(path, error))?;
        if projector.get_audio_sample_rate() != Some(RATE_HZ) {
            return Err(LanguageError::NoAudio { path: path.clone() });
        }
        let capacity = usize::try_from(batch_tokens).unwrap_or(1);
        let batch = LlamaBatch::new(capacity, 1);
        Ok(Self {
            llama,
            context,
            projector,
            batch,
            greedy: LlamaSampler::greedy(),
        })
    }

    /// Evaluates what precedes the text; returns the next position.
    fn evaluate(&mut self, prompt: &Prompt, audio: &[f32]) -> Result<i32, LanguageError> {
        self.context.clear_kv_cache();
        let bitmap = if prompt.has_audio {
            let bitmap = MtmdBitmap::from_audio_data(audio);
            Some(bitmap.map_err(LanguageError::engine("read the audio"))?)
        } else {
            None
        };
        let text = MtmdInputText {
            text: prompt.before_text.clone(),
            add_special: true,
            parse_special: true,
        };
        let chunks = self
            .projector
            .tokenize(text, &bitmap.iter().collect::<Vec<_>>())
            .map_err(LanguageError::engine("tokenize the prompt"))?;
        self.fits(chunks.total_tokens())?;
        let block = i32::try_from(self.context.n_batch()).unwrap_or(1);
        chunks
            .eval_chunks(
                &mut self.projector,
                &mut self.context,
                0,
                SEQUENCE,
                block,
                true,
            )
            .map_err(LanguageError::engine("evaluate the prompt"))
    }

    fn fits(&self, needed: usize) -> Result<(), LanguageError> {
        let context = usize::try_from(self.context.n_ctx()).unwrap_or_default();
        if needed <= context {
            Ok(())
        } else {
            Err(LanguageError::TooLong { needed, context })
        }
    }

    /// Evaluates text tokens from `position` on and appends their hidden states; returns the
    /// next position.
    fn feed(
        &mut self,
        tokens: &[LlamaToken],
        position: i32,
        hidden: &mut Vec<f32>,
    ) -> Result<i32, LanguageError> {
        let mut position = position;
        let block = usize::try_from(self.context.n_batch()).unwrap_or(1);
        for tokens in tokens.chunks(block) {
            self.batch.clear();
            for token in tokens {
                self.batch
                    .add(*token, position, &[SEQUENCE], true)
                    .map_err(LanguageError::engine("fill a batch"))?;
                position += 1;
            }
            self.context
                .decode(&mut self.batch)
                .map_err(LanguageError::engine("evaluate text"))?;
            for index in 0..self.batch.n_tokens() {
                let state = self
                    .context
                    .embeddings_ith(index)
                    .map_err(LanguageError::engine("return hidden states"))?;
                hidden.extend_from_slice(state);
            }
        }
        Ok(position)
    }

    fn matrix(&self, hidden: Vec<f32>) -> Result<Matrix, LanguageError> {
        Matrix::new(
            hidden.len() / self.llama.width.max(1),
            self.llama.width,
            hidden,
        )
        .map_err(LanguageError::engine("return hidden states"))
    }
}

impl LanguageSession for LlamaSession<'_> {
    fn read(&mut self, transcript: &str, audio: &[f32]) -> Result<Matrix, LanguageError> {
        let prompt = &self.llama.settings.read;
        let text = format!("{}{transcript}", prompt.text_prefix);
        let tokens = self
            .llama
            .model
            .vocab()
            .tokenize(text.as_bytes(), false, false);
        let position = self.evaluate(prompt, audio)?;
        self.fits(usize::try_from(position).unwrap_or_default() + tokens.len())?;
        let mut hidden = Vec::with_capacity(tokens.len() * self.llama.width);
        self.feed(&tokens, position, &mut hidden)?;
        self.matrix(hidden)
    }

    fn simulate(&mut self, audio: &[f32]) -> Result<Simulation, LanguageError> {
        let mut position = self.evaluate(&self.llama.settings.simulate, audio)?;
        let room = usize::try_from(self.context.n_ctx()).unwrap_or_default()
            - usize::try_from(position).unwrap_or_default();
        let vocab = self.llama.model.vocab();
        let (mut hidden, mut generated) = (Vec::new(), Vec::new());
        for _ in 0..self.llama.settings.max_tokens.min(room) {
            let token = self.greedy.sample(&self.context, -1);
            if vocab.is_eog(token) {
                break;
            }
            // Each hidden state is taken after its token was evaluated, as for a transcript: both
            // kinds of text must be represented alike.
            position = self.feed(&[token], position, &mut hidden)?;
            generated.push(token);
        }
        let text = vocab.detokenize(&generated, false, false);
        let text = String::from_utf8_lossy(&text).trim().to_owned();
        Ok(Simulation {
            text,
            hidden: self.matrix(hidden)?,
        })
    }
}
