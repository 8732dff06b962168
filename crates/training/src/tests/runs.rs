//! Whole runs: they learn, they go on after a kill, they refuse what does not fit.

use std::fs;
use std::ops::ControlFlow;

use super::*;
use undertone_fusion::{
    Checkpoint, FusionConfig, LossWeights, Network, Noise, Precision, Scorer, read_checkpoint,
    write_checkpoint,
};

fn quiet(_: TrainEvent<'_>) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

fn open(folder: &Path) -> Dataset {
    Dataset::open(folder).unwrap()
}

/// Error of predicting the training split's mean.
fn error_of_the_mean(dataset: &Dataset, split: Split) -> f64 {
    let labels = |split| {
        let positions = dataset.split(split).into_iter();
        positions
            .map(|at| f64::from(dataset.entries()[at].label))
            .collect::<Vec<_>>()
    };
    let train = labels(Split::Train);
    let mean = train.iter().sum::<f64>() / train.len() as f64;
    let others = labels(split);
    others.iter().map(|label| (label - mean).abs()).sum::<f64>() / others.len() as f64
}

#[test]
fn training_learns_and_beats_the_mean() {
    let folder = tempfile::tempdir().unwrap();
    let (data, out) = (folder.path().join("data"), folder.path().join("out"));
    write_dataset(&data, [160, 48, 48]);
    let mut reports = Vec::new();
    let dataset = open(&data);
    let summary = train(&config(10), &dataset, &out, false, &mut |event| {
        if let TrainEvent::Epoch(report) = event {
            reports.push(report.clone());
        }
        ControlFlow::Continue(())
    })
    .unwrap();
    assert_eq!((summary.epochs, reports.len()), (10, 10));
    assert!(!summary.learned_nothing(), "{summary:?}");
    assert!(reports[9].loss.total < 0.7 * reports[0].loss.total);
    assert!(summary.findings.without_video > 0);
    let lines = fs::read_to_string(out.join("metrics.jsonl")).unwrap();
    let last: EpochReport = serde_json::from_str(lines.lines().last().unwrap()).unwrap();
    assert_eq!(last.epoch, 10);

    let scorer = Scorer::load(&summary.weights, &summary.config, 1).unwrap();
    let mean = error_of_the_mean(&dataset, Split::Test);
    let mae = |protocol| {
        let report = evaluate(&scorer, &dataset, Split::Test, protocol, 100).unwrap();
        assert_eq!(report.utterances.len(), 48);
        // All are of one recording: no interval can be told.
        assert_eq!(report.interval, None);
        report.metrics.mae
    };
    assert!(mae(Protocol::Complete) < 0.5 * mean);
    assert!(mae(Protocol::Simulated) < 0.7 * mean);
    assert!(mae("audio".parse().unwrap()) < mean);
}

#[test]
fn a_network_that_learned_nothing_is_told_from_one_that_did() {
    let folder = tempfile::tempdir().unwrap();
    let (data, out) = (folder.path().join("data"), folder.path().join("out"));
    write_dataset(&data, [32, 16, 16]);
    let mut still = config(2);
    still.optimiser.learning_rate = 1e-12;
    let summary = train(&still, &open(&data), &out, false, &mut quiet).unwrap();
    assert!(summary.learned_nothing(), "{summary:?}");
}

#[test]
fn distances_of_the_flows_count_after_some_epochs() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    write_dataset(&data, [32, 16, 16]);
    let totals = |name: &str, loss| {
        let out = folder.path().join(name);
        let config = TrainConfig { loss, ..config(4) };
        train(&config, &open(&data), &out, false, &mut quiet).unwrap();
        let epochs = epochs(&out.join("metrics.jsonl"));
        epochs
            .iter()
            .map(|epoch| epoch.loss.total)
            .collect::<Vec<_>>()
    };
    let later = LossWeights {
        query: 0.1,
        cross: 0.7,
        distil_after_epochs: 2,
        ..LossWeights::default()
    };
    let never = LossWeights {
        fused: 0.0,
        query: 0.0,
        cross: 0.0,
        ..LossWeights::default()
    };
    let (later, never) = (totals("later", later), totals("never", never));
    assert_eq!(later[..2], never[..2]);
    assert!(later[2] > never[2] + 0.1, "{later:?} {never:?}");
}

#[test]
fn half_the_bits_learn_as_well() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    write_dataset(&data, [160, 48, 0]);
    let error = |precision: Precision| {
        let mut config = config(8);
        config.run.precision = precision;
        let out = folder.path().join(format!("{precision:?}"));
        let summary = train(&config, &open(&data), &out, false, &mut quiet).unwrap();
        summary.best.unwrap().error
    };
    let (full, half) = (error(Precision::F32), error(Precision::Bf16));
    assert!((half / full - 1.0).abs() < 0.1, "{half} {full}");
}

