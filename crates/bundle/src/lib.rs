//! Bundles: folders of models that belong together.
//!
//! A [`Manifest`] (`bundle.toml`) names every model file, its SHA-256 and the widths that must
//! agree; [`Bundle::open`] checks all of it and names every problem at once. The [`Gate`], which
//! computes the confidence in a transcript, belongs to the bundle because it is fitted to its
//! models. What must not live here: engines. No model is loaded, only headers are read.

mod checks;
mod draft;
mod extractor;
mod fingerprint;
mod gate;
mod gguf;
mod known_whisper;
mod manifest;
mod open;
mod problem;

pub use checks::sha256_of;
pub use draft::{DRAFT_FILES, Draft, DraftError, Drafted};
pub use extractor::{Extractor, Layer, TORCHSCRIPT};
pub use fingerprint::extractor_identity;
pub use gate::{Evidence, Gate, GateWeights};
pub use gguf::{GgufError, GgufHeader};
pub use manifest::{
    Asr, AsrContext, AsrKind, FusionPart, LanguageModel, Manifest, Part, Purpose, SCHEMA_VERSION,
    Taught,
};
pub use open::{Bundle, Demands, MANIFEST_NAME, named_parts};
pub use problem::{BundleErrors, BundleProblem};
