//! The gradient of a step.
//!
//! libtorch differentiates the layers that work on vectors, which are small. Those that work on
//! frames ([`attend`](super::attend::attend), [`Projection`](super::projection::Projection)) are
//! differentiated by hand, outside of its graph. The results enter libtorch's graph as leaves; the
//! gradients g of parameters θ enter it through losses Σ θ·g, whose gradient by θ is g.

use tch::{Kind, Tensor};

use super::attend::Tape;
use super::compute::Compute;
use super::flows::{FlowOutput, Flows};
use super::{Frames, LossValues, LossWeights, Modality, Noise, Trio, losses};
use undertone_types::{Flow, Matrix};

/// The raw frames of a batch for both flows, one sequence per utterance.
#[derive(Clone, Debug, Default)]
pub struct Sequences<'a> {
    /// For both flows.
    pub audio: Vec<&'a Matrix>,
    /// Text of the complete flow.
    pub real: Vec<&'a Matrix>,
    /// Text of the text-missing flow.
    pub simulated: Vec<&'a Matrix>,
    /// For both flows.
    pub video: Vec<&'a Matrix>,
}

/// The frames of a batch, projected.
#[derive(Debug)]
pub struct Batch {
    pub(super) audio: Frames,
    pub(super) real: Frames,
    pub(super) simulated: Frames,
    pub(super) video: Frames,
    /// `[batch]`.
    pub(super) labels: Tensor,
}

impl Batch {
    /// All frames, with their modality.
    fn frames(&self) -> [(Modality, &Frames); 4] {
        [
            (Modality::Audio, &self.audio),
            (Modality::Text, &self.real),
            (Modality::Text, &self.simulated),
            (Modality::Video, &self.video),
        ]
    }
}

/// The forward pass of one flow, with what its backward pass needs.
struct FlowPass {
    pooled: Trio<Tensor>,
    pooling: Tape,
    queries: Trio<Tensor>,
    found: Trio<Tensor>,
    crossing: Tape,
    output: FlowOutput,
}

impl FlowPass {
    fn forward(
        flows: &Flows,
        frames: &Trio<&Frames>,
        flow: Flow,
        noise: &mut Noise,
        compute: Compute,
    ) -> Self {
        let (pooled, pooling) = flows.pool(frames, noise, compute, true);
        let pooled = leaves(&pooled);
        let asked = flows.make_queries(&pooled, frames, flow, noise);
        let (found, crossing) = flows.cross_attend(frames, &asked, noise, compute, true);
        let found = leaves(&found);
        let queries = asked.by_modality.as_ref().map(Tensor::shallow_clone);
        let output = flows.finish(&found, asked, frames, flow, noise);
        Self {
            pooled,
            pooling,
            queries,
            found,
            crossing,
            output,
        }
    }
}

/// Runs a batch through both flows and adds the gradients of its loss to the weights'.
pub(super) fn backward(
    flows: &Flows,
    batch: &Batch,
    weights: &LossWeights,
    noise: &mut Noise,
    compute: Compute,
) -> LossValues {
    let passes = [
        (&batch.real, Flow::Complete),
        (&batch.simulated, Flow::TextMissing),
    ]
    .map(|(text, flow)| {
        let frames = Trio {
            audio: &batch.audio,
            text,
            video: &batch.video,
        };
        FlowPass::forward(flows, &frames, flow, noise, compute)
    });
    let [complete, missing] = &passes;
    let terms = losses(&complete.output, &missing.output, &batch.labels, weights);
    let values = terms.values();

    // Gradients by the cross-attention's output (libtorch), then by the queries (by hand).
    let found: Vec<&Tensor> = (passes.iter())
        .flat_map(|pass| pass.found.as_array())
        .collect();
    let of_found = Tensor::run_backward(&[&terms.total], &found, true, false);
    let mut of_found = of_found.into_iter();
    let mut sum = vec![terms.total];
    let mut poolings = Vec::new();
    for pass in passes {
        let gradients = pass.found.map(|found| defined(of_found.next(), &found));
        let gradient = pass.crossing.backward(&gradients);
        sum.extend(flows.cross_losses(&pass.queries, &gradient));
        poolings.push((pass.pooled, pass.pooling));
    }
    total(&sum).backward();

    // Gradients by the pooled frames (libtorch), then by the frames (by hand).
    let mut sum = Vec::new();
    for (pooled, pooling) in poolings {
        let gradients = pooled.map(|pooled| defined(Some(pooled.grad()), &pooled));
        sum.extend(flows.pooling_losses(&pooling.backward(&gradients)));
    }
    for (modality, frames) in batch.frames() {
        let projection = flows.projection(modality);
        let gradient = projection.backward(frames, compute);
        sum.extend(gradient.as_loss(&projection.dense));
    }
    total(&sum).backward();
    values
}

fn total(losses: &[Tensor]) -> Tensor {
    Tensor::stack(losses, 0).sum(Kind::Float)
}

/// The tensors, detached, as leaves that gather gradients.
fn leaves(tensors: &Trio<Tensor>) -> Trio<Tensor> {
    tensors
        .as_ref()
        .map(|tensor| tensor.detach().set_requires_grad(true))
}

/// A gradient, zero where the loss does not depend on the tensor.
fn defined(gradient: Option<Tensor>, tensor: &Tensor) -> Tensor {
    gradient
        .filter(Tensor::defined)
        .unwrap_or_else(|| tensor.zeros_like())
        .detach()
}
