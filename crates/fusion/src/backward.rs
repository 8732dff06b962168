//! The gradient of a step.
//!
//! libtorch differentiates what is small: all layers that work on vectors. What works on frames
//! ([`pass`](super::passage::pass), [`Projection`](super::projection::Projection)) is
//! differentiated by hand, outside of its graph. The two meet at tensors that are leaves for
//! libtorch, and by losses Σ θ·g, whose gradient by θ is g.

use tch::{Kind, Tensor};

use super::compute::Compute;
use super::flows::{FlowOutput, Flows};
use super::passage::Passage;
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

/// The same, projected.
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
    /// Each once, with its modality.
    fn frames(&self) -> [(Modality, &Frames); 4] {
        [
            (Modality::Audio, &self.audio),
            (Modality::Text, &self.real),
            (Modality::Text, &self.simulated),
            (Modality::Video, &self.video),
        ]
    }
}

/// One flow on its way forward, with what it needs to get back.
struct Half {
    pooled: Trio<Tensor>,
    pooling: Passage,
    queries: Trio<Tensor>,
    found: Trio<Tensor>,
    crossing: Passage,
    output: FlowOutput,
}

impl Half {
    fn forward(
        flows: &Flows,
        frames: &Trio<&Frames>,
        flow: Flow,
        noise: &mut Noise,
        compute: Compute,
    ) -> Self {
        let (pooled, pooling) = flows.pool(frames, noise, compute, true);
        let pooled = leaves(&pooled);
        let asked = flows.ask(&pooled, frames, flow, noise);
        let (found, crossing) = flows.seek(frames, &asked, noise, compute, true);
        let found = leaves(&found);
        let queries = asked.queries.as_ref().map(Tensor::shallow_clone);
        let output = flows.answer(&found, asked, frames, flow, noise);
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
    let halves = [
        (&batch.real, Flow::Complete),
        (&batch.simulated, Flow::TextMissing),
    ]
    .map(|(text, flow)| {
        let frames = Trio {
            audio: &batch.audio,
            text,
            video: &batch.video,
        };
        Half::forward(flows, &frames, flow, noise, compute)
    });
    let [complete, missing] = &halves;
    let terms = losses(&complete.output, &missing.output, &batch.labels, weights);
    let values = terms.values();

    // First by what the queries found, then by hand by the queries.
    let found: Vec<&Tensor> = (halves.iter())
        .flat_map(|half| half.found.as_array())
        .collect();
    let of_found = Tensor::run_backward(&[&terms.total], &found, true, false);
    let mut of_found = of_found.into_iter();
    let mut sum = vec![terms.total];
    let mut poolings = Vec::new();
    for half in halves {
        let gradients = half.found.map(|found| defined(of_found.next(), &found));
        let gradient = half.crossing.backward(&gradients);
        sum.extend(flows.seeking_losses(&half.queries, &gradient));
        poolings.push((half.pooled, half.pooling));
    }
    total(&sum).backward();

    // Now by what was pooled, and by hand by the frames.
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

/// Detached tensors that gather gradients.
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
