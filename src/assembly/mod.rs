//! Turns settings and a bundle into engines and a chain: checks first, then loads.

mod bundle;
mod engines;
mod prepare;

pub use bundle::{BundleError, OpenBundle, locate, open_setting};
pub use engines::{
    EngineError, SessionThreads, SpeechModels, chain, gate, media, media_sources, observer,
    open_bundle, open_bundle_for_extraction, scorer,
};
pub use prepare::{NotReady, Prepared, Ready};
