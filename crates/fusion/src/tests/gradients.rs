//! The gradient of a step, part of which is written by hand, against the loss itself.

use super::*;

/// A batch of several chunks, with absent modalities.
fn batch(network: &Network) -> Batch {
    let rows = [
        [500, 2, 3],
        [4, 0, 3],
        [4, 2, 0],
        [5, 3, 400],
        [0, 1, 30],
        [9, 9, 9],
    ];
    let mut seed = 0;
    let inputs = rows.map(|rows| {
        seed += 1;
        input(rows, Flow::Complete, seed)
    });
    let simulated = rows.map(|rows| input(rows, Flow::TextMissing, 99).text);
    let sequences = Sequences {
        audio: inputs.iter().map(|input| &input.audio).collect(),
        real: inputs.iter().map(|input| &input.text).collect(),
        simulated: simulated.iter().collect(),
        video: inputs.iter().map(|input| &input.video).collect(),
    };
    network.batch(&sequences, &[1.0, -1.0, 0.0, 0.5, 2.0, -3.0])
}

/// The loss with the same dropout each time, and the gradients that it leaves.
fn step(network: &Network) -> (f64, BTreeMap<String, Tensor>) {
    for (_, mut tensor) in network.trainable() {
        tensor.zero_grad();
    }
    let noise = &mut Noise::from_stream(Rng::stream(&[3]));
    // No weight on what compares the flows one-sidedly: its gradient is not that of the loss.
    let values = network.backward(batch(network), &LossWeights::default(), noise);
    let gradients = network.trainable().into_iter();
    let gradients = gradients.map(|(name, tensor)| (name, tensor.grad().copy()));
    (values.total, gradients.collect())
}

#[test]
fn a_step_along_a_gradient_by_hand_changes_the_loss_by_its_length() {
    let mut network = network(true);
    network.normalise(Modality::Text, &[0.5; 6], &[1.5; 6]);
    network.set_threads(2);
    let (_, gradients) = step(&network);
    let by_hand = ["project.", ".key.", ".context", ".query."];
    for (name, mut tensor) in network.trainable() {
        let length = gradients[&name].norm().double_value(&[]);
        if length == 0.0 || !by_hand.iter().any(|part| name.contains(part)) {
            continue;
        }
        let pace = 1e-2_f64.min(1e-3 / length);
        let mut at = |share: f64| {
            let walk = &gradients[&name] * (share * pace / length);
            tch::no_grad(|| tensor += &walk);
            let (loss, _) = step(&network);
            tch::no_grad(|| tensor -= &walk);
            loss
        };
        let slope = (at(1.0) - at(-1.0)) / (2.0 * pace);
        // The loss is known to 7 digits, the slope therefore to 5e-5.
        let tolerance = 5e-5 + 0.05 * length;
        assert!(
            (slope - length).abs() < tolerance,
            "{name}: {slope} {length}"
        );
    }
}

/// Gradients of the text-missing flow's losses over the utterances of [`batch`] that it is given
/// something of, with others between them or not.
fn text_missing_step(with_others: bool) -> (LossValues, BTreeMap<String, Tensor>) {
    let network = network(true);
    let some = [[5, 2, 3], [0, 4, 0], [4, 0, 2]];
    let mut inputs: Vec<FusionInput> = (0..)
        .zip(some)
        .map(|(seed, rows)| input(rows, Flow::TextMissing, seed))
        .collect();
    let mut real: Vec<Matrix> = (0..3)
        .map(|seed| input([0, 3, 0], Flow::Complete, 7 + seed).text)
        .collect();
    let mut labels = vec![1.0, -1.0, 0.5];
    if with_others {
        for at in [0, 2] {
            inputs.insert(at, input([0, 0, 0], Flow::TextMissing, 50));
            real.insert(at, input([0, 6, 0], Flow::Complete, 60).text);
            labels.insert(at, -3.0);
        }
    }
    let sequences = Sequences {
        audio: inputs.iter().map(|input| &input.audio).collect(),
        real: real.iter().collect(),
        simulated: inputs.iter().map(|input| &input.text).collect(),
        video: inputs.iter().map(|input| &input.video).collect(),
    };
    let weights = LossWeights {
        complete: 0.0,
        contrast: 0.0,
        query: 0.5,
        cross: 0.5,
        ..LossWeights::default()
    };
    let batch = network.batch(&sequences, &labels);
    let values = network.backward(batch, &weights, &mut Noise::off());
    let trained = network.trainable().into_iter();
    let gradients = trained.filter(|(_, tensor)| tensor.grad().defined());
    let gradients = gradients.map(|(name, tensor)| (name, tensor.grad().copy()));
    (values, gradients.collect())
}

#[test]
fn utterances_without_anything_teach_the_text_missing_flow_nothing() {
    let (alone, expected) = text_missing_step(false);
    let (among, gradients) = text_missing_step(true);
    assert!(alone.missing > 0.1 && alone.fused > 0.0, "{alone:?}");
    for (alone, among) in [
        (alone.missing, among.missing),
        (alone.fused, among.fused),
        (alone.query, among.query),
        (alone.cross, among.cross),
        // Three of five count: each weighs as much as an utterance that counts everywhere.
        (alone.total * 0.6, among.total),
    ] {
        assert!((alone - among).abs() < 1e-6, "{alone} {among}");
    }
    for (name, expected) in expected {
        let close = (expected * 0.6).allclose(&gradients[&name], 1e-4, 1e-6, false);
        assert!(close, "{name}");
    }
}

#[test]
fn the_number_of_threads_changes_rounding_only() {
    let mut network = network(true);
    let (loss, alone) = step(&network);
    network.set_threads(3);
    let (shared_loss, shared) = step(&network);
    let (_, again) = step(&network);
    assert!((loss - shared_loss).abs() < 1e-6);
    for (name, gradient) in &alone {
        assert!(
            gradient.allclose(&shared[name], 1e-4, 1e-6, false),
            "{name}"
        );
        assert_eq!(shared[name], again[name], "{name}");
    }
}

#[test]
fn half_the_bits_give_nearly_the_same_gradient() {
    let mut network = network(true);
    let (loss, full) = step(&network);
    network.set_precision(Precision::Bf16);
    let (half_loss, half) = step(&network);
    assert!((loss / half_loss - 1.0).abs() < 0.01, "{loss} {half_loss}");
    let join = |gradients: &BTreeMap<String, Tensor>| {
        let flat: Vec<Tensor> = gradients.values().map(|g| g.flatten(0, -1)).collect();
        Tensor::cat(&flat, 0)
    };
    let (full, half) = (join(&full), join(&half));
    let difference = (&full - half).norm().double_value(&[]);
    assert!(
        difference < 0.03 * full.norm().double_value(&[]),
        "{difference}"
    );
}
