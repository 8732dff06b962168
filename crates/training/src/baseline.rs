//! The baselines of a study: ridge regression on the means over time, and one score for everything.

use super::evaluate::{Scored, summarise};
use super::ridge::{Ridge, Row, pooled};
use super::{Dataset, DatasetError, EvalError, EvalReport, Protocol, StudyError};
use undertone_types::Split;

/// A ridge regression from the modalities of one protocol to the label.
#[derive(Debug)]
pub(super) struct Baseline(Ridge);

impl Baseline {
    /// Fits it to the training split under `protocol`; the penalty is chosen on the validation
    /// split.
    ///
    /// # Errors
    /// When the data set cannot be read or a split is empty.
    pub(super) fn fit(dataset: &Dataset, protocol: Protocol) -> Result<Self, StudyError> {
        let pairs = |split| -> Result<(Vec<Row>, Vec<Row>), DatasetError> {
            let mut pairs = (Vec::new(), Vec::new());
            for at in dataset.split(split) {
                pairs.0.push(inputs(dataset, at, protocol)?);
                pairs.1.push(vec![f64::from(dataset.entries()[at].label)]);
            }
            Ok(pairs)
        };
        let (train, val) = (pairs(Split::Train)?, pairs(Split::Val)?);
        Ok(Self(Ridge::fit((&train.0, &train.1), (&val.0, &val.1))?))
    }

    /// Scores a split under `protocol`.
    ///
    /// # Errors
    /// When the data set cannot be read.
    pub(super) fn score(
        &self,
        dataset: &Dataset,
        protocol: Protocol,
        split: Split,
    ) -> Result<Vec<Scored>, DatasetError> {
        let mut positions = dataset.split(split);
        positions.retain(|&at| protocol.takes(dataset.entries()[at].lengths));
        let one = |at: usize| {
            let entry = &dataset.entries()[at];
            let score = self.0.predict(&inputs(dataset, at, protocol)?);
            Ok(Scored {
                id: entry.id.clone(),
                source: entry.source.clone(),
                label: entry.label,
                score: score[0] as f32,
            })
        };
        positions.into_iter().map(one).collect()
    }
}

/// What ridge regression on the means over time makes of a split, without intervals.
///
/// # Errors
/// When the data set cannot be read, or the training, validation or this split is empty.
pub fn ridge(
    dataset: &Dataset,
    protocol: Protocol,
    split: Split,
) -> Result<EvalReport, StudyError> {
    let baseline = Baseline::fit(dataset, protocol)?;
    let utterances = baseline.score(dataset, protocol, split)?;
    let metrics = summarise(&utterances, split).map_err(EvalError::from)?;
    Ok(EvalReport {
        protocol: protocol.to_string(),
        split,
        metrics: metrics.rounded(),
        interval: None,
        covered: None,
        utterances,
    })
}

/// Gives every utterance of a split the median of the training labels: of all single scores the one with
/// the least mean absolute error there.
pub(super) fn median(dataset: &Dataset, split: Split) -> Vec<Scored> {
    let entries = dataset.entries();
    let of = |split| dataset.split(split).into_iter().map(|at| &entries[at]);
    let mut labels: Vec<f32> = of(Split::Train).map(|entry| entry.label).collect();
    labels.sort_by(f32::total_cmp);
    let score = labels.get(labels.len() / 2).copied().unwrap_or_default();
    let scored = of(split).map(|entry| Scored {
        id: entry.id.clone(),
        source: entry.source.clone(),
        label: entry.label,
        score,
    });
    scored.collect()
}

fn inputs(dataset: &Dataset, at: usize, protocol: Protocol) -> Result<Row, DatasetError> {
    let given = protocol.input(dataset.example(at)?, at);
    Ok(pooled(&[&given.audio, &given.text, &given.video]))
}
