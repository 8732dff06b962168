//! Pretrained speech models of other projects, converted into the files that the engines load.
//!
//! A Whisper is read from a file of CTranslate2 or of Hugging Face ([`WhisperWeights::open`]) and
//! written as whisper.cpp's model ([`write_ggml`]), or, its encoder with a trained [`Projector`],
//! as llama.cpp's audio input ([`write_mmproj`]). The same weights give the same bytes, whichever
//! file they come from. Nothing in a file is trusted or executed, and tensors are read piece by
//! piece while they are written: memory does not grow with the model.
//!
//! What must not live here: engines that run these files (see `engines`), downloads, and
//! networks of this project (see `fusion`).

mod change;
mod ctranslate2;
mod error;
mod ggml;
mod gguf;
mod hugging_face;
mod layout;
mod mel;
mod mmproj;
mod naming;
mod output;
mod span;
mod store;
mod tensor;
mod vocabulary;
mod whisper;

#[cfg(any(test, feature = "fixtures"))]
pub mod fixtures;
#[cfg(test)]
mod tests;

pub use error::WeightsError;
pub use ggml::write_ggml;
pub use layout::Dimensions;
pub use mel::mel_filters;
pub use mmproj::{Projector, write_mmproj};
pub use tensor::{Dtype, Tensor};
pub use vocabulary::Vocabulary;
pub use whisper::WhisperWeights;
