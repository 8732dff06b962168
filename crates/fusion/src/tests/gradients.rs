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
