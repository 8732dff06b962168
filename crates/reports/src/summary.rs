//! The last line of a report, summed up utterance by utterance.

use std::collections::BTreeMap;

use undertone_types::{MediaFacts, Recording, RecordingMargin, Stage};

use super::lines::{SpanLine, SpeakerLine, SummaryLine, TextShares, TextSourceName, UtteranceLine};
use super::render::{declared_s, interval, path_text, polarity};
use super::rounding::{rounded, rounded_s};

/// Running sums over utterances.
#[derive(Debug, Default)]
pub(super) struct Sums {
    utterances: u32,
    transcribed: u32,
    simulated: u32,
    scored_s: f64,
    weighted: f64,
    margins: Margins,
    range: Option<(f64, f64)>,
    missing: Option<String>,
    /// Seconds of the utterances in each language.
    languages: BTreeMap<String, f64>,
}

/// Sums of what is known of the errors of scored utterances.
#[derive(Debug, Default)]
struct Margins {
    /// Of the squares of their durations, by the variance of their own errors.
    own: f64,
    /// Of durations, by the deviation of the error that they share.
    shared: f64,
    /// Of durations, by the factor.
    factor: f64,
    /// Whether nothing is known of one of them.
    unknown: bool,
}

impl Margins {
    fn add(&mut self, margin: Option<RecordingMargin>, duration_s: f64) {
        let Some(margin) = margin else {
            self.unknown = true;
            return;
        };
        let (own, shared) = (f64::from(margin.own), f64::from(margin.shared));
        self.own += duration_s.powi(2) * own.powi(2);
        self.shared += duration_s * shared;
        self.factor += duration_s * f64::from(margin.factor);
    }

    /// Around the mean of all, weighted by duration; `None` where it is not known of each.
    fn around_mean(&self, scored_s: f64) -> Option<f64> {
        let [shared, factor] = [self.shared, self.factor].map(|sum| sum / scored_s);
        let own = self.own / scored_s.powi(2);
        (!self.unknown).then(|| factor * (shared.powi(2) + own).sqrt())
    }
}

impl Sums {
    pub(super) fn add(&mut self, line: &UtteranceLine, margin: Option<RecordingMargin>) {
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
                self.margins.add(margin, duration_s);
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
        speakers: Vec<SpeakerLine>,
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
                    interval_90: self
                        .margins
                        .around_mean(self.scored_s)
                        .map(|margin| interval(mean, margin)),
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
            speakers,
            stage_s: stages
                .map(|(stage, seconds)| (stage.name().to_owned(), rounded_s(*seconds)))
                .collect(),
        }
    }
}
