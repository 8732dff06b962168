//! Who speaks: known when the recording has ended, since all its voices are compared.

use undertone_speakers::Voices;
use undertone_types::Voice;

use super::lines::{SpanLine, SpeakerLine, UtteranceLine};
use super::render::polarity;
use super::rounding::{rounded, rounded_s};

/// The voices of a recording, and what is summed up for each speaker. A few bytes for each
/// utterance.
#[derive(Debug, Default)]
pub(super) struct Speakers {
    voices: Voices,
    utterances: Vec<Spoken>,
}

/// What an utterance adds to the sums of its speaker.
#[derive(Clone, Copy, Debug)]
struct Spoken {
    duration_s: f64,
    score: Option<f64>,
}

impl Speakers {
    /// Adds the next utterance of the recording.
    pub(super) fn add(&mut self, line: &UtteranceLine, voice: Option<&Voice>) {
        self.voices.push(voice);
        self.utterances.push(Spoken {
            // As in the summary: so that the mean is defined even without any length.
            duration_s: (line.end_s - line.start_s).max(1e-3),
            score: line.sentiment.as_ref().map(|sentiment| sentiment.score),
        });
    }

    /// The speakers in the order of their numbers, and that of each utterance.
    pub(super) fn told_apart(self) -> (Vec<SpeakerLine>, Vec<Option<u32>>) {
        let told_apart = self.voices.tell_apart();
        let count = told_apart.iter().flatten().max().copied();
        let of = |number: u32| {
            let all = self.utterances.iter().zip(&told_apart);
            let own = all.filter(|(_, speaker)| **speaker == Some(number));
            speaker_line(number, own.map(|(spoken, _)| *spoken))
        };
        let speakers = (1..=count.unwrap_or_default()).map(of).collect();
        (speakers, told_apart)
    }
}

fn speaker_line(speaker: u32, spoken: impl Iterator<Item = Spoken>) -> SpeakerLine {
    let (mut utterances, mut spoken_s, mut scored_s, mut weighted) = (0, 0.0, 0.0, 0.0);
    let mut range: Option<(f64, f64)> = None;
    for one in spoken {
        utterances += 1;
        spoken_s += one.duration_s;
        if let Some(score) = one.score {
            scored_s += one.duration_s;
            weighted += one.duration_s * score;
            let (min, max) = range.unwrap_or((score, score));
            range = Some((min.min(score), max.max(score)));
        }
    }
    SpeakerLine {
        speaker,
        utterances,
        spoken_s: rounded_s(spoken_s),
        scored_s: rounded_s(scored_s),
        sentiment: range.map(|(min, max)| {
            let mean = rounded(weighted / scored_s);
            SpanLine {
                mean,
                min,
                max,
                polarity: polarity(mean),
                // Errors are known of the means of recordings, not of speakers.
                interval_90: None,
            }
        }),
    }
}
