//! Tests of the network as a whole.

mod contributions;
mod gradients;
mod masks;
mod parity;
mod scoring;

use std::collections::BTreeMap;

use tch::Tensor;

use super::*;
use undertone_types::{Flow, Matrix};

const WIDTHS: Widths = Trio {
    audio: 5,
    text: 6,
    video: 4,
};

const FLOWS: [Flow; 2] = [Flow::Complete, Flow::TextMissing];

fn config(imagination: bool) -> FusionConfig {
    let network = NetworkConfig {
        model_width: 16,
        fused_width: 8,
        contrast_width: 8,
        imagination,
        ..NetworkConfig::default()
    };
    FusionConfig::new(WIDTHS, network)
}

fn network(imagination: bool) -> Network {
    Network::new(config(imagination), 7).unwrap()
}

fn matrix(rows: usize, cols: usize, rng: &mut Rng) -> Matrix {
    let values: Vec<f32> = (0..rows * cols).map(|_| rng.normal() as f32).collect();
    Matrix::new(rows, cols, values).unwrap()
}

/// An input with this many time steps of audio, text and video.
fn input(rows: [usize; 3], flow: Flow, seed: u64) -> FusionInput {
    let rng = &mut Rng::stream(&[seed]);
    FusionInput {
        audio: matrix(rows[0], WIDTHS.audio, rng),
        text: matrix(rows[1], WIDTHS.text, rng),
        video: matrix(rows[2], WIDTHS.video, rng),
        flow,
    }
}
