//! `--metrics`: which metrics the tables of `eval` and `study` show.

use clap::ValueEnum;
use undertone_training::MetricSet;

/// A set of metrics.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub enum MetricsArg {
    /// Of MOSI and MOSEI: MAE, correlation, accuracies in two, five and seven classes, F1
    #[default]
    Mosi,
    /// Of CH-SIMS, with labels from -1 to 1: MAE, correlation, accuracies in two, three and five
    /// classes, F1
    Sims,
}

impl From<MetricsArg> for MetricSet {
    fn from(metrics: MetricsArg) -> Self {
        match metrics {
            MetricsArg::Mosi => Self::Mosi,
            MetricsArg::Sims => Self::Sims,
        }
    }
}
