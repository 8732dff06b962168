//! The last line of a report, summed up utterance by utterance.

use std::collections::BTreeMap;

use undertone_types::{MediaFacts, Recording, Stage};

use super::lines::{SpanLine, SummaryLine, TextShares, TextSourceName, UtteranceLine};
use super::render::{declared_s, path_text, polarity};
use super::rounding::{rounded, rounded_s};

/// Running sums over utterances.
#[derive(Debug, Default)]
pub(super) struct Sums {
    utterances: u32,
    transcribed: u32,
    simulated: u32,
    scored_s: f64,
    weighted: f64,
    range: Option<(f64, f64)>,
    missing: Option<String>,
    /// Seconds of the utterances in each language.
    languages: BTreeMap<String, f64>,
}

impl Sums {
    pub(super) fn add(&mut self, line: &UtteranceLine) {
        // So that the mean is defined even when all utterances have no length.
        let duration_s = (line.end_s - line.start_s).max(1e-3);
        self.utterances += 1;
        match line.text.source {
            TextSourceName::Transcript => self.transcribed += 1,
            TextSourceName::Simulated => self.simulated += 1,
            TextSourceName::None => {}
        }
        if let Some(language) = &line.text.language {
            *self.languages.entry(language.code.clone()).or_default() += duration_s;
        }
        match &line.sentiment {
            Some(sentiment) => {
                let score = sentiment.score;
                self.scored_s += duration_s;
                self.weighted += duration_s * score;
                let (min, max) = self.range.unwrap_or((score, score));
                self.range = Some((min.min(score), max.max(score)));
            }
            None => self.missing.clone_from(&line.sentiment_missing),
        }
    }

    pub(super) fn line(
        &self,
        recording: &Recording,
        facts: &MediaFacts,
        stage_s: &BTreeMap<Stage, f64>,
    ) -> SummaryLine {
        let share = |count: u32| rounded(f64::from(count) / f64::from(self.utterances.max(1)));
        let stages = stage_s.iter();
        let heard_s = self.languages.values().sum::<f64>();
        SummaryLine {
            path: path_text(recording),
            blake3: recording.blake3.clone(),
            utterances: self.utterances,
            truncated: facts.truncated.is_some(),
            duration_s: facts
                .truncated
                .as_ref()
                .and(facts.duration_s)
                .map(rounded_s),
            declared_s: declared_s(facts),
            scored_s: rounded_s(self.scored_s),
            sentiment: self.range.map(|(min, max)| {
                let mean = rounded(self.weighted / self.scored_s);
                SpanLine {
                    mean,
                    min,
                    max,
                    polarity: polarity(mean),
                }
            }),
            sentiment_missing: self.missing.clone(),
            text: TextShares {
                transcribed: share(self.transcribed),
                simulated: share(self.simulated),
            },
            languages: self
                .languages
                .iter()
                .map(|(code, seconds)| (code.clone(), rounded(seconds / heard_s)))
                .collect(),
            stage_s: stages
                .map(|(stage, seconds)| (stage.name().to_owned(), rounded_s(*seconds)))
                .collect(),
        }
    }
}
