//! A context of llama.cpp: it evaluates tokens, and audio that a projector has encoded, and
//! remembers what it evaluated.
//!
//! This file, and `tap` for its callback, are the only ones that call llama.cpp other than through
//! llama-cpp-2, whose context has no setters for the fields of the tap and evaluates an encoded
//! audio as a whole only. What must not live here: what is evaluated, and why.

use std::marker::PhantomData;
use std::ptr::{NonNull, from_mut, from_ref, null_mut};

use llama_cpp_2::llama_backend::LlamaBackend;
use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::mtmd::{MtmdContext, MtmdEncodeError, MtmdInputChunk};
use llama_cpp_2::token::LlamaToken;
use llama_cpp_sys_2::{
    LLAMA_POOLING_TYPE_NONE, llama_batch, llama_context, llama_context_default_params,
    llama_decode, llama_free, llama_get_logits_ith, llama_get_memory, llama_init_from_model,
    llama_memory_clear, llama_memory_seq_rm, llama_model, llama_model_n_embd_inp, mtmd_context,
    mtmd_get_output_embd,
};

use super::tap::Tap;

/// One sequence only: utterances are independent of each other.
const SEQUENCE: i32 = 0;
/// Positions that an embedding may have in llama.cpp, where a model tells time from place. Audio
/// has time alone, and so the same in each.
const SECTIONS: usize = 4;

/// How large a context is, and what it gives.
pub(super) struct Sizes {
    /// Tokens that it remembers.
    pub(super) tokens: u32,
    /// Most tokens that are evaluated at once.
    pub(super) batch: u32,
    /// Most outputs of one evaluation: memory is set aside for the scores of so many.
    pub(super) outputs: u32,
    pub(super) threads: i32,
    /// The layer that the tap takes hidden states of; without it the last.
    pub(super) layer: Option<usize>,
}

/// What is evaluated.
#[derive(Clone, Copy)]
pub(super) enum Input<'a> {
    Tokens(&'a [LlamaToken]),
    /// Vectors of the width of [`Context::input_width`], one after the other.
    Vectors(&'a [f32]),
}

/// Which of the tokens are outputs: their hidden states go to the tap, and their scores are
/// computed unless it ends the graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outputs {
    None,
    Last,
    All,
}

pub(super) struct Context<'m> {
    raw: NonNull<llama_context>,
    /// The context calls it, and so is freed before.
    tap: Tap,
    batch: usize,
    vocabulary: usize,
    input_width: usize,
    model: PhantomData<&'m LlamaModel>,
}

impl<'m> Context<'m> {
    /// A context of a model; `None` where llama.cpp cannot make one.
    pub(super) fn new(model: &'m LlamaModel, _: &LlamaBackend, sizes: &Sizes) -> Option<Self> {
        let vocabulary = model.n_vocab();
        let tap = Tap::new(sizes.layer);
        // SAFETY: a plain struct of defaults.
        let mut parameters = unsafe { llama_context_default_params() };
        parameters.n_ctx = sizes.tokens;
        parameters.n_batch = sizes.batch;
        parameters.n_ubatch = sizes.batch;
        parameters.n_outputs_max = sizes.outputs;
        parameters.n_threads = sizes.threads;
        parameters.n_threads_batch = sizes.threads;
        parameters.pooling_type = LLAMA_POOLING_TYPE_NONE;
        // A model with sliding attention remembers everything, so that a prefix can be kept.
        parameters.swa_full = true;
        tap.install(&mut parameters);
        let model = raw_model(model);
        // SAFETY: the model outlives the context ('m), and so does the tap.
        let raw = NonNull::new(unsafe { llama_init_from_model(model, parameters) })?;
        // SAFETY: the model is loaded.
        let input_width = unsafe { llama_model_n_embd_inp(model) };
        Some(Self {
            raw,
            tap,
            batch: usize::try_from(sizes.batch).unwrap_or(1),
            vocabulary: usize::try_from(vocabulary).unwrap_or_default(),
            input_width: usize::try_from(input_width).unwrap_or_default(),
            model: PhantomData,
        })
    }

    /// Gets the hidden states of outputs.
    pub(super) fn tap(&self) -> &Tap {
        &self.tap
    }

    /// Width of the vectors that it takes in place of tokens.
    pub(super) fn input_width(&self) -> usize {
        self.input_width
    }

