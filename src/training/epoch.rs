//! One pass over the training split, through both flows.

use super::adam::Adam;
use super::batches::{Both, plan};
use super::missing::leave_out;
use super::{Dataset, Example, Split, TrainConfig, TrainError};
use crate::flow::Flow;
use crate::fusion::{LossValues, Network, Noise, Rng, Trio, losses};

/// Names of the random streams of an epoch.
const ORDER: u64 = 1;
const MISSING: u64 = 2;
const DROPOUT: u64 = 3;

/// Trains one epoch (from 1) and gives its mean losses. What happens depends on the weights,
/// the optimiser's state, the seed and the epoch only, so a resumed run is the same run.
pub(super) fn train_epoch(
    network: &Network,
    adam: &mut Adam,
    dataset: &Dataset,
    config: &TrainConfig,
    epoch: u32,
    rate: f64,
) -> Result<LossValues, TrainError> {
    let stream = |name| Rng::stream(&[config.run.seed, name, u64::from(epoch)]);
    let mut missing = stream(MISSING);
    let mut noise = Noise::from_stream(stream(DROPOUT));
    let positions = dataset.split(Split::Train);
    let count = positions.len();
    let batch = config.optimiser.batch;
    let mut sums = LossValues::default();
    for positions in plan(positions, dataset.entries(), batch, &mut stream(ORDER)) {
        let mut examples: Vec<Example> = positions
            .iter()
            .map(|&at| dataset.example(at))
            .collect::<Result<_, _>>()?;
        for example in &mut examples {
            leave_out(example, config.missing.rate, &mut missing);
        }
        adam.zero_gradients();
        let values = backward(network, &examples, config, &mut noise);
        if !values.total.is_finite() {
            return Err(TrainError::Diverged { epoch });
        }
        adam.step(rate);
        sums.add(&values, examples.len() as f64);
    }
    Ok(sums.over(count as f64))
}

/// Runs a batch through both flows and leaves the gradients of its loss.
pub(super) fn backward(
    network: &Network,
    examples: &[Example],
    config: &TrainConfig,
    noise: &mut Noise,
) -> LossValues {
    let both = Both::new(network, examples);
    let frames = |text| Trio {
        audio: &both.audio,
        text,
        video: &both.video,
    };
    let complete = network.forward(&frames(&both.real), Flow::Complete, noise);
    let missing = network.forward(&frames(&both.simulated), Flow::TextMissing, noise);
    let terms = losses(&complete, &missing, &both.labels, &config.loss);
    terms.total.backward();
    terms.values()
}
