//! Praat's TextGrid: tiers of intervals that together cover the whole recording.

use std::io::Write;

use undertone_reports::{Report, UtteranceLine};

use crate::words::{Words, heard_words, one_line, polarity, score, source, speaker};
use crate::{ExportError, Format, without_overlaps};

/// Shortest interval: words without a length get so much.
const SHORTEST_S: f64 = 1e-3;

/// A stretch of time and its label.
#[derive(Clone, Debug, PartialEq)]
struct Interval {
    start_s: f64,
    end_s: f64,
    label: String,
}

/// Intervals, each of which begins where the one before it ends.
struct Tier {
    name: &'static str,
    intervals: Vec<Interval>,
}

pub(crate) fn write(report: &Report, mut out: impl Write) -> Result<(), ExportError> {
    without_overlaps(report, Format::Textgrid)?;
    let mut tiers = tiers(report);
    let ends_s = tiers
        .iter()
        .filter_map(|tier| tier.intervals.last())
        .map(|last| last.end_s);
    let end_s = ends_s
        .chain(report.recording.media.duration_s)
        .fold(0.0, f64::max);
    if end_s == 0.0 {
        return Err(ExportError::NoLength);
    }
    tiers.iter_mut().for_each(|tier| tier.reach(end_s));
    write!(
        out,
        "File type = \"ooTextFile\"\nObject class = \"TextGrid\"\n\nxmin = 0\nxmax = {end_s}\n\
         tiers? <exists>\nsize = {}\nitem []:\n",
        tiers.len()
    )?;
    for (number, tier) in (1..).zip(&tiers) {
        writeln!(out, "    item [{number}]:")?;
        tier.write(end_s, &mut out)?;
    }
    Ok(())
}

fn tiers(report: &Report) -> Vec<Tier> {
    let tier = |name, label: &dyn Fn(&UtteranceLine) -> String| {
        let mut tier = Tier::new(name);
        for utterance in &report.utterances {
            tier.push(utterance.start_s, utterance.end_s, label(utterance));
        }
        tier
    };
    let confidence =
        |it: &UtteranceLine| it.text.confidence.map_or(String::new(), |p| p.to_string());
    let mut tiers = vec![
        tier("utterance", &|it| Words::of(it).to_string()),
        tier("sentiment", &|it| polarity(it).to_owned()),
        tier("score", &score),
        tier("text source", &|it| source(it).to_owned()),
        tier("confidence", &confidence),
    ];
    if !report.summary.speakers.is_empty() {
        tiers.push(tier("speaker", &speaker));
    }
    if report.recording.config.words {
        let mut words = Tier::new("word");
        for word in report.utterances.iter().flat_map(heard_words) {
            words.push(word.start_s, word.end_s, one_line(&word.word));
        }
        tiers.push(words);
    }
    tiers
}

impl Tier {
    fn new(name: &'static str) -> Self {
        Self {
            name,
            intervals: Vec::new(),
        }
    }

    fn reached_s(&self) -> f64 {
        self.intervals.last().map_or(0.0, |last| last.end_s)
    }

    /// Adds an interval. Words may overlap by a little: the later one then begins later.
    fn push(&mut self, start_s: f64, end_s: f64, label: String) {
        let start_s = start_s.max(self.reached_s());
        self.reach(start_s);
        let end_s = end_s.max(start_s + SHORTEST_S);
        self.intervals.push(Interval {
            start_s,
            end_s,
            label,
        });
    }

    /// Fills the time up to here with an empty interval.
    fn reach(&mut self, end_s: f64) {
        let start_s = self.reached_s();
        if start_s < end_s {
            self.intervals.push(Interval {
                start_s,
                end_s,
                label: String::new(),
            });
        }
    }