    /// Most tokens that can be evaluated at once.
    pub(super) fn batch(&self) -> usize {
        self.batch
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        // SAFETY: the context is whole, and its memory lives as long.
        unsafe { llama_memory_clear(llama_get_memory(self.raw.as_ptr()), true) };
    }

    /// Forgets what was evaluated from `position` on; false where it can only forget everything.
    pub(super) fn clear_from(&mut self, position: usize) -> bool {
        let Ok(position) = i32::try_from(position) else {
            return false;
        };
        // SAFETY: as in `clear`.
        unsafe { llama_memory_seq_rm(llama_get_memory(self.raw.as_ptr()), SEQUENCE, position, -1) }
    }

    /// Evaluates at most [`Context::batch`] tokens or vectors from `position` on; the error is
    /// llama.cpp's number.
    pub(super) fn decode(
        &mut self,
        input: Input<'_>,
        position: usize,
        outputs: Outputs,
    ) -> Result<(), i32> {
        let count = match input {
            Input::Tokens(tokens) => tokens.len(),
            Input::Vectors(vectors) => vectors.len() / self.input_width.max(1),
        };
        let positions = (position..)
            .take(count)
            .map(|at| i32::try_from(at).unwrap_or(i32::MAX));
        let mut positions: Vec<i32> = positions.collect::<Vec<_>>().repeat(SECTIONS);
        let mut marked = vec![i8::from(outputs == Outputs::All); count];
        if let (Outputs::Last, Some(last)) = (outputs, marked.last_mut()) {
            *last = 1;
        }
        let (token, embd) = match input {
            Input::Tokens(tokens) => (tokens.as_ptr().cast_mut().cast(), null_mut()),
            Input::Vectors(vectors) => (null_mut(), vectors.as_ptr().cast_mut()),
        };
        let batch = llama_batch {
            n_tokens: i32::try_from(count).unwrap_or(i32::MAX),
            token,
            embd,
            pos: positions.as_mut_ptr(),
            // All are of the first sequence.
            n_seq_id: null_mut(),
            seq_id: null_mut(),
            logits: marked.as_mut_ptr(),
        };
        // SAFETY: the arrays have as many elements as there are tokens, four positions for each,
        // and outlive the call, which copies them and writes to none. A LlamaToken is transparent.
        match unsafe { llama_decode(self.raw.as_ptr(), batch) } {
            0 => Ok(()),
            error => Err(error),
        }
    }

    /// Scores of the words of the vocabulary after the last output; `None` where there are none.
    pub(super) fn scores(&mut self) -> Option<&[f32]> {
        // SAFETY: what comes back is null, or has a score for each word of the model's vocabulary
        // until the next evaluation, for which the context has to be borrowed again.
        unsafe {
            let scores = NonNull::new(llama_get_logits_ith(self.raw.as_ptr(), -1))?;
            Some(std::slice::from_raw_parts(scores.as_ptr(), self.vocabulary))
        }
    }
}

impl Drop for Context<'_> {
    fn drop(&mut self) {
        // SAFETY: nothing else has the pointer.
        unsafe { llama_free(self.raw.as_ptr()) };
    }
}

/// Encodes an audio chunk; gives its vectors, `width` numbers each.
pub(super) fn encode<'p>(
    projector: &'p mut MtmdContext,
    chunk: &MtmdInputChunk<'_>,
    width: usize,
) -> Result<&'p [f32], MtmdEncodeError> {
    projector.encode_chunk(chunk)?;
    const {
        assert!(size_of::<MtmdContext>() == size_of::<*mut mtmd_context>());
        assert!(align_of::<MtmdContext>() == align_of::<*mut mtmd_context>());
    }
    // SAFETY: in the version that Cargo.toml pins, MtmdContext is a struct with this pointer as its
    // only field. There are as many vectors of the model's width as the chunk has tokens, until the
    // next chunk is encoded, for which the projector has to be borrowed again.
    unsafe {
        let raw: *mut mtmd_context = *from_mut(projector).cast();
        let vectors = mtmd_get_output_embd(raw);
        Ok(std::slice::from_raw_parts(
            vectors,
            chunk.n_tokens() * width,
        ))
    }
}

fn raw_model(model: &LlamaModel) -> *mut llama_model {
    // SAFETY: LlamaModel is a transparent wrapper of this pointer.
    unsafe { *from_ref(model).cast() }
}
