//! The network as a whole: its weights by name, and the two flows through them.

use std::collections::BTreeMap;

use tch::nn::VarStore;
use tch::{Device, Tensor};

use super::flows::{FlowOutput, Flows, flows};
use super::{Frames, FusionConfig, FusionError, Modality, Noise, Padded, Rng, Trio};
use crate::flow::Flow;

/// The network and its weights. Inputs must have the configured widths.
#[derive(Debug)]
pub struct Network {
    store: VarStore,
    config: FusionConfig,
    flows: Flows,
}

impl Network {
    /// A network with fresh weights, drawn from `seed`.
    ///
    /// # Errors
    /// When the config makes no network.
    pub fn new(config: FusionConfig, seed: u64) -> Result<Self, FusionError> {
        config.check()?;
        let store = VarStore::new(Device::Cpu);
        let flows = flows(&store.root(), &config, &mut Rng::stream(&[seed]));
        Ok(Self {
            store,
            config,
            flows,
        })
    }

    /// What it was built from.
    #[must_use]
    pub fn config(&self) -> &FusionConfig {
        &self.config
    }

    /// Every tensor by name: the weights and what the normalisers hold.
    #[must_use]
    pub fn tensors(&self) -> BTreeMap<String, Tensor> {
        self.store.variables().into_iter().collect()
    }

    /// The tensors that are trained, by name.
    #[must_use]
    pub fn trainable(&self) -> BTreeMap<String, Tensor> {
        let mut tensors = self.tensors();
        tensors.retain(|_, tensor| tensor.requires_grad());
        tensors
    }

    /// Stops gradients, for a network that only scores.
    pub fn freeze(&mut self) {
        self.store.freeze();
    }

    /// Sets the mean and deviation of a modality's features, each as wide as they are.
    pub fn normalise(&mut self, modality: Modality, mean: &[f32], deviation: &[f32]) {
        self.flows.normaliser(modality).set(mean, deviation);
    }

    /// Projects the frames of a modality (step 1); both flows may use the result.
    #[must_use]
    pub fn project(&self, modality: Modality, input: &Padded) -> Frames {
        self.flows.project(modality, input)
    }

    /// Runs a batch through one flow (steps 2 to 7).
    pub fn forward(&self, frames: &Trio<&Frames>, flow: Flow, noise: &mut Noise) -> FlowOutput {
        self.flows.forward(frames, flow, noise)
    }
}
