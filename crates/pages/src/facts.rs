//! What is said of a recording as a whole, and of a folder of recordings.

use serde::Serialize;

use undertone_reports::{Report, TextOriginName, TextSourceName, UtteranceLine};

/// Bins of a distribution, from −3 to 3.
const BINS: usize = 24;
/// Recordings that are named for each kind of outlier.
const NAMED: usize = 5;

/// How a recording's utterances came by their text, and how sure that makes its scores.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(super) struct RecordingFacts {
    /// Utterances whose transcript was trusted.
    pub heard: usize,
    /// Utterances whose transcript was used although its confidence is below the gate.
    pub doubted: usize,
    /// Utterances whose text was simulated.
    pub simulated: usize,
    /// Utterances without text.
    pub without_text: usize,
    /// Utterances without a score.
    pub unscored: usize,
    /// Utterances with notes.
    pub noted: usize,
    /// Share of the time of all utterances that is unsure, 0 to 1.
    pub unsure: f64,
}

impl RecordingFacts {
    pub(super) fn of(utterances: &[UtteranceLine]) -> Self {
        let mut facts = Self::default();
        let (mut all_s, mut unsure_s) = (0.0, 0.0);
        for utterance in utterances {
            *match utterance.text.source {
                TextSourceName::Transcript if is_sure(utterance) => &mut facts.heard,
                TextSourceName::Transcript => &mut facts.doubted,
                TextSourceName::Simulated => &mut facts.simulated,
                TextSourceName::None => &mut facts.without_text,
            } += 1;
            facts.unscored += usize::from(utterance.sentiment.is_none());
            facts.noted += usize::from(!utterance.notes.is_empty());
            // So that utterances without a length count as well.
            let length_s = (utterance.end_s - utterance.start_s).max(1e-3);
            all_s += length_s;
            if !is_sure(utterance) || utterance.sentiment.is_none() {
                unsure_s += length_s;
            }
        }
        if all_s > 0.0 {
            facts.unsure = unsure_s / all_s;
        }
        facts
    }
}

/// True when somebody wrote the words down, or they were heard with enough confidence.
fn is_sure(utterance: &UtteranceLine) -> bool {
    let text = &utterance.text;
    if text.origin == Some(TextOriginName::Sidecar) {
        return true;
    }
    let confidence = text.confidence.unwrap_or_default();
    text.source == TextSourceName::Transcript && confidence >= text.gate && text.doubt.is_none()
}

/// How often scores occur.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(super) struct Distribution {
    /// Counts of equally wide bins from −3 to 3; each holds its lower limit, the last both.
    pub bins: Vec<usize>,
    /// Middle score; absent without any.
    pub median: Option<f64>,
}

impl Distribution {
    fn of(mut scores: Vec<f64>) -> Self {
        let mut bins = vec![0; BINS];
        for score in &scores {
            let place = (score + 3.0) / 6.0 * BINS as f64;
            // A cast of a float saturates.
            bins[(place as usize).min(BINS - 1)] += 1;
        }
        scores.sort_by(f64::total_cmp);
        let middle = |at: usize| scores.get(at).copied();
        let half = scores.len() / 2;
        let median = match scores.len() % 2 {
            1 => middle(half),
            _ => middle(half)
                .zip(middle(half.wrapping_sub(1)))
                .map(|(upper, lower)| f64::midpoint(lower, upper)),
        };
        Self { bins, median }
    }
}

/// What stands out in a folder: numbers of its recordings, the most outstanding first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Outliers {
    /// Highest mean.
    pub highest: Vec<u64>,
    /// Lowest mean.
    pub lowest: Vec<u64>,
    /// Widest range of scores, of those with several.
    pub swing: Vec<u64>,
    /// Largest share of unsure time, of those with a score.
    pub unsure: Vec<u64>,
}

/// What a recording is compared with others by.
#[derive(Debug)]
pub struct Standing {
    mean: Option<f64>,
    swing: f64,
    unsure: f64,
    /// Of its utterances.
    scores: Box<[f64]>,
}

impl Standing {
    pub(super) fn of(report: &Report, facts: &RecordingFacts) -> Self {
        let span = report.summary.sentiment.as_ref();
        let sentiments = report.utterances.iter();
        let sentiments = sentiments.filter_map(|one| one.sentiment.as_ref());
        Self {
            mean: span.map(|span| span.mean),
            swing: span.map_or(0.0, |span| span.max - span.min),
            unsure: facts.unsure,
            scores: sentiments.map(|sentiment| sentiment.score).collect(),
        }
    }
}

