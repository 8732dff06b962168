//! Tests of data sets and whole runs, on made-up data.

mod authors;
mod folders;
mod metrics;
mod runs;
mod studies;
mod words;

use std::collections::BTreeMap;
use std::path::Path;

use super::*;
use undertone_fusion::{NetworkConfig, Rng, Trio, Widths};
use undertone_types::{Matrix, Split, error_chain};

const WIDTHS: Widths = Trio {
    audio: 4,
    text: 6,
    video: 3,
};

fn info() -> DatasetInfo {
    let extractors = BTreeMap::from([("audio".to_owned(), "made-up 1".to_owned())]);
    let bundle = BundleId {
        name: "none".to_owned(),
        fingerprint: "0".to_owned(),
    };
    DatasetInfo::new(WIDTHS, extractors, bundle)
}

/// Frames that carry the label with this strength, in noise.
fn frames(rows: usize, cols: usize, label: f64, strength: f64, rng: &mut Rng) -> Matrix {
    let value = |at: usize, rng: &mut Rng| {
        let sign = if (at % cols).is_multiple_of(2) {
            1.0
        } else {
            -1.0
        };
        (sign * strength * label + rng.normal()) as f32
    };
    let values: Vec<f32> = (0..rows * cols).map(|at| value(at, rng)).collect();
    Matrix::new(rows, cols, values).unwrap()
}

/// An utterance whose words say most, and whose voice and face say a little.
fn example(number: usize, split: Split) -> Example {
    let rng = &mut Rng::stream(&[99, number as u64]);
    let label = (rng.unit() * 6.0 - 3.0) as f32;
    let y = f64::from(label);
    let rows = 1 + rng.below(6);
    let (video_rows, simulated_rows) = (rng.below(4), rng.below(5));
    Example {
        id: format!("clip$_${number}"),
        source: "clip.mp4".to_owned(),
        split,
        label,
        text: "made up".to_owned(),
        audio: frames(2 * rows, WIDTHS.audio, y, 0.3, rng),
        real: frames(rows, WIDTHS.text, y, 1.0, rng),
        simulated: frames(simulated_rows, WIDTHS.text, y, 0.7, rng),
        video: frames(video_rows, WIDTHS.video, y, 0.3, rng),
    }
}

/// Writes a data set with these many train, validation and test utterances.
fn write_dataset(folder: &Path, counts: [usize; 3]) -> DatasetInfo {
    let mut writer = DatasetWriter::open(folder, info()).unwrap();
    let splits = Split::ALL.into_iter().zip(counts);
    let all = splits.flat_map(|(split, count)| std::iter::repeat_n(split, count));
    for (number, split) in all.enumerate() {
        writer.add(example(number, split)).unwrap();
    }
    writer.finish().unwrap()
}

/// A small network that learns fast.
fn config(epochs: u32) -> TrainConfig {
    TrainConfig {
        run: RunConfig {
            epochs,
            threads: 1,
            ..RunConfig::default()
        },
        optimiser: OptimiserConfig {
            learning_rate: 3e-3,
            batch: 16,
            warm_up_epochs: 1,
            ..OptimiserConfig::default()
        },
        network: NetworkConfig {
            model_width: 16,
            fused_width: 16,
            contrast_width: 8,
            frame_dropout: 0.1,
            mlp_dropout: 0.1,
            ..NetworkConfig::default()
        },
        ..TrainConfig::default()
    }
}