#[test]
fn a_resumed_run_is_the_uninterrupted_run() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    write_dataset(&data, [48, 16, 0]);
    let [whole, parts] = ["whole", "parts"].map(|name| folder.path().join(name));
    let expected = train(&config(4), &open(&data), &whole, false, &mut quiet).unwrap();

    train(&config(2), &open(&data), &parts, false, &mut quiet).unwrap();
    // A kill after the metrics of the third epoch were written, before its checkpoint was.
    let metrics = parts.join("metrics.jsonl");
    let lines = fs::read_to_string(&metrics).unwrap();
    fs::write(&metrics, lines.clone() + "{\"epoch\":3}\n").unwrap();
    let got = train(&config(4), &open(&data), &parts, true, &mut quiet).unwrap();

    assert_eq!(got.best, expected.best);
    for name in ["checkpoint.safetensors", "fusion.safetensors"] {
        let [whole, parts] = [&whole, &parts].map(|out| read_checkpoint(&out.join(name)).unwrap());
        for (name, tensor) in &whole.tensors {
            assert_eq!(tensor, &parts.tensors[name], "{name}");
        }
    }
    let [whole, parts] = [&whole, &parts].map(|out| epochs(&out.join("metrics.jsonl")));
    assert_eq!(whole, parts);
}

/// The lines of a run's metrics, without how long each epoch took.
fn epochs(path: &Path) -> Vec<EpochReport> {
    let text = fs::read_to_string(path).unwrap();
    let parse = |line| EpochReport {
        seconds: 0.0,
        epochs: 0,
        ..serde_json::from_str(line).unwrap()
    };
    text.lines().map(parse).collect()
}

#[test]
fn a_run_is_not_overwritten_nor_mixed_up() {
    let folder = tempfile::tempdir().unwrap();
    let (data, out) = (folder.path().join("data"), folder.path().join("out"));
    write_dataset(&data, [8, 4, 0]);
    // Without a run to resume, one begins.
    train(&config(1), &open(&data), &out, true, &mut quiet).unwrap();
    let error = train(&config(1), &open(&data), &out, false, &mut quiet).unwrap_err();
    assert!(matches!(error, TrainError::Occupied { .. }), "{error}");
    let mut other = config(1);
    other.optimiser.batch = 8;
    let error = train(&other, &open(&data), &out, true, &mut quiet).unwrap_err();
    let message = error_chain(&error).join(": ");
    assert!(message.contains("optimiser.batch"), "{message}");
}

#[test]
fn a_resumed_run_keeps_its_settings_and_refuses_others() {
    let folder = tempfile::tempdir().unwrap();
    let (data, out) = (folder.path().join("data"), folder.path().join("out"));
    write_dataset(&data, [8, 4, 0]);
    let set = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
        let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        pairs.iter().map(owned).collect()
    };
    assert_eq!(TrainConfig::resumed(&out, None, &[]).unwrap(), None);
    let begun = config(1);
    train(&begun, &open(&data), &out, false, &mut quiet).unwrap();
    let resumed = TrainConfig::resumed(&out, None, &[]).unwrap();
    assert_eq!(resumed, Some(begun.clone()));
    let longer = set(&[("run.epochs", "2")]);
    let resumed = TrainConfig::resumed(&out, None, &longer).unwrap().unwrap();
    assert_eq!((resumed.run.epochs, &resumed.network), (2, &begun.network));
    let summary = train(&resumed, &open(&data), &out, true, &mut quiet).unwrap();
    assert_eq!(summary.epochs, 2);
    // A setting that contradicts, in a file, also when it is the default.
    let default = TrainConfig::default().optimiser.batch;
    assert_ne!(begun.optimiser.batch, default);
    let file = folder.path().join("mine.toml");
    fs::write(&file, format!("[optimiser]\nbatch = {default}\n")).unwrap();
    let resumed = TrainConfig::resumed(&out, Some(&file), &[])
        .unwrap()
        .unwrap();
    let error = train(&resumed, &open(&data), &out, true, &mut quiet).unwrap_err();
    let message = error_chain(&error).join(": ");
    assert!(message.contains("optimiser.batch"), "{message}");
}

#[test]
fn patience_ends_a_run() {
    let folder = tempfile::tempdir().unwrap();
    let (data, out) = (folder.path().join("data"), folder.path().join("out"));
    write_dataset(&data, [8, 4, 0]);
    let mut config = config(40);
    config.run.patience = 2;
    // A rate this small changes nothing that matters: the first epochs stay the best.
    config.optimiser.learning_rate = 1e-30;
    let summary = train(&config, &open(&data), &out, false, &mut quiet).unwrap();
    assert_eq!(summary.reason, StopReason::Early);
    assert_eq!(summary.epochs, summary.best.unwrap().epoch + 2);
}

