//! The network, its losses and its optimiser against the authors' released PyTorch code.
//!
//! `authors.safetensors` is what their code computed; `authors.py` says how to make it again.

use tch::Tensor;

use super::super::adam::Adam;
use super::super::schedule;
use super::*;
use undertone_fusion::{
    Checkpoint, FlowOutput, FusionConfig, LossValues, LossWeights, Modality, Network, Noise,
    Sequences, read_checkpoint,
};
use undertone_types::Flow;

/// Of a tensor's norm.
const TOLERANCE: f64 = 1e-4;
/// What rounding leaves of a gradient that is 0: distances do not change when all rows shift.
const ROUNDING: f64 = 1e-8;

const LOSS: LossWeights = LossWeights {
    complete: 0.5,
    missing: 0.5,
    fused: 0.13,
    query: 0.1,
    cross: 0.7,
    contrast: 0.5,
    temperature: 2.0,
    distil_after_epochs: 0,
};

/// Their arrays.
struct Theirs(BTreeMap<String, Tensor>);

impl Theirs {
    fn read() -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/tests");
        Self(
            read_checkpoint(&path.join("authors.safetensors"))
                .unwrap()
                .tensors,
        )
    }

    fn get(&self, name: &str) -> &Tensor {
        &self.0[name]
    }

    fn assert_close(&self, name: &str, ours: &Tensor) {
        let theirs = self.get(name);
        assert_eq!(ours.size(), theirs.size(), "{name}");
        let error = (ours - theirs).norm().double_value(&[]);
        let limit = TOLERANCE * theirs.norm().double_value(&[]) + ROUNDING;
        assert!(error <= limit, "{name}: {error:e} is above {limit:e}");
    }

    /// Our network with their weights, as far as they have any.
    fn network(&self) -> Network {
        let widths = Trio {
            audio: 5,
            text: 6,
            video: 4,
        };
        let config = NetworkConfig {
            model_width: 16,
            fused_width: 8,
            contrast_width: 8,
            imagination: false,
            ..NetworkConfig::default()
        };
        let network = Network::new(FusionConfig::new(widths, config), 1).unwrap();
        let weights = network.trainable().into_keys();
        let mut tensors = network.tensors();
        tensors.extend(weights.map(|name| {
            let theirs = self.get(&format!("weight.{name}")).shallow_clone();
            (name, theirs)
        }));
        let checkpoint = Checkpoint {
            tensors,
            ..Checkpoint::default()
        };
        checkpoint.fill(&network).unwrap();
        network
    }

    /// A sequence for each utterance.
    fn sequences(&self, name: &str) -> Vec<Matrix> {
        let input = self.get(&format!("input.{name}"));
        let (batch, _, width) = input.size3().unwrap();
        let sequence = |at| {
            let values = Vec::<f32>::try_from(input.get(at).flatten(0, 1)).unwrap();
            Matrix::new(values.len() / width as usize, width as usize, values).unwrap()
        };
        (0..batch).map(sequence).collect()
    }

    /// The terms of the loss without dropout; the weights have its gradients added.
    fn backward(&self, network: &Network) -> LossValues {
        let [audio, real, simulated, video] =
            ["audio", "text", "simulated", "video"].map(|name| self.sequences(name));
        let sequences = Sequences {
            audio: audio.iter().collect(),
            real: real.iter().collect(),
            simulated: simulated.iter().collect(),
            video: video.iter().collect(),
        };
        let labels = Vec::<f32>::try_from(self.get("input.labels")).unwrap();
        let batch = network.batch(&sequences, &labels);
        network.backward(batch, &LOSS, &mut Noise::off())
    }

    /// A flow without dropout.
    fn forward(&self, network: &Network, text: &str, flow: Flow) -> FlowOutput {
        let frames = Trio::from_fn(|modality| {
            let sequences = self.sequences(&match modality {
                Modality::Text => text.to_owned(),
                other => other.to_string(),
            });
            network.project(modality, &sequences.iter().collect::<Vec<_>>())
        });
        network.forward(&frames.as_ref(), flow, &mut Noise::off())
    }
}

#[test]
fn outputs_terms_and_gradients_are_theirs() {
    let theirs = Theirs::read();
    let network = theirs.network();
    for (name, text, flow) in [
        ("complete", "text", Flow::Complete),
        ("missing", "simulated", Flow::TextMissing),
    ] {
        let output = theirs.forward(&network, text, flow);
        for (kind, ours) in [
            ("score", &output.score),
            ("fused", &output.fused),
            ("contrast", &output.contrast),
            ("text_query", &output.text_query),
            ("text_cross", &output.text_cross),
        ] {
            theirs.assert_close(&format!("output.{name}.{kind}"), ours);
        }
    }
    let expected = Vec::<f32>::try_from(theirs.get("terms")).unwrap();
    let values = theirs.backward(&network);
    let got = [
        values.complete,
        values.missing,
        values.fused,
        values.query,
        values.cross,
        values.contrast,
    ];
    for (got, expected) in got.iter().zip(expected.into_iter().map(f64::from)) {
        assert!(
            (got - expected).abs() <= TOLERANCE * expected.abs(),
            "{got} {expected}"
        );
    }
    for (name, weight) in network.trainable() {
        theirs.assert_close(&format!("gradient.{name}"), &weight.grad());
    }
}

#[test]
fn twenty_steps_of_optimiser_and_schedule_are_theirs() {
    let theirs = Theirs::read();
    let network = theirs.network();
    let optimiser = OptimiserConfig {
        learning_rate: 1e-3,
        ..OptimiserConfig::default()
    };
    let mut adam = Adam::new(network.trainable(), optimiser.weight_decay);
    let of = |name| Vec::<f32>::try_from(theirs.get(name)).unwrap();
    for (step, (rate, loss)) in (1..).zip(of("steps.rate").into_iter().zip(of("steps.loss"))) {
        adam.zero_gradients();
        let (got, loss) = (theirs.backward(&network).total, f64::from(loss));
        assert!(
            (got - loss).abs() <= TOLERANCE * loss,
            "{step}: {got} {loss}"
        );
        let ours = schedule::rate(&optimiser, step);
        assert!(
            (ours / f64::from(rate) - 1.0).abs() < 1e-6,
            "{step}: {ours} {rate}"
        );
        adam.step(ours);
    }
    for (name, weight) in network.trainable() {
        theirs.assert_close(&format!("after.{name}"), &weight);
    }
}