/// What is said of a folder's recordings together.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct FolderFacts {
    means: Distribution,
    scores: Distribution,
    outliers: Outliers,
}

impl FolderFacts {
    /// Of recordings, each with the number by which outliers are named.
    pub fn of<'a>(recordings: impl Iterator<Item = (u64, &'a Standing)>) -> Self {
        let recordings: Vec<_> = recordings.collect();
        let means = recordings.iter().filter_map(|(_, one)| one.mean);
        let scores = recordings.iter().flat_map(|(_, one)| &one.scores).copied();
        Self {
            means: Distribution::of(means.collect()),
            scores: Distribution::of(scores.collect()),
            outliers: Outliers::of(&recordings),
        }
    }
}

impl Outliers {
    fn of(recordings: &[(u64, &Standing)]) -> Self {
        let if_any = |value: f64| (value > 0.0).then_some(value);
        Self {
            highest: most(recordings, |one| one.mean),
            lowest: most(recordings, |one| one.mean.map(|mean| -mean)),
            swing: most(recordings, |one| if_any(one.swing)),
            unsure: most(recordings, |one| one.mean.and_then(|_| if_any(one.unsure))),
        }
    }
}

/// The recordings of the highest values, of those that have one.
fn most(recordings: &[(u64, &Standing)], value: impl Fn(&Standing) -> Option<f64>) -> Vec<u64> {
    let values = recordings.iter();
    let mut values: Vec<_> = values
        .filter_map(|(number, one)| Some((*number, value(one)?)))
        .collect();
    values.sort_by(|(_, a), (_, b)| b.total_cmp(a));
    values.truncate(NAMED);
    values.into_iter().map(|(number, _)| number).collect()
}

#[cfg(test)]
mod tests {
    use undertone_reports::fixtures::write_report;
    use undertone_reports::{Record, read_record};

    use super::*;

    fn report(scores: &[f32]) -> Report {
        let out = tempfile::tempdir().unwrap();
        match read_record(&write_report(out.path(), scores)).unwrap() {
            Record::Report(report) => *report,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_not_heard_for_sure_is_unsure() {
        // Utterances of 1, 2 and 3 s; the text of the second is simulated.
        let mut utterances = report(&[1.0, 1.0, 1.0]).utterances;
        let facts = RecordingFacts::of(&utterances);
        assert_eq!((facts.heard, facts.simulated), (2, 1));
        assert!((facts.unsure - 2.0 / 6.0).abs() < 1e-9, "{facts:?}");
        utterances[0].text.confidence = Some(0.1);
        utterances[2].sentiment = None;
        utterances[2].text.source = TextSourceName::None;
        let facts = RecordingFacts::of(&utterances);
        let counts = (
            facts.heard,
            facts.doubted,
            facts.without_text,
            facts.unscored,
        );
        assert_eq!(counts, (0, 1, 1, 1));
        assert!((facts.unsure - 1.0).abs() < 1e-9, "{facts:?}");
        assert_eq!(RecordingFacts::of(&[]), RecordingFacts::default());
    }

    #[test]
    fn every_score_has_a_bin() {
        let distribution = Distribution::of(vec![-3.0, -2.76, 0.0, 0.24, 3.0]);
        let mut expected = vec![0; BINS];
        (expected[0], expected[12], expected[23]) = (2, 2, 1);
        assert_eq!(distribution.bins, expected);
        assert_eq!(distribution.median, Some(0.0));
        assert_eq!(Distribution::of(vec![1.0, 2.0]).median, Some(1.5));
        assert_eq!(Distribution::of(Vec::new()).median, None);
    }

    #[test]
    fn outliers_come_by_how_far_they_stand_out() {
        let scores = [&[2.0][..], &[-2.0, 2.5], &[-1.0], &[], &[0.5, 0.5]];
        let standings = scores.map(|scores| {
            let report = report(scores);
            Standing::of(&report, &RecordingFacts::of(&report.utterances))
        });
        let facts = FolderFacts::of((0..).zip(&standings));
        let outliers = facts.outliers;
        // The means are 2, 1 (of 1 and 2 s), −1, none, 0.5.
        assert_eq!(outliers.highest, [0, 1, 4, 2]);
        assert_eq!(outliers.lowest, [2, 4, 1, 0]);
        assert_eq!(outliers.swing, [1]);
        assert_eq!(outliers.unsure, [1, 4]);
        assert_eq!(facts.means.bins.iter().sum::<usize>(), 4);
        assert_eq!(facts.scores.bins.iter().sum::<usize>(), 6);
    }
}
