//! The network against an independent implementation in PyTorch.
//!
//! `UNDERTONE_PARITY=<dir> cargo test -p undertone-fusion parity` leaves weights and
//! features in a folder; `python crates/fusion/src/tests/parity.py <dir>` prints what PyTorch makes of
//! them, which are the numbers below.

use std::path::PathBuf;

use super::*;

/// Per flow: score, then the weights of audio, text and video.
const PYTORCH: [[f32; 4]; 2] = [
    [-0.001_804_072, -0.076_012_54, -0.267_226_4, 0.083_400_42],
    [-0.040_952_437, -0.059_198_737, -0.263_372_5, 0.106_437_474],
];

fn leave(folder: PathBuf, network: &Network, input: &FusionInput) {
    std::fs::create_dir_all(&folder).unwrap();
    let tensor = |matrix: &Matrix| {
        let size = [matrix.rows() as i64, matrix.cols() as i64];
        tch::Tensor::from_slice(matrix.as_slice()).view(size)
    };
    let features = [
        ("audio", &input.audio),
        ("text", &input.text),
        ("video", &input.video),
    ];
    let features = Checkpoint {
        tensors: features
            .map(|(name, matrix)| (name.to_owned(), tensor(matrix)))
            .into(),
        ..Checkpoint::default()
    };
    write_checkpoint(&folder.join("features.safetensors"), &features).unwrap();
    write_checkpoint(
        &folder.join("network.safetensors"),
        &Checkpoint::of(network),
    )
    .unwrap();
}

#[test]
fn both_flows_are_what_pytorch_computes() {
    let mut network = network(true);
    network.normalise(Modality::Text, &[0.5; 6], &[1.5; 6]);
    let inputs = FLOWS.map(|flow| input([9, 4, 3], flow, 21));
    if let Some(folder) = std::env::var_os("UNDERTONE_PARITY") {
        leave(folder.into(), &network, &inputs[0]);
    }
    for (found, expected) in predict(&network, &inputs).unwrap().iter().zip(PYTORCH) {
        let weights = found.weights;
        let found = [found.score, weights.audio, weights.text, weights.video];
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-5, "{found} {expected}");
        }
    }
}
