//! The results of a study as a table.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::evaluate::{Scored, summarise};
use super::publish::{sims_columns, write_table};
use super::significance::p_value;
use super::{EmptySplit, MetricSet, Metrics};
use crate::files::{FileError, write_json};
use undertone_types::Split;

/// A model under a protocol, over seeds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StudyRow {
    /// Which model.
    pub model: String,
    /// Under which protocol.
    pub protocol: String,
    /// The metrics of each seed, in their order, to four decimals.
    pub seeds: Vec<Metrics>,
    /// How likely a difference of MAE from the study's first model, under the same protocol, would be by
    /// chance; `None` for that model, and where recordings are too few.
    pub p_value: Option<f64>,
}

/// What a model under a protocol gave, of each seed.
pub(super) struct StudyScores {
    pub(super) model: String,
    pub(super) protocol: String,
    pub(super) seeds: Vec<Vec<Scored>>,
}

/// A row for each; all are compared with the first model.
pub(super) fn rows(found: &[StudyScores]) -> Result<Vec<StudyRow>, EmptySplit> {
    let row = |scores: &StudyScores| {
        let mut rivals = found.iter().filter(|one| one.protocol == scores.protocol);
        let reference = rivals.next().filter(|first| first.model != scores.model);
        StudyRow::new(scores, reference)
    };
    found.iter().map(row).collect()
}

/// A metric over seeds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// The mean.
    pub mean: f64,
    /// The sample's standard deviation; `None` for one seed.
    pub deviation: Option<f64>,
}

impl StudyRow {
    /// From each seed's scored utterances, compared with those of `reference`.
    fn new(scores: &StudyScores, reference: Option<&StudyScores>) -> Result<Self, EmptySplit> {
        let metrics = |scored: &Vec<Scored>| summarise(scored, Split::Test).map(Metrics::rounded);
        Ok(Self {
            model: scores.model.clone(),
            protocol: scores.protocol.clone(),
            seeds: (scores.seeds.iter())
                .map(metrics)
                .collect::<Result<_, _>>()?,
            p_value: reference.and_then(|reference| p_value(&scores.seeds, &reference.seeds)),
        })
    }

    /// A metric over the seeds; `None` where one of them does not have it.
    #[must_use]
    pub fn spread(&self, metric: fn(&Metrics) -> Option<f64>) -> Option<Spread> {
        let values: Vec<f64> = self.seeds.iter().map(metric).collect::<Option<_>>()?;
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        Some(Spread {
            mean,
            deviation: (values.len() > 1).then(|| (squares / (count - 1.0)).sqrt()),
        })
    }
}

/// Writes `study.json` (every seed) and `study.csv` (mean and deviation, and the
/// probability that a difference from the first model is chance) into a folder.
///
/// # Errors
/// When the folder cannot be written.
pub fn publish_study(rows: &[StudyRow], folder: &Path) -> Result<(), FileError> {
    write_json(&folder.join("study.json"), rows)?;
    let mut heading = ["model", "protocol", "seeds", "count"]
        .map(ToOwned::to_owned)
        .to_vec();
    let columns = MetricSet::Mosi.columns();
    let mut seeds = rows.iter().flat_map(|row| &row.seeds);
    let sims: Vec<_> = sims_columns(seeds.any(|seed| seed.sims.is_some())).collect();
    for (name, _) in columns {
        heading.extend([(*name).to_owned(), format!("{name}_deviation")]);
    }
    heading.push("p".to_owned());
    for (name, _) in &sims {
        heading.extend([name.clone(), format!("{name}_deviation")]);
    }
    let number = |value: Option<f64>| value.map_or_else(String::new, |value| format!("{value:.4}"));
    let mut table = vec![heading];
    for row in rows {
        let count = row.seeds.first().map_or(0, |metrics| metrics.count);
        let mut line = vec![
            row.model.clone(),
            row.protocol.clone(),
            row.seeds.len().to_string(),
            count.to_string(),
        ];
        let cells = |metric: fn(&Metrics) -> Option<f64>| {
            let spread = row.spread(metric);
            let deviation = spread.and_then(|spread| spread.deviation);
            [number(spread.map(|spread| spread.mean)), number(deviation)]
        };
        line.extend(columns.iter().flat_map(|(_, metric)| cells(*metric)));
        line.push(number(row.p_value));
        line.extend(sims.iter().flat_map(|(_, metric)| cells(*metric)));
        table.push(line);
    }
    write_table(&folder.join("study.csv"), &table)
}
