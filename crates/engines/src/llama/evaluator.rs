//! A llama.cpp context that computes what is asked for and no more: nothing but its memory of a
//! prefix, hidden states of a text, or those of one token and the token that follows it.

use llama_cpp_2::llama_backend::LlamaBackend;
use llama_cpp_2::mtmd::{MtmdContext, MtmdInputChunk};
use llama_cpp_2::token::LlamaToken;

use super::context::{Context, Input, Outputs, Sizes, encode};
use super::heard::Heard;
use super::tap::Then;
use super::{LanguageError, Llama};

/// Most tokens that are evaluated at once.
const BATCH_TOKENS: u32 = 512;
/// Most memory for the scores of outputs. llama.cpp sets it aside twice, also where they are not computed.
const SCORES_BYTES: usize = 64 << 20;

pub(super) struct Evaluator<'m> {
    context: Context<'m>,
    /// Width of the hidden states.
    width: usize,
    /// Most outputs of one evaluation.
    outputs: usize,
}

impl<'m> Evaluator<'m> {
    pub(super) fn new(llama: &'m Llama, backend: &LlamaBackend) -> Result<Self, LanguageError> {
        let batch = llama.context_tokens.get().min(BATCH_TOKENS);
        let vocabulary = usize::try_from(llama.model.n_vocab()).unwrap_or_default();
        let outputs = SCORES_BYTES / (vocabulary.max(1) * size_of::<f32>());
        let outputs = batch.min(u32::try_from(outputs).unwrap_or(u32::MAX).max(1));
        let sizes = Sizes {
            tokens: llama.context_tokens.get(),
            batch,
            outputs,
            threads: i32::try_from(llama.settings.threads).unwrap_or(1),
            layer: llama.settings.layer,
        };
        let context = Context::new(&llama.model, backend, &sizes)
            .ok_or_else(|| LanguageError::engine("make a context")("it gives none"))?;
        Ok(Self {
            context,
            width: llama.width,
            outputs: usize::try_from(outputs).unwrap_or(1),
        })
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.context.clear();
    }

    /// Forgets what was evaluated from `position` on; false where the model can only forget everything.
    pub(super) fn clear_from(&mut self, position: usize) -> bool {
        self.context.clear_from(position)
    }

    /// Evaluates tokens from `position` on, for what follows them; with `predict` also the scores of
    /// the token that follows.
    pub(super) fn advance(
        &mut self,
        tokens: &[LlamaToken],
        position: usize,
        predict: bool,
    ) -> Result<(), LanguageError> {
        self.context.tap().then(Then::Ignore);
        let (block, total) = (self.context.batch(), tokens.len());
        for (index, tokens) in tokens.chunks(block).enumerate() {
            let is_last = index * block + tokens.len() == total;
            let outputs = match predict && is_last {
                true => Outputs::Last,
                false => Outputs::None,
            };
            self.decode(Input::Tokens(tokens), position + index * block, outputs)?;
        }
        Ok(())
    }

    /// Encodes audio and evaluates what is to be heard of it from `position` on.
    pub(super) fn advance_with_audio(
        &mut self,
        projector: &mut MtmdContext,
        chunk: &MtmdInputChunk<'_>,
        heard: Heard,
        position: usize,
    ) -> Result<(), LanguageError> {
        self.context.tap().then(Then::Ignore);
        let (block, width) = (self.context.batch(), self.context.input_width());
        let vectors =
            encode(projector, chunk, width).map_err(LanguageError::engine("encode the audio"))?;
        let vectors = heard.of(vectors, width);
        for (index, vectors) in vectors.chunks(block * width).enumerate() {
            self.decode(
                Input::Vectors(vectors),
                position + index * block,
                Outputs::None,
            )?;
        }
        Ok(())
    }

    /// Evaluates tokens from `position` on; returns their hidden states `[tokens, width]`.
    pub(super) fn hidden_states(
        &mut self,
        tokens: &[LlamaToken],
        position: usize,
    ) -> Result<Vec<f32>, LanguageError> {
        let mut states = Vec::with_capacity(tokens.len() * self.width);
        for (index, tokens) in tokens.chunks(self.outputs).enumerate() {
            self.context.tap().then(Then::Stop);
            let position = position + index * self.outputs;
            self.decode(Input::Tokens(tokens), position, Outputs::All)?;
            self.take_states(tokens.len(), &mut states)?;
        }
        Ok(states)
    }

    /// Embeddings of tokens `[tokens, width]`, of which only the directions mean something: some models
    /// scale them. Everything is forgotten.
    pub(super) fn embeddings(&mut self, tokens: &[LlamaToken]) -> Result<Vec<f32>, LanguageError> {
        let mut embeddings = Vec::with_capacity(tokens.len() * self.context.input_width());
        for tokens in tokens.chunks(self.context.batch()) {
            self.context.clear();
            self.context.tap().then(Then::Embed);
            self.decode(Input::Tokens(tokens), 0, Outputs::None)?;
            self.context.tap().drain_into(&mut embeddings);
        }
        self.context.clear();
        match embeddings.len() == tokens.len() * self.context.input_width() {
            true => Ok(embeddings),
            false => {
                let problem = "this kind of model does not name them";
                Err(LanguageError::engine("return embeddings")(problem))
            }
        }
    }

    /// Width of the vectors that it takes in place of tokens.
    pub(super) fn input_width(&self) -> usize {
        self.context.input_width()
    }

    /// Evaluates one token and the scores of the one that follows it; appends its hidden state.
    pub(super) fn step(
        &mut self,
        token: LlamaToken,
        position: usize,
        states: &mut Vec<f32>,
    ) -> Result<(), LanguageError> {
        self.context.tap().then(Then::GoOn);
        self.decode(Input::Tokens(&[token]), position, Outputs::All)?;
        self.take_states(1, states)
    }

    /// The most likely token after what was evaluated last, with scores; the first of several.
    pub(super) fn next_token(&mut self) -> Result<LlamaToken, LanguageError> {
        let scores = self.context.scores();
        let scores = scores.ok_or_else(|| LanguageError::engine("predict a token")("no scores"))?;
        let mut best = 0;
        for (word, score) in scores.iter().enumerate() {
            if *score > scores[best] {
                best = word;
            }
        }
        Ok(LlamaToken(i32::try_from(best).unwrap_or_default()))
    }

    fn decode(
        &mut self,
        input: Input<'_>,
        position: usize,
        outputs: Outputs,
    ) -> Result<(), LanguageError> {
        self.context
            .decode(input, position, outputs)
            .map_err(|number| {
                let error = format!("llama_decode gives {number}");
                LanguageError::engine("evaluate text")(error)
            })
    }

    fn take_states(&self, tokens: usize, states: &mut Vec<f32>) -> Result<(), LanguageError> {
        let before = states.len();
        self.context.tap().drain_into(states);
        if states.len() - before == tokens * self.width {
            Ok(())
        } else {
            let problem = "this kind of model does not name these hidden states";
            Err(LanguageError::engine("return hidden states")(problem))
        }
    }
}
