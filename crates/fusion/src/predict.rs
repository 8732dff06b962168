//! Predictions for inputs of mixed flows, from plain arrays to plain numbers.

use tch::Tensor;

use super::lanes::spread;
use super::{FusionConfig, FusionError, Modality, Network, Noise, Trio};
use undertone_types::{Flow, Matrix};

/// Utterances that go through the network at once: enough for several threads, and few enough
/// for the memory (a kilobyte per frame at the usual width).
const BATCH: usize = 128;

/// The features of one utterance. An empty matrix (of any width) is an absent modality.
#[derive(Clone, Debug)]
pub struct FusionInput {
    /// `[time, audio width]`.
    pub audio: Matrix,
    /// `[tokens, text width]`, real or simulated.
    pub text: Matrix,
    /// `[frames, video width]`.
    pub video: Matrix,
    /// Which flow it goes through.
    pub flow: Flow,
}

impl FusionInput {
    pub(super) fn get(&self, modality: Modality) -> &Matrix {
        match modality {
            Modality::Audio => &self.audio,
            Modality::Text => &self.text,
            Modality::Video => &self.video,
        }
    }

    /// Time steps of all modalities, a measure of the cost.
    fn steps(&self) -> usize {
        self.audio.rows() + self.text.rows() + self.video.rows()
    }
}

/// The network's output for one input.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prediction {
    /// Not clamped.
    pub score: f32,
    /// The modality attention: not normalised, and no share of the score.
    pub weights: Trio<f32>,
}

/// Predicts each input, in the order given. A prediction does not depend on the other inputs, nor
/// on features of modalities that the network was not trained with.
///
/// # Errors
/// When an input has the wrong width or a value that is not finite, or overflows the network.
pub fn predict(network: &Network, inputs: &[FusionInput]) -> Result<Vec<Prediction>, FusionError> {
    let config = network.config();
    // On all threads: reading every value takes as long as a layer of the network.
    let check = |(): &mut (), index: usize| check(config, index, &inputs[index]);
    let (checked, _) = spread((0..inputs.len()).collect(), network.threads(), check);
    checked.into_iter().collect::<Result<(), _>>()?;
    let mut predictions = vec![None; inputs.len()];
    for flow in [Flow::Complete, Flow::TextMissing] {
        let mut group: Vec<usize> = (0..inputs.len())
            .filter(|&i| inputs[i].flow == flow)
            .collect();
        // Utterances of similar length waste little on padding.
        group.sort_by_key(|&i| inputs[i].steps());
        for batch in group.chunks(BATCH) {
            let rows: Vec<&FusionInput> = batch.iter().map(|&i| &inputs[i]).collect();
            for (&index, prediction) in batch.iter().zip(run(network, &rows, flow)?) {
                predictions[index] = Some(prediction);
            }
        }
    }
    predictions
        .into_iter()
        .enumerate()
        .map(|(input, prediction)| {
            prediction
                .filter(|p| p.score.is_finite())
                .ok_or(FusionError::Overflow { input })
        })
        .collect()
}

fn run(
    network: &Network,
    inputs: &[&FusionInput],
    flow: Flow,
) -> Result<Vec<Prediction>, FusionError> {
    let absent = Matrix::empty(0);
    let frames = Trio::from_fn(|m| {
        let is_taken = !network.config().untrained.contains(&m);
        let sequences: Vec<&Matrix> = match is_taken {
            true => inputs.iter().map(|input| input.get(m)).collect(),
            false => vec![&absent; inputs.len()],
        };
        network.project(m, &sequences)
    });
    let output = network.forward(&frames.as_ref(), flow, &mut Noise::off());
    plain(&output.score, &output.weights)
}

fn plain(scores: &Tensor, weights: &Tensor) -> Result<Vec<Prediction>, FusionError> {
    let scores = Vec::<f32>::try_from(scores)?;
    let weights = Vec::<f32>::try_from(weights.flatten(0, 1))?;
    let predictions = scores.into_iter().zip(weights.chunks_exact(3));
    Ok(predictions
        .map(|(score, alpha)| Prediction {
            score,
            weights: Trio {
                audio: alpha[0],
                text: alpha[1],
                video: alpha[2],
            },
        })
        .collect())
}

fn check(config: &FusionConfig, index: usize, input: &FusionInput) -> Result<(), FusionError> {
    for modality in Modality::ALL {
        let matrix = input.get(modality);
        let expected = *config.widths.get(modality);
        if matrix.is_empty() || config.untrained.contains(&modality) {
            continue;
        }
        if matrix.cols() != expected {
            return Err(FusionError::Width {
                modality,
                input: index,
                expected,
                got: matrix.cols(),
            });
        }
        if let Some(row) = (0..matrix.rows()).find(|&row| !finite(matrix.row(row))) {
            return Err(FusionError::NotFinite {
                modality,
                input: index,
                row,
            });
        }
    }
    Ok(())
}

/// Whether all values are finite. Without an early exit, so that the compiler vectorises it.
fn finite(row: &[f32]) -> bool {
    row.iter()
        .fold(true, |finite, value| finite & value.is_finite())
}
