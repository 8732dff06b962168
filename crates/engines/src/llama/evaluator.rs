//! A llama.cpp context that computes what is asked for and no more: nothing but its memory of a
//! prefix, hidden states of a text, or those of one token and the token that follows it.

use llama_cpp_2::context::LlamaContext;
use llama_cpp_2::context::params::{LlamaContextParams, LlamaPoolingType};
use llama_cpp_2::llama_backend::LlamaBackend;
use llama_cpp_2::llama_batch::LlamaBatch;
use llama_cpp_2::mtmd::{MtmdContext, MtmdInputChunks};
use llama_cpp_2::sampling::LlamaSampler;
use llama_cpp_2::token::LlamaToken;

use super::tap::{Tap, Then, limit_outputs};
use super::{LanguageError, Llama};

/// One sequence only: utterances are independent of each other.
const SEQUENCE: i32 = 0;
/// Most tokens that are evaluated at once.
const BATCH_TOKENS: u32 = 512;
/// Most memory for the scores of outputs. llama.cpp sets it aside twice, also where they are not computed.
const SCORES_BYTES: usize = 64 << 20;

pub(super) struct Evaluator<'m> {
    // Before the tap, so that it is dropped first: it calls the tap.
    context: LlamaContext<'m>,
    tap: Tap,
    batch: LlamaBatch<'static>,
    greedy: LlamaSampler,
    /// Width of the hidden states.
    width: usize,
    /// Most outputs of one evaluation.
    outputs: usize,
}

impl<'m> Evaluator<'m> {
    pub(super) fn new(llama: &'m Llama, backend: &LlamaBackend) -> Result<Self, LanguageError> {
        let threads = i32::try_from(llama.settings.threads).unwrap_or(1);
        let batch_tokens = llama.context_tokens.get().min(BATCH_TOKENS);
        let vocabulary = usize::try_from(llama.model.n_vocab()).unwrap_or_default();
        let outputs = SCORES_BYTES / (vocabulary.max(1) * size_of::<f32>());
        let outputs = batch_tokens.min(u32::try_from(outputs).unwrap_or(u32::MAX).max(1));
        let tap = Tap::new();
        let mut parameters = LlamaContextParams::default()
            .with_n_ctx(Some(llama.context_tokens))
            .with_n_batch(batch_tokens)
            .with_n_ubatch(batch_tokens)
            .with_n_threads(threads)
            .with_n_threads_batch(threads)
            .with_pooling_type(LlamaPoolingType::None)
            // A model with sliding attention remembers everything, so that a prefix can be kept.
            .with_swa_full(true);
        limit_outputs(&mut parameters, outputs);
        // SAFETY: the tap is dropped after the context.
        unsafe { tap.install(&mut parameters) };
        let context = llama
            .model
            .new_context(backend, parameters)
            .map_err(LanguageError::engine("make a context"))?;
        Ok(Self {
            context,
            tap,
            batch: LlamaBatch::new(usize::try_from(batch_tokens).unwrap_or(1), 1),
            greedy: LlamaSampler::greedy(),
            width: llama.width,
            outputs: usize::try_from(outputs).unwrap_or(1),
        })
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.context.clear_kv_cache();
    }

    /// Forgets what was evaluated from `position` on; false where the model can only forget everything.
    pub(super) fn clear_from(&mut self, position: usize) -> bool {
        let start = u32::try_from(position).ok();
        self.context.kv_cache_seq_rm(SEQUENCE, start, None).is_ok()
    }

    /// Evaluates tokens from `position` on, for what follows them.
    pub(super) fn advance(
        &mut self,
        tokens: &[LlamaToken],
        position: usize,
    ) -> Result<(), LanguageError> {
        self.tap.then(Then::Ignore);
        let block = usize::try_from(self.context.n_batch()).unwrap_or(1);
        for (index, tokens) in tokens.chunks(block).enumerate() {
            self.decode(tokens, position + index * block, false)?;
        }
        Ok(())
    }

    /// Evaluates a prompt with audio from position 0 on; with `predict` also the scores of the
    /// token that follows.
    pub(super) fn advance_with_audio(
        &mut self,
        chunks: &MtmdInputChunks,
        projector: &mut MtmdContext,
        predict: bool,
    ) -> Result<usize, LanguageError> {
        self.tap.then(Then::Ignore);
        let block = i32::try_from(self.context.n_batch()).unwrap_or(1);
        let position = chunks
            .eval_chunks(projector, &mut self.context, 0, SEQUENCE, block, predict)
            .map_err(LanguageError::engine("evaluate the prompt"))?;
        Ok(usize::try_from(position).unwrap_or_default())
    }

    /// Evaluates tokens from `position` on; returns their hidden states `[tokens, width]`.
    pub(super) fn hidden_states(
        &mut self,
        tokens: &[LlamaToken],
        position: usize,
    ) -> Result<Vec<f32>, LanguageError> {
        let mut states = Vec::with_capacity(tokens.len() * self.width);
        for (index, tokens) in tokens.chunks(self.outputs).enumerate() {
            self.tap.then(Then::Stop);
            self.decode(tokens, position + index * self.outputs, true)?;
            self.take_states(tokens.len(), &mut states)?;
        }
        Ok(states)
    }

    /// Evaluates one token and the scores of the one that follows it; appends its hidden state.
    pub(super) fn step(
        &mut self,
        token: LlamaToken,
        position: usize,
        states: &mut Vec<f32>,
    ) -> Result<(), LanguageError> {
        self.tap.then(Then::GoOn);
        self.decode(&[token], position, true)?;
        self.take_states(1, states)
    }

    /// The most likely token after what was evaluated last, with scores.
    pub(super) fn next_token(&mut self) -> LlamaToken {
        self.greedy.sample(&self.context, -1)
    }

    fn decode(
        &mut self,
        tokens: &[LlamaToken],
        position: usize,
        outputs: bool,
    ) -> Result<(), LanguageError> {
        self.batch.clear();
        for (position, token) in (position..).zip(tokens) {
            let position = i32::try_from(position).unwrap_or(i32::MAX);
            self.batch
                .add(*token, position, &[SEQUENCE], outputs)
                .map_err(LanguageError::engine("fill a batch"))?;
        }
        self.context
            .decode(&mut self.batch)
            .map_err(LanguageError::engine("evaluate text"))
    }

    fn take_states(&self, tokens: usize, states: &mut Vec<f32>) -> Result<(), LanguageError> {
        let before = states.len();
        self.tap.drain_into(states);
        if states.len() - before == tokens * self.width {
            Ok(())
        } else {
            let problem = "this kind of model does not name its last hidden states";
            Err(LanguageError::engine("return hidden states")(problem))
        }
    }
}
