//! Turns settings and a bundle into engines and a chain: checks first, then loads.

mod bundle;
mod engines;
mod extractors;
mod prepare;
pub mod tried;

pub use bundle::{BundleError, OpenBundle, locate, open_setting};
pub use engines::{
    EngineError, SessionThreads, SpeechModels, audio_window, chain, ctc_vocabulary, gate, llama,
    media, media_sources, open_bundle, open_bundle_for_extraction, open_to_try, scorer,
    text_reader, whisper,
};
pub use extractors::{audio, built_in_extractors, observer, video};
pub use prepare::{NotReady, Prepared, Ready};
