//! How good a network is on a split of a data set.

use serde::{Deserialize, Serialize};

use super::bootstrap::{Drawn, Interval, intervals};
use super::conformal::{Covered, covered};
use super::{Dataset, DatasetError, EmptySplit, Metrics, Protocol, metrics};
use undertone_fusion::{
    FusionError, FusionInput, Modality, Network, Scorer, keep_freed_memory, predict,
};
use undertone_types::Split;

/// Utterances in memory at once.
const CHUNK: usize = 256;

/// The result of an evaluation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvalReport {
    /// Which protocol, by name.
    pub protocol: String,
    /// Which split.
    pub split: Split,
    /// How good, to four decimals.
    pub metrics: Metrics,
    /// Its 95 % intervals, to four decimals; `None` without resamples, or with too few
    /// recordings.
    pub interval: Option<Interval>,
    /// How many truths lie within the network's 90 % intervals; `None` where it has none for the protocol.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub covered: Option<Covered>,
    /// Every utterance that counts under it, in the order of the data set.
    pub utterances: Vec<Scored>,
}

/// An utterance with its truth and its score.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scored {
    /// Its id in the data set.
    pub id: String,
    /// The recording it is from.
    pub source: String,
    /// The truth.
    pub label: f32,
    /// The network's score, not clamped.
    pub score: f32,
}

/// A network that cannot be evaluated on a data set.
#[derive(Debug, thiserror::Error)]
pub enum EvalError {
    /// The data set is unusable.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    /// The network cannot score it.
    #[error(transparent)]
    Fusion(#[from] FusionError),
    /// No utterance counts under the protocol.
    #[error("{protocol} cannot be measured: no {split} utterance has {lacking}")]
    Lacking {
        /// Which protocol.
        protocol: String,
        /// Which split.
        split: Split,
        /// What it needs.
        lacking: String,
    },
    /// The network's widths are not the data set's.
    #[error("the network takes {modality} {expected} wide, the data set has {got}")]
    Widths {
        /// Which modality.
        modality: Modality,
        /// The network's width.
        expected: usize,
        /// The data set's width.
        got: usize,
    },
}

impl From<EmptySplit> for EvalError {
    fn from(error: EmptySplit) -> Self {
        Self::Dataset(error.into())
    }
}

impl EvalError {
    /// Whether another command line would help.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        match self {
            Self::Dataset(error) => error.is_usage(),
            Self::Lacking { .. } => true,
            Self::Fusion(_) | Self::Widths { .. } => false,
        }
    }
}

/// Evaluates a scorer on a split under a protocol, with 95 % intervals from `resamples`
/// bootstrap draws of whole recordings (0 for none).
///
/// # Errors
/// When the data set cannot be read, has other widths, or nothing that the protocol needs, or the
/// split is empty.
pub fn evaluate(
    scorer: &Scorer,
    dataset: &Dataset,
    split: Split,
    protocol: Protocol,
    resamples: usize,
) -> Result<EvalReport, EvalError> {
    keep_freed_memory();
    check_widths(scorer.network(), dataset)?;
    let coverage = dataset.coverage(Some(split), &scorer.config().untrained);
    if coverage.utterances > 0
        && let Some(lacking) = protocol.lacks(&coverage)
    {
        return Err(EvalError::Lacking {
            protocol: protocol.to_string(),
            split,
            lacking,
        });
    }
    let utterances = score_split(scorer.network(), dataset, split, protocol)?;
    Ok(EvalReport {
        protocol: protocol.to_string(),
        split,
        metrics: summarise(&utterances, split)?.rounded(),
        interval: interval(&utterances, resamples),
        covered: protocol
            .margin(scorer.config())
            .and_then(|margin| covered(&utterances, &margin)),
        utterances,
    })
}

fn interval(utterances: &[Scored], resamples: usize) -> Option<Interval> {
    let drawn: Vec<Drawn<'_>> = (utterances.iter())
        .map(|one| Drawn {
            source: &one.source,
            label: one.label,
            score: one.score,
        })
        .collect();
    let interval = intervals(&drawn, resamples)?;
    Some(Interval {
        low: interval.low.rounded(),
        high: interval.high.rounded(),
        ..interval
    })
}

/// Scores every utterance of a split that counts under a protocol, not clamped.
pub(super) fn score_split(
    network: &Network,
    dataset: &Dataset,
    split: Split,
    protocol: Protocol,
) -> Result<Vec<Scored>, EvalError> {
    let mut scored = Vec::new();
    let untrained = &network.config().untrained;
    let mut positions = dataset.split(split);
    positions.retain(|&at| protocol.takes(dataset.entries()[at].lengths.without(untrained)));
    for chunk in positions.chunks(CHUNK) {
        let inputs: Vec<FusionInput> = chunk
            .iter()
            .map(|&at| Ok(protocol.input(dataset.example(at)?, at)))
            .collect::<Result<_, DatasetError>>()?;
        let predictions = predict(network, &inputs)?;
        scored.extend(chunk.iter().zip(predictions).map(|(&at, prediction)| {
            let entry = &dataset.entries()[at];
            Scored {
                id: entry.id.clone(),
                source: entry.source.clone(),
                label: entry.label,
                score: prediction.score,
            }
        }));
    }
    Ok(scored)
}

/// The metrics of scored utterances, not rounded.
pub(super) fn summarise(scored: &[Scored], split: Split) -> Result<Metrics, EmptySplit> {
    let truth: Vec<f32> = scored.iter().map(|one| one.label).collect();
    let predicted: Vec<f32> = scored.iter().map(|one| one.score).collect();
    metrics(&truth, &predicted).ok_or(EmptySplit(split))
}

fn check_widths(network: &Network, dataset: &Dataset) -> Result<(), EvalError> {
    let (config, absent) = (network.config(), dataset.coverage(None, &[]).absent());
    for modality in Modality::ALL {
        // Of a modality that is not there, or not looked at, the width says nothing.
        if config.untrained.contains(&modality) || absent.contains(&modality) {
            continue;
        }
        let expected = *network.config().widths.get(modality);
        let got = *dataset.info().widths.get(modality);
        if expected != got {
            return Err(EvalError::Widths {
                modality,
                expected,
                got,
            });
        }
    }
    Ok(())
}
