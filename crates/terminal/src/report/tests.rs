use undertone_reports::fixtures::{speaker, write_report};
use undertone_reports::{DoubtName, ExplanationLine, IntervalLine, WordEffectLine, read_record};

use super::*;

fn report(scores: &[f32]) -> Report {
    let out = tempfile::tempdir().unwrap();
    match read_record(&write_report(out.path(), scores)).unwrap() {
        Record::Report(report) => *report,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_report_is_its_recording_and_its_utterances() {
    let shown = show(&report(&[-2.0, 1.0]), Look::default());
    let rows: Vec<&str> = shown.lines().collect();
    assert_eq!(rows[0], "/in/day/a.mp4");
    assert_eq!(rows[1], "  +0.00       │        neutral on the whole");
    assert_eq!(rows[2], "  scores    -2.00 to +1.00");
    assert_eq!(rows[3], "  2 utterances in 9.1 s; models: tiny 0.1.0");
    assert_eq!(rows[5], " 0:00.0  -2.00   ████│        heard 0.91 ≥ 0.50");
    assert_eq!(rows[6], "         a “fine” film");
    assert_eq!(rows[7], "         adds      voice +0.20, words +0.70");
    assert_eq!(
        rows[8],
        " 0:10.0  +1.00       │██      simulated 0.20 < 0.50"
    );
    assert_eq!(rows[9], "         unused    a “fine” film");
}

#[test]
fn all_that_is_known_of_an_utterance_is_shown() {
    let mut report = report(&[2.0]);
    let line = &mut report.utterances[0];
    line.text.doubt = Some(DoubtName::Loop);
    line.text.source = undertone_reports::TextSourceName::Simulated;
    line.text.simulated = Some("a\nhero".to_owned());
    line.notes = vec!["cut short".to_owned()];
    let interval = IntervalLine {
        low: 0.75,
        high: 3.0,
    };
    line.sentiment.as_mut().unwrap().interval_90 = Some(interval);
    line.explanation = Some(ExplanationLine {
        complete: Some(1.5),
        text_missing: Some(2.0),
        simulated: Some("a hero".to_owned()),
        words: vec![WordEffectLine {
            word: "hero".to_owned(),
            effect: -0.25,
        }],
    });
    let shown = show(&report, Look::default());
    for row in [
        "moved by  hero -0.25",
        "flows     transcript +1.50, simulated +2.00 (a hero)",
        "sounds as a\\nhero",
        "unused    a “fine” film",
        "doubt     the recogniser repeated itself",
        "90 %      +0.75 to +3.00",
        "note      cut short",
    ] {
        assert!(
            shown.contains(&format!("         {row}\n")),
            "{row}:\n{shown}"
        );
    }
}

#[test]
fn several_speakers_are_shown() {
    let mut report = report(&[-2.0, 1.0]);
    report.utterances[0].speaker = Some(1);
    report.utterances[1].speaker = Some(2);
    report.summary.speakers = vec![speaker(1)];
    assert!(!show(&report, Look::default()).contains("speaker"));
    report.summary.speakers.push(speaker(2));
    let span = report.summary.sentiment.clone();
    report.summary.speakers[1].sentiment = span;
    let shown = show(&report, Look::default());
    for row in [
        "  speaker   1: no score, 1 utterance in 1.0 s\n",
        "  speaker   2: +0.00, 1 utterance in 1.0 s\n",
        "         speaker   2\n",
    ] {
        assert!(shown.contains(row), "{row}:\n{shown}");
    }
}

#[test]
fn what_has_no_score_says_why() {
    let mut report = report(&[2.0]);
    report.utterances[0].sentiment = None;
    report.utterances[0].sentiment_missing = Some("nothing to go by".to_owned());
    report.summary.sentiment = None;
    report.summary.sentiment_missing = Some("nothing to go by".to_owned());
    let shown = show(&report, Look::default());
    assert!(
        shown.contains("  no sentiment: nothing to go by\n"),
        "{shown}"
    );
    assert!(shown.contains(" 0:00.0  no score "), "{shown}");
    assert!(shown.contains("why       nothing to go by\n"), "{shown}");
}

#[test]
fn a_narrow_terminal_gets_all_of_it() {
    let mut report = report(&[-2.0, 1.0]);
    report.utterances[0].text.transcript = Some("words and ".repeat(30));
    for colours in [false, true] {
        let look = Look {
            width: Some(60),
            colours,
        };
        let shown = show(&report, look);
        assert_eq!(shown.contains('\u{1b}'), colours);
        assert_eq!(shown.matches("words and").count(), 30, "{shown}");
        if !colours {
            let longest = shown.lines().map(|row| row.chars().count()).max();
            assert!(longest <= Some(60), "{longest:?}\n{shown}");
        }
    }
}
