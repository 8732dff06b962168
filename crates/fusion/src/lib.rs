//! The network of the method: two flows over shared weights, its losses and checkpoints.
//!
//! The network is the one of *Enhancing Multimodal Sentiment Analysis for Missing Modality
//! through Self-Distillation and Unified Modality Cross-Attention* (arXiv 2410.15029), with
//! masks everywhere: a score depends on its own utterance only. [`Scorer`] is the entry point for
//! scoring, and exposes nothing of libtorch. What must not live here: data sets, optimisers and
//! training loops (see `training`).

mod attend;
mod attention;
mod backward;
mod batch;
mod checkpoint;
mod compute;
mod config;
mod contrast;
mod contributions;
mod cross;
mod dense;
mod error;
mod flows;
mod frames;
mod imagination;
mod lanes;
mod layers;
mod losses;
mod memory;
mod network;
mod noise;
mod normaliser;
mod pooling;
mod predict;
mod projection;
mod rng;
mod scorer;
mod trio;

#[cfg(test)]
mod tests;

pub use backward::{Batch, Sequences};
pub use checkpoint::{Checkpoint, read_checkpoint, write_checkpoint};
pub use compute::Precision;
pub use config::{FusionConfig, Margins, NetworkConfig, Widths};
pub use contrast::rank_n_contrast;
pub use error::FusionError;
pub use flows::FlowOutput;
pub use frames::Frames;
pub use losses::{LossTerms, LossValues, LossWeights, losses};
pub use memory::keep_freed_memory;
pub use network::Network;
pub use noise::Noise;
pub use predict::{FusionInput, Prediction, predict};
pub use rng::Rng;
pub use scorer::Scorer;
pub use trio::{Modality, Trio};
