//! One pass over the training split, through both flows.

use std::ops::ControlFlow;

use super::adam::Adam;
use super::batches::{batch, plan};
use super::missing::leave_out;
use super::{Dataset, Example, TrainConfig, TrainError};
use undertone_fusion::{LossValues, LossWeights, Network, Noise, Rng};
use undertone_types::Split;

/// Names of the random streams of an epoch.
const ORDER: u64 = 1;
const MISSING: u64 = 2;
const DROPOUT: u64 = 3;

/// Called after each step; may interrupt the epoch.
pub(super) type OnStep<'s> = &'s mut dyn FnMut(Step) -> ControlFlow<()>;

/// A step of the optimiser.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// The epoch it is in, from 1.
    pub epoch: u32,
    /// Its number in the epoch, from 1.
    pub step: usize,
    /// Steps in the epoch.
    pub steps: usize,
    /// The loss of its batch.
    pub loss: f64,
}

/// Trains one epoch (from 1) and returns its mean losses; `None` if `on_step` interrupted it. The
/// result depends only on the weights, the optimiser's state, the seed and the epoch, so a
/// resumed run is the same run.
pub(super) fn train_epoch(
    network: &Network,
    adam: &mut Adam,
    dataset: &Dataset,
    config: &TrainConfig,
    epoch: u32,
    rate: f64,
    on_step: OnStep<'_>,
) -> Result<Option<LossValues>, TrainError> {
    let stream = |name| Rng::stream(&[config.run.seed, name, u64::from(epoch)]);
    let mut missing = stream(MISSING);
    let mut noise = Noise::from_stream(stream(DROPOUT));
    let weights = config.loss.in_epoch(epoch);
    let positions = dataset.split(Split::Train);
    let size = config.optimiser.batch;
    let (mut sums, mut seen, mut seen_missing) = (LossValues::default(), 0.0, 0.0);
    let batches = plan(positions, dataset.entries(), size, &mut stream(ORDER));
    let steps = batches.len();
    for (step, positions) in (1..).zip(batches) {
        let mut examples: Vec<Example> = positions
            .iter()
            .map(|&at| dataset.example(at))
            .collect::<Result<_, _>>()?;
        for example in &mut examples {
            leave_out(example, &config.missing, &mut missing);
        }
        adam.zero_gradients();
        let values = backward(network, &examples, &weights, &mut noise);
        if !values.total.is_finite() {
            return Err(TrainError::Diverged { epoch });
        }
        adam.step(rate);
        let count = examples.len() as f64;
        let missing = examples.iter().filter(|one| one.has_substitute()).count() as f64;
        sums.add(&values, count, missing);
        seen += count;
        seen_missing += missing;
        let step = Step {
            epoch,
            step,
            steps,
            loss: values.total,
        };
        if on_step(step).is_break() {
            return Ok(None);
        }
    }
    Ok(Some(sums.over(seen, seen_missing)))
}

/// Runs a batch through both flows and adds the gradients of its loss to those of the weights.
pub fn backward(
    network: &Network,
    examples: &[Example],
    weights: &LossWeights,
    noise: &mut Noise,
) -> LossValues {
    network.backward(batch(network, examples), weights, noise)
}
