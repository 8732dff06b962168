//! What is shown at the end: how good the network is, and what comes next.

use std::path::Path;

use crate::cli::error::CliError;
use undertone_bundle::Bundle;
use undertone_fusion::Scorer;
use undertone_terminal::{columns, sentences};
use undertone_training::{Dataset, EvalReport, Protocol, evaluate, ridge};
use undertone_types::Split;

/// Ridge regression and the network on the test split, or on the validation split where there is
/// no other.
pub(super) fn table(dataset: &Dataset, network: &Path) -> Result<String, CliError> {
    let split = match dataset.split(Split::Test).is_empty() {
        true => Split::Val,
        false => Split::Test,
    };
    let files = ["fusion.safetensors", "fusion.json"].map(|name| network.join(name));
    let scorer = Scorer::load(&files[0], &files[1], 0)?;
    let network = |protocol| evaluate(&scorer, dataset, split, protocol, 0);
    let mut rows = vec![
        (
            "ridge regression",
            ridge(dataset, Protocol::Complete, split)?,
        ),
        ("network", network(Protocol::Complete)?),
    ];
    let untrained = &scorer.config().untrained;
    let coverage = dataset.coverage(Some(split), untrained);
    if Protocol::Simulated.lacks(&coverage).is_none() {
        rows.push(("network, words lost", network(Protocol::Simulated)?));
    }
    let heading = ["", "split", "n", "MAE", "corr", "acc7", "acc2", "F1"].map(ToOwned::to_owned);
    let lines: Vec<_> = rows
        .iter()
        .map(|(model, report)| row(model, report))
        .collect();
    let mut text = columns(&[&[heading], &lines[..]].concat());
    if rows[0].1.metrics.mae < rows[1].1.metrics.mae {
        text.push_str(&sentences(
            "the regression is better than the network, which needs more texts than it got\n",
        ));
    }
    if split == Split::Val {
        text.push_str(&sentences(
            "there is no test split: on this one the network's epoch and the regression's penalty \
             were chosen\n",
        ));
    }
    Ok(text)
}

fn row(model: &str, report: &EvalReport) -> [String; 8] {
    let metrics = &report.metrics;
    let number = |value: f64| format!("{value:.4}");
    let maybe = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), number);
    [
        model.to_owned(),
        report.split.to_string(),
        metrics.count.to_string(),
        number(metrics.mae),
        maybe(metrics.corr),
        number(metrics.acc7),
        maybe(metrics.acc2_non0),
        maybe(metrics.f1_non0),
    ]
}

/// What was guessed, and the commands that come next.
pub(super) fn next(out: &Path, work: &Path, packed: &Bundle, notes: &[String]) -> String {
    let (out, work) = (out.display(), work.display());
    let manifest = &packed.manifest;
    let mut text = format!(
        "{out}: {} {}, fingerprint {}\n",
        manifest.name,
        manifest.version,
        packed.fingerprint()
    );
    for note in notes {
        text.push_str(&format!("{note}\n"));
    }
    text.push_str(
        "voice and face have no say in its scores: no data taught it them (docs/training.md says \
         how labelled clips do)\n",
    );
    text.push_str(&format!(
        "undertone calibrate CLIPS --set bundle={out} --write    fits the gate\n\
         undertone run RECORDINGS --out REPORTS --set bundle={out}\n\
         {work} has the features, to train with more data; otherwise it can be removed\n"
    ));
    sentences(&text)
}
