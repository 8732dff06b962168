//! The tables that end a run: one row per recording, and the totals.

use std::time::Duration;

use super::progress::pace;
use undertone_reports::{Polarity, SummaryLine};
use undertone_terminal::columns;

/// A recording in the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its name.
    pub clip: String,
    /// How many utterances it has.
    pub utterances: String,
    /// Where their texts came from.
    pub text: String,
    /// Mean score, weighted by duration.
    pub mean: String,
    /// What that means in a word.
    pub label: String,
}

impl Row {
    /// A recording that has a report.
    #[must_use]
    pub fn done(clip: &str, summary: &SummaryLine) -> Self {
        let span = summary.sentiment.as_ref();
        let missing = summary.sentiment_missing.as_deref();
        let label = match span.map(|span| span.polarity) {
            Some(Polarity::Negative) => "negative",
            Some(Polarity::Neutral) => "neutral",
            Some(Polarity::Positive) => "positive",
            None => missing.unwrap_or("no utterances"),
        };
        Self {
            clip: clip.to_owned(),
            utterances: summary.utterances.to_string(),
            text: text_sources(summary),
            mean: span.map_or_else(|| "-".to_owned(), |span| format!("{:+.2}", span.mean)),
            label: match breaks_off(summary) {
                Some(at) => format!("{label}; {at}"),
                None => label.to_owned(),
            },
        }
    }

    /// A recording that has none.
    #[must_use]
    pub fn failed(clip: &str, why: &str) -> Self {
        Self {
            clip: clip.to_owned(),
            utterances: "-".to_owned(),
            text: "-".to_owned(),
            mean: "-".to_owned(),
            label: format!("failed: {why}"),
        }
    }
}

/// Where a recording breaks off, if it does: "breaks off after 4.00 s of 9.00 s".
pub(super) fn breaks_off(summary: &SummaryLine) -> Option<String> {
    let reached_s = summary.truncated.then_some(summary.duration_s)??;
    let of = summary
        .declared_s
        .map_or_else(String::new, |declared_s| format!(" of {declared_s:.2} s"));
    Some(format!("breaks off after {reached_s:.2} s{of}"))
}

/// For example "transcript", or "3 transcript, 1 simulated".
fn text_sources(summary: &SummaryLine) -> String {
    let count = |share: f64| (share * f64::from(summary.utterances)).round() as u32;
    let transcribed = count(summary.text.transcribed);
    let simulated = count(summary.text.simulated);
    let none = summary.utterances.saturating_sub(transcribed + simulated);
    let sources = [
        (transcribed, "transcript"),
        (simulated, "simulated"),
        (none, "none"),
    ];
    let there: Vec<_> = sources.iter().filter(|(count, _)| *count > 0).collect();
    match there.as_slice() {
        [] => "-".to_owned(),
        [(_, only)] => (*only).to_owned(),
        several => {
            let counted = several
                .iter()
                .map(|(count, source)| format!("{count} {source}"));
            counted.collect::<Vec<_>>().join(", ")
        }
    }
}

/// The rows below a heading, in columns.
#[must_use]
pub fn render_table(rows: &[Row]) -> String {
    let heading = ["clip", "utterances", "text", "mean", "label"].map(ToOwned::to_owned);
    let cells = rows.iter().cloned().map(|row| {
        let Row {
            clip,
            utterances,
            text,
            mean,
            label,
        } = row;
        [clip, utterances, text, mean, label]
    });
    columns(&std::iter::once(heading).chain(cells).collect::<Vec<_>>())
}

/// A whole run in numbers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Totals {
    /// Recordings that got a report.
    pub done: usize,
    /// Recordings that had one.
    pub skipped: usize,
    /// Recordings that another run scored meanwhile.
    pub elsewhere: usize,
    /// Of those with a report, recordings that break off.
    pub truncated: usize,
    /// Recordings that failed.
    pub failed: usize,
    /// Length of what was scored, in seconds.
    pub media_s: f64,
    /// How long it took.
    pub wall: Duration,
}

/// The totals in a line.
#[must_use]
pub fn render_totals(totals: &Totals) -> String {
    let Totals {
        done,
        skipped,
        elsewhere,
        truncated,
        failed,
        media_s,
        wall,
    } = totals;
    let mut parts = vec![format!("{done} done")];
    if *skipped > 0 {
        parts.push(format!("{skipped} had a report already"));
    }
    if *elsewhere > 0 {
        parts.push(format!("{elsewhere} scored by another run"));
    }
    if *truncated > 0 {
        parts.push(format!("{truncated} of them break off"));
    }
    if *failed > 0 {
        parts.push(format!("{failed} failed"));
    }
    let pace = pace(*media_s, *wall);
    let wall_s = wall.as_secs_f64();
    format!("{}; {pace}, in {wall_s:.1} s\n", parts.join(", "))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use undertone_reports::{SpanLine, TextShares};

    fn summary(utterances: u32, transcribed: f64, simulated: f64) -> SummaryLine {
        SummaryLine {
            path: "in/a.mp4".to_owned(),
            blake3: String::new(),
            truncated: false,
            duration_s: None,
            declared_s: None,
            utterances,
            scored_s: 4.0,
            sentiment: (utterances > 0).then_some(SpanLine {
                mean: -1.234,
                min: -2.0,
                max: 0.0,
                polarity: Polarity::Negative,
                interval_90: None,
            }),
            sentiment_missing: None,
            text: TextShares {
                transcribed,
                simulated,
            },
            languages: BTreeMap::new(),
            speakers: Vec::new(),
            stage_s: BTreeMap::new(),
        }
    }

    #[test]
    fn a_recording_without_scores_says_why() {
        let unscored = SummaryLine {
            sentiment: None,
            sentiment_missing: Some("the bundle has no fusion network".to_owned()),
            ..summary(2, 1.0, 0.0)
        };
        let row = Row::done("a.mp4", &unscored);
        assert_eq!(row.label, "the bundle has no fusion network");
    }

    #[test]
    fn the_table_is_aligned() {
        let rows = [
            Row::done("a.mp4", &summary(3, 0.6667, 0.3333)),
            Row::done("longer-name.mkv", &summary(1, 0.0, 0.0)),
            Row::done("silent.mp4", &summary(0, 0.0, 0.0)),
            Row::failed("ü.avi", "no stream can be read"),
        ];
        assert_eq!(
            render_table(&rows),
            "clip             utterances  text                       mean   label\n\
             a.mp4            3           2 transcript, 1 simulated  -1.23  negative\n\
             longer-name.mkv  1           none                       -1.23  negative\n\
             silent.mp4       0           -                          -      no utterances\n\
             ü.avi            -           -                          -      failed: no stream can be read\n"
        );
    }

    #[test]
    fn the_totals_name_only_what_happened() {
        let totals = Totals {
            done: 2,
            failed: 1,
            media_s: 120.0,
            wall: Duration::from_secs(60),
            ..Totals::default()
        };
        assert_eq!(
            render_totals(&totals),
            "2 done, 1 failed; 2.0 min of video, 2.0× real time, in 60.0 s\n"
        );
    }
}
