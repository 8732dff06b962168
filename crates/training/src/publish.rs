//! Evaluations as files: for papers, spreadsheets and scripts.

use std::path::Path;

use super::{EvalReport, Interval, MetricColumn, MetricSet, Metrics};
use crate::files::{FileError, create_folder, write_file, write_json};

const COLUMNS: [MetricColumn; 8] = [
    ("mae", |metrics| Some(metrics.mae)),
    ("corr", |metrics| metrics.corr),
    ("acc7", |metrics| Some(metrics.acc7)),
    ("acc5", |metrics| Some(metrics.acc5)),
    ("acc2_has0", |metrics| Some(metrics.acc2_has0)),
    ("f1_has0", |metrics| Some(metrics.f1_has0)),
    ("acc2_non0", |metrics| metrics.acc2_non0),
    ("f1_non0", |metrics| metrics.f1_non0),
];

/// Writes evaluations of one split into a folder: `evaluation.json` (everything),
/// `evaluation.csv` (a line per protocol, every metric with its 95 % interval) and
/// `predictions.csv` (a line per utterance, a column per protocol, scores not clamped). A
/// metric that the data cannot give, and a score of an utterance that does not count under a
/// protocol, is left empty.
///
/// # Errors
/// When the folder cannot be written.
pub fn publish(reports: &[EvalReport], folder: &Path) -> Result<(), FileError> {
    create_folder(folder)?;
    write_table(&folder.join("evaluation.csv"), &metrics_table(reports))?;
    write_table(&folder.join("predictions.csv"), &predictions_table(reports))?;
    // Last: a study takes a run with this file as done.
    write_json(&folder.join("evaluation.json"), reports)
}

fn metrics_table(reports: &[EvalReport]) -> Vec<Vec<String>> {
    let mut heading = ["protocol", "split", "count"]
        .map(ToOwned::to_owned)
        .to_vec();
    let has_sims = reports.iter().any(|report| report.metrics.sims.is_some());
    let columns: Vec<_> = (COLUMNS.map(|(name, metric)| (name.to_owned(), metric)))
        .into_iter()
        .chain(sims_columns(has_sims))
        .collect();
    for (name, _) in &columns {
        heading.extend([name.clone(), format!("{name}_low"), format!("{name}_high")]);
    }
    let mut rows = vec![heading];
    for report in reports {
        let mut row = vec![
            report.protocol.clone(),
            report.split.to_string(),
            report.metrics.count.to_string(),
        ];
        let interval = report.interval.as_ref();
        let end = |of: fn(&Interval) -> &Metrics| interval.map(of);
        for (_, metric) in &columns {
            let ends = [
                end(|interval| &interval.low),
                end(|interval| &interval.high),
            ];
            let all = [Some(&report.metrics)].into_iter().chain(ends);
            row.extend(all.map(|metrics| text(metrics.and_then(*metric))));
        }
        rows.push(row);
    }
    rows
}

/// The columns of the metrics of CH-SIMS, which come after all others where labels allow them.
pub(super) fn sims_columns(
    are_there: bool,
) -> impl Iterator<Item = (String, fn(&Metrics) -> Option<f64>)> {
    let columns = MetricSet::Sims.columns().iter().filter(move |_| are_there);
    columns.map(|(name, metric)| (format!("sims_{}", name.to_lowercase()), *metric))
}

fn predictions_table(reports: &[EvalReport]) -> Vec<Vec<String>> {
    let heading = ["id", "source", "label"].map(ToOwned::to_owned);
    let protocols = reports.iter().map(|report| report.protocol.clone());
    let mut rows = vec![heading.into_iter().chain(protocols).collect()];
    // All score utterances in the order of the data set; one may leave some out.
    let all = reports.iter().map(|report| &report.utterances);
    let all = all.max_by_key(|utterances| utterances.len());
    let mut scored: Vec<_> = (reports.iter())
        .map(|report| report.utterances.iter().peekable())
        .collect();
    for utterance in all.into_iter().flatten() {
        let mut row = vec![
            utterance.id.clone(),
            utterance.source.clone(),
            utterance.label.to_string(),
        ];
        row.extend(scored.iter_mut().map(|scored| {
            let own = scored.next_if(|one| one.id == utterance.id);
            own.map_or_else(String::new, |own| own.score.to_string())
        }));
        rows.push(row);
    }
    rows
}

fn text(value: Option<f64>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

/// Writes rows, the heading first, as CSV.
///
/// # Errors
/// When the file cannot be written.
pub(super) fn write_table(path: &Path, rows: &[Vec<String>]) -> Result<(), FileError> {
    let bytes = to_csv(rows).map_err(FileError::write(path))?;
    write_file(path, &bytes)
}

fn to_csv(rows: &[Vec<String>]) -> std::io::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.write_record(row)?;
    }
    writer.into_inner().map_err(csv::IntoInnerError::into_error)
}
