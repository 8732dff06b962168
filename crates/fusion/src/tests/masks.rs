//! A score depends on its own utterance only, and absence is harmless.

use super::super::batch::Padded;
use super::super::dense::Weights;
use super::super::projection::chunk;
use super::*;

fn close(a: &Prediction, b: &Prediction) -> bool {
    let near = |a: f32, b: f32| (a - b).abs() < 1e-5;
    near(a.score, b.score)
        && near(a.weights.audio, b.weights.audio)
        && near(a.weights.text, b.weights.text)
        && near(a.weights.video, b.weights.video)
}

#[test]
fn neighbours_and_padding_change_nothing() {
    let network = network(true);
    let rows = [
        [9, 4, 3],
        [200, 30, 1],
        [1, 1, 50],
        [0, 4, 3],
        [9, 0, 3],
        [9, 4, 0],
    ];
    let inputs: Vec<FusionInput> = (0..12)
        .map(|i| input(rows[i % 6], FLOWS[i / 6], i as u64))
        .collect();
    let together = predict(&network, &inputs).unwrap();
    for (input, together) in inputs.iter().zip(&together) {
        let alone = predict(&network, std::slice::from_ref(input)).unwrap();
        assert!(close(&alone[0], together), "{alone:?} {together:?}");
    }
}

#[test]
fn values_under_the_mask_change_nothing() {
    let network = network(true);
    let rng = &mut Rng::stream(&[4]);
    let short = matrix(3, WIDTHS.audio, rng);
    let long = matrix(8, WIDTHS.audio, rng);
    let (text, video) = (matrix(2, WIDTHS.text, rng), matrix(2, WIDTHS.video, rng));
    let audio = [&short, &long];
    let projection = network.projection(Modality::Audio);
    let padded = || Padded::new(&audio, &projection.normaliser.scale(), Precision::F32);
    let score = |padded: Padded| {
        let weights = Weights::of(&projection.dense, Precision::F32);
        let chunk = tch::no_grad(|| chunk(0, padded, &weights, false));
        let frames = Trio {
            audio: Frames::new(vec![chunk], &audio, tch::Device::Cpu),
            text: network.project(Modality::Text, &[&text, &text]),
            video: network.project(Modality::Video, &[&video, &video]),
        };
        let output = network.forward(&frames.as_ref(), Flow::Complete, &mut Noise::off());
        output.score.double_value(&[0])
    };
    let clean = score(padded());
    let mut dirty = padded();
    let garbage = dirty.padding.as_ref().unwrap().transpose(1, 2) * 1e3;
    dirty.frames += garbage;
    assert!((clean - score(dirty)).abs() < 1e-5);
}

#[test]
fn an_absent_modality_gives_exactly_nothing() {
    let network = network(false);
    for flow in FLOWS {
        let found = predict(
            &network,
            &[input([0, 4, 3], flow, 1), input([7, 0, 0], flow, 2)],
        );
        let [first, second] = found.unwrap()[..] else {
            panic!("two inputs, two predictions");
        };
        assert_eq!(first.weights.audio, 0.0);
        assert_ne!(first.weights.text, 0.0);
        assert_eq!((second.weights.text, second.weights.video), (0.0, 0.0));
        assert!(first.score.is_finite() && second.score.is_finite());
    }
}

#[test]
fn nothing_at_all_has_a_finite_score() {
    let absent = input([0, 0, 0], Flow::TextMissing, 1);
    for imagination in [false, true] {
        let found = predict(&network(imagination), std::slice::from_ref(&absent)).unwrap();
        assert!(found[0].score.is_finite());
        assert_eq!((found[0].weights.audio, found[0].weights.video), (0.0, 0.0));
    }
}

#[test]
fn text_is_imagined_in_the_text_missing_flow_only() {
    let (with, without) = (network(true), network(false));
    let weight = |network: &Network, flow| {
        let input = input([7, 0, 3], flow, 3);
        predict(network, &[input]).unwrap()[0].weights.text
    };
    assert_ne!(weight(&with, Flow::TextMissing), 0.0);
    assert_eq!(weight(&with, Flow::Complete), 0.0);
    assert_eq!(weight(&without, Flow::TextMissing), 0.0);

    let [complete, missing] = FLOWS.map(|flow| input([7, 4, 3], flow, 3));
    let both = predict(&without, &[complete.clone(), missing.clone()]).unwrap();
    assert!(
        close(&both[0], &both[1]),
        "without imagination the flows are one"
    );
    let both = predict(&with, &[complete, missing]).unwrap();
    assert!(!close(&both[0], &both[1]));
}

/// A batch in which each modality is missing somewhere, and one utterance has nothing. Both
/// flows have the same text.
fn sparse(network: &Network, labels: [f32; 5]) -> Batch {
    let rows = [[0, 2, 3], [4, 0, 3], [4, 2, 0], [0, 0, 0], [5, 3, 1]];
    let inputs = rows.map(|rows| input(rows, Flow::Complete, 8));
    let text: Vec<&Matrix> = inputs.iter().map(|input| &input.text).collect();
    let sequences = Sequences {
        audio: inputs.iter().map(|input| &input.audio).collect(),
        real: text.clone(),
        simulated: text,
        video: inputs.iter().map(|input| &input.video).collect(),
    };
    network.batch(&sequences, &labels)
}

#[test]
fn gradients_are_finite_also_of_what_is_absent() {
    for imagination in [false, true] {
        let network = network(imagination);
        let noise = &mut Noise::from_stream(Rng::stream(&[1]));
        let weights = LossWeights {
            query: 0.1,
            cross: 0.7,
            ..LossWeights::default()
        };
        let batch = sparse(&network, [1.0, -1.0, 0.0, 0.0, 2.0]);
        network.backward(batch, &weights, noise);
        for (name, tensor) in network.trainable() {
            let gradient = tensor.grad();
            assert!(gradient.defined(), "{name} is never used");
            assert_eq!(gradient.isfinite().all().int64_value(&[]), 1, "{name}");
        }
    }
}

#[test]
fn equal_flows_without_noise_have_finite_gradients() {
    let network = network(false);
    let batch = sparse(&network, [0.0; 5]);
    network.backward(batch, &LossWeights::default(), &mut Noise::off());
    for (name, tensor) in network.trainable() {
        let gradient = tensor.grad();
        assert_eq!(gradient.isfinite().all().int64_value(&[]), 1, "{name}");
    }
}
