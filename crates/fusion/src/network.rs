//! The network as a whole: its weights by name, and the two flows through them.

use std::collections::BTreeMap;

use tch::nn::VarStore;
use tch::{Device, Tensor};

use super::backward::{Batch, Sequences, backward};
use super::compute::{Compute, Precision};
use super::flows::{FlowOutput, Flows, flows};
use super::lanes::undivided;
#[cfg(test)]
use super::projection::Projection;
use super::{
    Frames, FusionConfig, FusionError, LossValues, LossWeights, Modality, Noise, Rng, Trio,
};
use undertone_types::{Flow, Matrix};

/// The network and its weights. Inputs must have the configured widths.
#[derive(Debug)]
pub struct Network {
    store: VarStore,
    config: FusionConfig,
    flows: Flows,
    compute: Compute,
}

impl Network {
    /// A network with fresh weights, drawn from `seed`.
    ///
    /// # Errors
    /// When no network can be built from the config.
    pub fn new(config: FusionConfig, seed: u64) -> Result<Self, FusionError> {
        config.check()?;
        undivided();
        let store = VarStore::new(Device::Cpu);
        let flows = flows(&store.root(), &config, &mut Rng::stream(&[seed]));
        Ok(Self {
            store,
            config,
            flows,
            compute: Compute {
                device: Device::Cpu,
                threads: 1,
                precision: Precision::F32,
            },
        })
    }

    /// What it was built from.
    #[must_use]
    pub fn config(&self) -> &FusionConfig {
        &self.config
    }

    /// Every tensor by name: the weights and the statistics of the normalisers.
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

    /// The tensors that are trained where these modalities are absent from all data: without the
    /// layers that only they pass through. Those have no gradient, and an optimiser's weight decay
    /// would wear them away.
    #[must_use]
    pub fn trainable_without(&self, absent: &[Modality]) -> BTreeMap<String, Tensor> {
        let absent: Vec<String> = absent.iter().map(ToString::to_string).collect();
        let mut tensors = self.trainable();
        tensors.retain(|name, _| {
            let mut parts = name.split('.');
            !parts.any(|part| absent.iter().any(|absent| absent == part))
        });
        tensors
    }

    /// Turns gradients off, for a network that only scores.
    pub fn freeze(&mut self) {
        self.store.freeze();
    }

    /// Sets the mean and deviation of a modality's features; both slices have its width.
    pub fn normalise(&mut self, modality: Modality, mean: &[f32], deviation: &[f32]) {
        self.flows.normaliser(modality).set(mean, deviation);
    }

    /// Sets how many threads work on the frames of a batch, by default 1; 0 for as many as there
    /// are cores.
    pub fn set_threads(&mut self, threads: usize) {
        self.compute.threads = match threads {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            threads => threads,
        };
    }

    /// How many threads work on the frames of a batch.
    pub(super) fn threads(&self) -> usize {
        self.compute.threads
    }

    /// Sets the device that it computes on, by default the processor, and moves its tensors
    /// there.
    pub fn set_device(&mut self, device: Device) {
        self.store.set_device(device);
        self.compute.device = device;
    }

    /// Sets the precision in which frames are multiplied with weights, by default
    /// [`Precision::F32`].
    pub fn set_precision(&mut self, precision: Precision) {
        self.compute.precision = precision;
    }

    /// The projection of a modality.
    #[cfg(test)]
    pub(super) fn projection(&self, modality: Modality) -> &Projection {
        self.flows.projection(modality)
    }

    /// Projects the frames of a modality (step 1), one sequence per utterance; both flows may
    /// use the result. Sequences with frames must have the configured width.
    #[must_use]
    pub fn project(&self, modality: Modality, sequences: &[&Matrix]) -> Frames {
        undivided();
        let projection = self.flows.projection(modality);
        projection.forward(sequences, self.compute, false)
    }

    /// Projects a batch for both flows, one sequence and label per utterance.
    #[must_use]
    pub fn batch(&self, sequences: &Sequences<'_>, labels: &[f32]) -> Batch {
        undivided();
        let project = |modality, sequences: &[&Matrix]| {
            let projection = self.flows.projection(modality);
            projection.forward(sequences, self.compute, true)
        };
        Batch {
            audio: project(Modality::Audio, &sequences.audio),
            real: project(Modality::Text, &sequences.real),
            simulated: project(Modality::Text, &sequences.simulated),
            video: project(Modality::Video, &sequences.video),
            labels: Tensor::from_slice(labels).to_device(self.compute.device),
        }
    }

    /// Runs a batch through one flow (steps 2 to 7), without gradients.
    pub fn forward(&self, frames: &Trio<&Frames>, flow: Flow, noise: &mut Noise) -> FlowOutput {
        undivided();
        self.flows.forward(frames, flow, noise, self.compute)
    }

    /// Runs a batch through both flows, and adds the gradients of its loss to those of the
    /// weights.
    pub fn backward(&self, batch: Batch, weights: &LossWeights, noise: &mut Noise) -> LossValues {
        undivided();
        backward(&self.flows, &batch, weights, noise, self.compute)
    }
}
