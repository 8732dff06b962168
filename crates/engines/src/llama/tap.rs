//! The hidden states of chosen tokens, taken out of llama.cpp's graph while it is computed.
//!
//! Those of an inner layer llama.cpp gives to nobody, and those of the last only with `embeddings`
//! switched on: then every token that is evaluated is an output, for which a score of each word of the
//! vocabulary is computed: most of the work of a small model with a large vocabulary. So `embeddings` is
//! off here, only the tokens whose states are wanted are marked as outputs, and a callback of the graph
//! (`cb_eval` in `llama.h`) copies the tensor of the states. Where nothing is to be generated, the
//! callback ends the graph there: before the layers above, and before the scores.

use std::ffi::{CStr, CString, c_void};
use std::sync::{Arc, Mutex, PoisonError};

use llama_cpp_sys_2::{
    GGML_TYPE_F32, ggml_backend_tensor_get, ggml_nbytes, ggml_tensor, llama_context_params,
};

/// The last layer's states after the final norm: llama.cpp's name for them in the graphs of all
/// its language models. One row for each output, in the order of the batch.
const LAST_STATES: &CStr = c"result_norm";
/// What a layer hands on: llama.cpp's name in the graphs of nearly all its language models, before the
/// layer's number from 0. One row for each token, of which all must be outputs: the last layer has rows
/// for outputs only.
const LAYER_STATES: &str = "l_out-";
/// The embeddings of the tokens: llama.cpp's names, the first in graphs that scale them, the
/// others in those that do not.
const EMBEDDINGS: [&CStr; 3] = [c"inp_scaled", c"embd", c"inp_embd"];

/// What happens when the graph has computed the hidden states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Then {
    /// They are not copied; the graph goes on.
    Ignore,
    /// They are copied, and the graph ends: the scores of the next token are not computed.
    Stop,
    /// They are copied, and the graph goes on.
    GoOn,
    /// The embeddings are copied instead, and the graph ends.
    Embed,
}

/// Hears of each tensor of one context's graphs.
pub(super) struct Tap(Arc<Mutex<Flow>>);

struct Flow {
    /// Name of the tensor of the hidden states.
    name: CString,
    then: Then,
    states: Vec<f32>,
}

impl Tap {
    /// A tap of the hidden states of a layer, counted from 1, or of the last one after the final norm.
    pub(super) fn new(layer: Option<usize>) -> Self {
        let name = layer.and_then(|layer| {
            let number = layer.checked_sub(1)?;
            CString::new(format!("{LAYER_STATES}{number}")).ok()
        });
        Self(Arc::new(Mutex::new(Flow {
            name: name.unwrap_or_else(|| LAST_STATES.to_owned()),
            then: Then::Ignore,
            states: Vec::new(),
        })))
    }

    /// Makes a context that is created with `parameters` call this tap, which has to outlive it.
    pub(super) fn install(&self, parameters: &mut llama_context_params) {
        parameters.cb_eval = Some(on_tensor);
        parameters.cb_eval_user_data = Arc::as_ptr(&self.0).cast_mut().cast();
    }

    /// Says what to do with the states of what is evaluated next.
    pub(super) fn then(&self, then: Then) {
        let mut flow = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        flow.then = then;
        flow.states.clear();
    }

    /// Appends the states `[outputs, width]` since [`Tap::then`] to `states`.
    pub(super) fn drain_into(&self, states: &mut Vec<f32>) {
        let mut flow = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        states.append(&mut flow.states);
    }
}

/// llama.cpp's `ggml_backend_sched_eval_callback`. With `ask` it answers whether the tensor is wanted;
/// then, when that has been computed, whether to go on.
unsafe extern "C" fn on_tensor(tensor: *mut ggml_tensor, ask: bool, flow: *mut c_void) -> bool {
    // SAFETY: llama.cpp passes a tensor of its graph, whose name ends in a zero, and the
    // pointer of `Tap::install`, which outlives the context.
    let (tensor, name, flow) = unsafe {
        let name = CStr::from_ptr((*tensor).name.as_ptr());
        (&*tensor, name, &*flow.cast::<Mutex<Flow>>())
    };
    let mut flow = flow.lock().unwrap_or_else(PoisonError::into_inner);
    let is_wanted = match flow.then {
        Then::Ignore => false,
        Then::Stop | Then::GoOn => name == flow.name.as_c_str(),
        Then::Embed => EMBEDDINGS.contains(&name),
    };
    if ask || !is_wanted {
        return is_wanted || !ask;
    }
    flow.copy(tensor);
    flow.then == Then::GoOn
}

impl Flow {
    fn copy(&mut self, tensor: &ggml_tensor) {
        // Another type would be a new version of llama.cpp; missing rows are noticed by the caller.
        if tensor.type_ != GGML_TYPE_F32 {
            return;
        }
        // SAFETY: the tensor has just been computed, and is contiguous, as the result of a norm or a sum.
        unsafe {
            let bytes = ggml_nbytes(tensor);
            let start = self.states.len();
            self.states.resize(start + bytes / size_of::<f32>(), 0.0);
            let end = self.states[start..].as_mut_ptr();
            ggml_backend_tensor_get(tensor, end.cast(), 0, bytes);
        }
    }
}