    fn write(&self, end_s: f64, out: &mut impl Write) -> std::io::Result<()> {
        let Self { name, intervals } = self;
        write!(
            out,
            "        class = \"IntervalTier\"\n        name = \"{name}\"\n        xmin = 0\n        \
             xmax = {end_s}\n        intervals: size = {}\n",
            intervals.len()
        )?;
        for (number, interval) in (1..).zip(intervals) {
            let Interval {
                start_s,
                end_s,
                label,
            } = interval;
            let label = label.replace('"', "\"\"");
            write!(
                out,
                "        intervals [{number}]:\n            xmin = {start_s}\n            \
                 xmax = {end_s}\n            text = \"{label}\"\n"
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{heard, report, simulated, spoken, text, words};

    fn spans(tier: &Tier) -> Vec<(f64, f64, &str)> {
        let intervals = tier.intervals.iter();
        intervals
            .map(|it| (it.start_s, it.end_s, &*it.label))
            .collect()
    }

    #[test]
    fn tiers_cover_the_whole_time() {
        let mut tier = Tier::new("word");
        tier.push(1.0, 1.5, "a".to_owned());
        tier.push(1.4, 2.0, "b".to_owned());
        tier.push(2.0, 2.0, "c".to_owned());
        tier.reach(3.0);
        tier.reach(3.0);
        assert_eq!(
            spans(&tier),
            [
                (0.0, 1.0, ""),
                (1.0, 1.5, "a"),
                (1.5, 2.0, "b"),
                (2.0, 2.001, "c"),
                (2.001, 3.0, "")
            ]
        );
    }

    #[test]
    fn a_label_may_hold_quotes_and_a_recording_no_utterance() {
        let written = text(|out| write(&report(vec![heard(1, "a \"fine\"\nfilm")]), out));
        assert!(
            written.contains("xmax = 4\ntiers? <exists>\nsize = 5\n"),
            "{written}"
        );
        let interval = "        intervals [2]:\n            xmin = 2\n            xmax = 3\n            \
                        text = \"a \"\"fine\"\" film\"\n";
        assert!(written.contains(interval), "{written}");
        assert_eq!(written.matches("intervals: size = 3").count(), 5);

        let empty = text(|out| write(&report(vec![]), out));
        assert_eq!(empty.matches("intervals: size = 1").count(), 5);
        let mut nothing = report(vec![]);
        nothing.recording.media.duration_s = None;
        assert!(matches!(
            write(&nothing, Vec::new()),
            Err(ExportError::NoLength)
        ));
    }

    #[test]
    fn speakers_have_a_tier_where_they_were_told_apart() {
        let tiers = tiers(&spoken(&[1, 2]));
        let last = tiers.last().unwrap();
        assert_eq!(last.name, "speaker");
        assert_eq!(
            spans(last),
            [(0.0, 1.0, "1"), (1.0, 2.0, ""), (2.0, 3.0, "2")]
        );
    }

    #[test]
    fn only_words_that_were_heard_have_times() {
        let mut utterances = vec![heard(0, "a b"), simulated(1800, Some("c d"))];
        utterances[0].text.words = Some(words(&[("a", 0.0, 0.4), ("b", 0.5, 0.9)]));
        utterances[1].text.words = Some(words(&[("c", 3600.0, 3600.4), ("d", 3600.5, 3600.9)]));
        let mut report = report(utterances);
        report.recording.config.words = true;
        let tiers = tiers(&report);
        let last = tiers.last().unwrap();
        assert_eq!(
            spans(last),
            [(0.0, 0.4, "a"), (0.4, 0.5, ""), (0.5, 0.9, "b")]
        );
    }

    #[test]
    fn utterances_that_overlap_are_refused() {
        let mut utterances = vec![heard(0, "a"), heard(1, "b")];
        utterances[1].start_s = 0.9;
        let error = write(&report(utterances), Vec::new()).unwrap_err();
        assert!(
            matches!(error, ExportError::Overlap(1, Format::Textgrid)),
            "{error}"
        );
    }
}
