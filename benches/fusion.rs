//! One side of `benches/fusion.sh`: a training step or an inference per line of stdin.
//!
//! `fusion train|infer PRECISION` answers each line with the seconds of one call on a full batch
//! and the peak memory so far; `fusion check PRECISION GIVEN FOUND` reads a batch and
//! weights from the file GIVEN, and writes the scores, the loss and the gradients to FOUND.

use std::io::{BufRead, Write};
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use undertone_fusion::{
    Checkpoint, FusionConfig, FusionInput, LossWeights, Network, NetworkConfig, Noise, Precision,
    Rng, Trio, Widths, keep_freed_memory, predict, read_checkpoint, write_checkpoint,
};
use undertone_training::{Adam, Example, TrainConfig, backward};
use undertone_types::{Flow, Matrix, Split};

const BATCH: usize = 96;
const WIDTHS: Widths = Trio {
    audio: 1024,
    text: 4096,
    video: 1024,
};

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["train", precision] => train(precision),
        ["infer", precision] => infer(precision),
        ["check", precision, given, found] => check(precision, given.as_ref(), found.as_ref()),
        // `cargo bench` alone only checks that this builds.
        _ => {
            eprintln!("see benches/fusion.sh");
            Ok(())
        }
    }
}

/// The authors' losses, as in `fusion_reference.py`, and all cores.
fn config(precision: &str) -> Result<TrainConfig> {
    let mut config = TrainConfig {
        loss: LossWeights {
            query: 0.1,
            cross: 0.7,
            fused: 0.1,
            contrast: 0.8,
            ..LossWeights::default()
        },
        ..TrainConfig::default()
    };
    config.run.threads = 0;
    config.run.precision = match precision {
        "f32" => Precision::F32,
        "bf16" => Precision::Bf16,
        _ => bail!("precision {precision} is unknown"),
    };
    Ok(config)
}

/// The paper's network as the authors released it.
fn network(config: &TrainConfig) -> Result<Network> {
    let sizes = NetworkConfig {
        imagination: false,
        ..NetworkConfig::default()
    };
    let mut network = Network::new(FusionConfig::new(WIDTHS, sizes), 1)?;
    network.set_threads(config.run.threads);
    network.set_precision(config.run.precision);
    Ok(network)
}

fn frames(rows: usize, cols: usize, rng: &mut Rng) -> Result<Matrix> {
    let values: Vec<f32> = (0..rows * cols)
        .map(|_| rng.symmetric(1.7) as f32)
        .collect();
    Ok(Matrix::new(rows, cols, values)?)
}

fn example(number: usize) -> Result<Example> {
    let rng = &mut Rng::stream(&[number as u64]);
    Ok(Example {
        id: number.to_string(),
        source: String::new(),
        split: Split::Train,
        label: rng.symmetric(3.0) as f32,
        text: String::new(),
        audio: frames(200, WIDTHS.audio, rng)?,
        real: frames(60, WIDTHS.text, rng)?,
        simulated: frames(60, WIDTHS.text, rng)?,
        video: frames(100, WIDTHS.video, rng)?,
    })
}

fn train(precision: &str) -> Result<()> {
    keep_freed_memory();
    let config = config(precision)?;
    let network = network(&config)?;
    let mut adam = Adam::new(network.trainable(), config.optimiser.weight_decay);
    let examples = (0..BATCH).map(example).collect::<Result<Vec<_>>>()?;
    let mut noise = Noise::from_stream(Rng::stream(&[1]));
    answer(|| {
        adam.zero_gradients();
        backward(&network, &examples, &config.loss, &mut noise);
        adam.step(config.optimiser.learning_rate);
        Ok(())
    })
}

fn infer(precision: &str) -> Result<()> {
    keep_freed_memory();
    let network = network(&config(precision)?)?;
    let inputs = (0..BATCH).map(|number| {
        let example = example(number)?;
        Ok(FusionInput {
            audio: example.audio,
            text: example.real,
            video: example.video,
            flow: Flow::Complete,
        })
    });
    let inputs = inputs.collect::<Result<Vec<_>>>()?;
    answer(|| {
        predict(&network, &inputs)?;
        Ok(())
    })
}

/// Does `work` once per line of stdin.
fn answer(mut work: impl FnMut() -> Result<()>) -> Result<()> {
    for line in std::io::stdin().lock().lines() {
        line?;
        let started = Instant::now();
        work()?;
        let seconds = started.elapsed().as_secs_f64();
        let peak = peak_mib()?;
        let mut out = std::io::stdout().lock();
        writeln!(out, r#"{{"seconds": {seconds}, "peak_mib": {peak}}}"#)?;
        out.flush()?;
    }
    Ok(())
}

fn peak_mib() -> Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().next());
    Ok(kib
        .context("no VmHWM in /proc/self/status")?
        .parse::<f64>()?
        / 1024.0)
}

fn check(precision: &str, given: &Path, found: &Path) -> Result<()> {
    let config = config(precision)?;
    let network = network(&config)?;
    let given = read_checkpoint(given)?.tensors;
    let mut tensors = network.tensors();
    for (name, tensor) in &mut tensors {
        if let Some(weight) = given.get(&format!("weight.{name}")) {
            tch::no_grad(|| tensor.f_copy_(weight))?;
        }
    }
    let labels = Vec::<f32>::try_from(&given["batch.labels"])?;
    let matrix = |name: &str, at: usize| -> Result<Matrix> {
        let frames = given[&format!("batch.{name}")].get(at as i64);
        let [rows, cols] = frames.size()[..] else {
            bail!("{name} has no two dimensions");
        };
        let values = Vec::<f32>::try_from(frames.flatten(0, 1))?;
        Ok(Matrix::new(rows as usize, cols as usize, values)?)
    };
    let examples = (labels.iter().enumerate()).map(|(at, &label)| {
        Ok(Example {
            label,
            audio: matrix("audio", at)?,
            real: matrix("real", at)?,
            simulated: matrix("simulated", at)?,
            video: matrix("video", at)?,
            ..example(at)?
        })
    });
    let examples = examples.collect::<Result<Vec<_>>>()?;
    let values = backward(&network, &examples, &config.loss, &mut Noise::off());
    let mut results = Checkpoint::default();
    let mut add = |name: &str, values: &[f32]| {
        let tensor = tch::Tensor::from_slice(values);
        results.tensors.insert(name.to_owned(), tensor);
    };
    add("loss", &[values.total as f32]);
    for (name, flow) in [("complete", Flow::Complete), ("missing", Flow::TextMissing)] {
        let inputs = examples.iter().map(|example| FusionInput {
            audio: example.audio.clone(),
            text: match flow {
                Flow::Complete => example.real.clone(),
                Flow::TextMissing => example.simulated.clone(),
            },
            video: example.video.clone(),
            flow,
        });
        let predictions = predict(&network, &inputs.collect::<Vec<_>>())?;
        let scores: Vec<f32> = predictions.iter().map(|one| one.score).collect();
        add(name, &scores);
    }
    for (name, tensor) in network.trainable() {
        let gradient = format!("gradient.{name}");
        results.tensors.insert(gradient, tensor.grad());
    }
    Ok(write_checkpoint(found, &results)?)
}