#[test]
fn a_run_that_is_broken_off_goes_on_as_if_it_had_not_been() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    write_dataset(&data, [48, 16, 0]);
    let [whole, parts] = ["whole", "parts"].map(|name| folder.path().join(name));
    let expected = train(&config(3), &open(&data), &whole, false, &mut quiet).unwrap();
    let break_at = |epoch, step| {
        let summary = train(
            &config(3),
            &open(&data),
            &parts,
            true,
            &mut |event| match event {
                TrainEvent::Step(now) if (now.epoch, now.step) == (epoch, step) => {
                    assert_eq!(now.steps, 3);
                    ControlFlow::Break(())
                }
                _ => ControlFlow::Continue(()),
            },
        );
        summary.unwrap()
    };
    let first = break_at(1, 2);
    assert_eq!((first.reason, first.best), (StopReason::Interrupted, None));
    let second = break_at(2, 3);
    assert_eq!((second.reason, second.epochs), (StopReason::Interrupted, 1));
    let got = train(&config(3), &open(&data), &parts, true, &mut quiet).unwrap();
    assert_eq!(
        (got.reason, got.best),
        (StopReason::Finished, expected.best)
    );
    let [whole, parts] =
        [&whole, &parts].map(|out| fs::read(out.join("fusion.safetensors")).unwrap());
    assert_eq!(whole, parts);
}

#[test]
fn text_is_simulated_from_what_is_heard_and_seen() {
    let folder = tempfile::tempdir().unwrap();
    let (data, out) = (folder.path().join("data"), folder.path().join("out"));
    write_dataset(&data, [160, 48, 48]);
    let mut ridge = config(6);
    ridge.data.simulated = Simulated::Ridge;
    let summary = train(&ridge, &open(&data), &out, false, &mut quiet).unwrap();
    assert_eq!(summary.findings.without_simulated, 0);
    let simulator = Simulator::beside(&out).unwrap().unwrap();
    let dataset = open(&data).simulated_by(simulator);
    assert_eq!(dataset.example(0).unwrap().simulated.rows(), 1);
    let scorer = Scorer::load(&summary.weights, &summary.config, 1).unwrap();
    let report = evaluate(&scorer, &dataset, Split::Test, Protocol::Simulated, 0).unwrap();
    assert!(report.metrics.mae < error_of_the_mean(&dataset, Split::Test));
    assert!(Simulator::beside(folder.path()).unwrap().is_none());
}

#[test]
fn a_data_set_without_validation_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    write_dataset(folder.path(), [4, 0, 0]);
    let out = folder.path().join("out");
    let error = train(&config(1), &open(folder.path()), &out, false, &mut quiet).unwrap_err();
    assert!(matches!(
        &error,
        TrainError::Dataset(DatasetError::EmptySplit(EmptySplit(Split::Val)))
    ));
    let message = error.to_string();
    assert!(
        message.contains("no val utterances; name the splits"),
        "{message}"
    );
}

#[test]
fn gradients_of_a_batch_are_finite_with_and_without_everything() {
    let fusion = FusionConfig::new(WIDTHS, config(1).network);
    let network = Network::new(fusion, 3).unwrap();
    let mut examples: Vec<Example> = (0..6).map(|n| example(n, Split::Train)).collect();
    examples[0].audio = Matrix::empty(WIDTHS.audio);
    examples[1].real = Matrix::empty(WIDTHS.text);
    examples[2].simulated = Matrix::empty(WIDTHS.text);
    examples[3].video = Matrix::empty(WIDTHS.video);
    for count in [1, 6] {
        let noise = &mut Noise::from_stream(Rng::stream(&[1]));
        let values = epoch::backward(&network, &examples[..count], &config(1).loss, noise);
        assert!(values.total.is_finite());
        for (name, tensor) in network.trainable() {
            let gradient = tensor.grad();
            assert_eq!(gradient.isfinite().all().int64_value(&[]), 1, "{name}");
        }
    }
}

#[test]
fn a_network_for_other_widths_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    write_dataset(&data, [2, 2, 2]);
    let mut widths = WIDTHS;
    widths.video = 9;
    let network = Network::new(FusionConfig::new(widths, config(1).network), 3).unwrap();
    let [weights, json] = ["n.safetensors", "n.json"].map(|name| folder.path().join(name));
    write_checkpoint(&weights, &Checkpoint::of(&network)).unwrap();
    network.config().write(&json).unwrap();
    let scorer = Scorer::load(&weights, &json, 1).unwrap();
    let error = evaluate(&scorer, &open(&data), Split::Test, Protocol::Complete, 0).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the network takes video 9 wide, the data set has 3"
    );
}
