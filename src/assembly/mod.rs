//! Settings and bundle become engines and a chain: checked first, then loaded.

mod engines;
mod prepare;

pub use engines::{
    EngineError, SpeechModels, chain, gate, media, media_sources, observer, open_bundle,
    open_bundle_for_extraction, scorer, threads_per_session,
};
pub use prepare::{NotReady, OpenBundle, Prepared, Ready};
