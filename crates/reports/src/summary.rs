//! The last line of a report, summed up utterance by utterance.

use std::collections::BTreeMap;

use undertone_types::Stage;

use super::lines::{SpanLine, SummaryLine, TextShares, TextSourceName, UtteranceLine};
use super::render::polarity;
use super::rounding::{rounded, rounded_s};

/// Running sums over utterances.
#[derive(Debug, Default)]
pub(super) struct Sums {
    utterances: u32,
    transcribed: u32,
    simulated: u32,
    duration_s: f64,
    weighted: f64,
    range: Option<(f64, f64)>,
}

impl Sums {
    pub(super) fn add(&mut self, line: &UtteranceLine) {
        // So that the mean is defined even when all utterances have no length.
        let duration_s = (line.end_s - line.start_s).max(1e-3);
        let score = line.sentiment.score;
        self.utterances += 1;
        match line.text.source {
            TextSourceName::Transcript => self.transcribed += 1,
            TextSourceName::Simulated => self.simulated += 1,
            TextSourceName::None => {}
        }
        self.duration_s += duration_s;
        self.weighted += duration_s * score;
        let (min, max) = self.range.unwrap_or((score, score));
        self.range = Some((min.min(score), max.max(score)));
    }

    pub(super) fn line(&self, stage_s: &BTreeMap<Stage, f64>) -> SummaryLine {
        let share = |count: u32| rounded(f64::from(count) / f64::from(self.utterances.max(1)));
        let stages = stage_s.iter();
        SummaryLine {
            utterances: self.utterances,
            scored_s: rounded_s(self.duration_s),
            sentiment: self.range.map(|(min, max)| {
                let mean = rounded(self.weighted / self.duration_s);
                SpanLine {
                    mean,
                    min,
                    max,
                    polarity: polarity(mean),
                }
            }),
            text: TextShares {
                transcribed: share(self.transcribed),
                simulated: share(self.simulated),
            },
            stage_s: stages
                .map(|(stage, seconds)| (stage.name().to_owned(), rounded_s(*seconds)))
                .collect(),
        }
    }
}
