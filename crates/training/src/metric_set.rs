//! Which metrics tables show: those of MOSI and MOSEI, or those of CH-SIMS.

use super::sims::is_within;
use super::{Dataset, Metrics, SimsMetrics};

/// A metric: its name and its value.
pub type MetricColumn = (&'static str, fn(&Metrics) -> Option<f64>);

/// The metrics that papers report of a kind of data.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum MetricSet {
    /// Of MOSI and MOSEI, with labels from −3 to 3.
    #[default]
    Mosi,
    /// Of CH-SIMS and CH-SIMS v2, with labels from −1 to 1.
    Sims,
}

/// Accuracies and F1 of two classes leave out utterances whose truth is 0, as the field does, unless they
/// say `has0`.
const MOSI: [MetricColumn; 8] = [
    ("MAE", |metrics| Some(metrics.mae)),
    ("corr", |metrics| metrics.corr),
    ("acc2", |metrics| metrics.acc2_non0),
    ("F1", |metrics| metrics.f1_non0),
    ("acc7", |metrics| Some(metrics.acc7)),
    ("acc5", |metrics| Some(metrics.acc5)),
    ("acc2 has0", |metrics| Some(metrics.acc2_has0)),
    ("F1 has0", |metrics| Some(metrics.f1_has0)),
];

const SIMS: [MetricColumn; 6] = [
    ("MAE", |metrics| of(metrics, |sims| Some(sims.mae))),
    ("corr", |metrics| of(metrics, |sims| sims.corr)),
    ("acc2", |metrics| of(metrics, |sims| Some(sims.acc2))),
    ("F1", |metrics| of(metrics, |sims| Some(sims.f1))),
    ("acc3", |metrics| of(metrics, |sims| Some(sims.acc3))),
    ("acc5", |metrics| of(metrics, |sims| Some(sims.acc5))),
];

fn of(metrics: &Metrics, metric: fn(&SimsMetrics) -> Option<f64>) -> Option<f64> {
    metric(metrics.sims.as_ref()?)
}

/// A label for which a set of metrics is not made.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error(
    "the label of {id:?} is {label}: the metrics of CH-SIMS are for labels from -1 to 1; leave out \
     `--metrics sims`, or import the labels as CH-SIMS has them"
)]
pub struct OtherLabels {
    /// Which utterance.
    pub id: String,
    /// Its label.
    pub label: f32,
}

impl MetricSet {
    /// Its metrics, the most telling first.
    #[must_use]
    pub fn columns(self) -> &'static [MetricColumn] {
        match self {
            Self::Mosi => &MOSI,
            Self::Sims => &SIMS,
        }
    }

    /// Checks that it is made for the labels of a data set.
    ///
    /// # Errors
    /// Names the first other label.
    pub fn check(self, dataset: &Dataset) -> Result<(), OtherLabels> {
        let mut entries = dataset.entries().iter();
        let other = entries.find(|entry| self == Self::Sims && !is_within(&[entry.label]));
        other.map_or(Ok(()), |entry| {
            Err(OtherLabels {
                id: entry.id.clone(),
                label: entry.label,
            })
        })
    }
}
