//! Tests of whole reports: what is written, which files are left, what counts as done.

use std::path::Path;

use super::super::fixtures::{ended, fused, mark, recording, stage_s};
use super::super::lines::{FlowName, Polarity};
use super::super::{
    NextTry, Standing, failed_before, is_done, read_finished, report_schema, standing,
    write_duplicate, write_failure,
};
use super::*;
use undertone_types::{Failure, Margin};

fn writer(out: &Path) -> ReportWriter {
    let paths = ReportPaths::new(out, &recording().relative);
    ReportWriter::create(paths, recording(), mark()).unwrap()
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name());
    names
        .map(|name| name.to_str().unwrap().to_owned())
        .collect()
}

fn lines(out: &Path) -> Vec<serde_json::Value> {
    let text = std::fs::read_to_string(out.join("day/a.mp4.jsonl")).unwrap();
    assert!(text.ends_with('\n'));
    let lines = text.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn a_report_is_in_order_and_follows_the_schema() {
    let out = tempfile::tempdir().unwrap();
    let mut writer = writer(out.path());
    for (index, score) in [(2, -3.5), (0, 1.234_56), (1, 0.2)] {
        assert!(!writer.is_complete(&ended(3)));
        writer.utterance(&fused(index, score)).unwrap();
    }
    assert!(writer.is_complete(&ended(3)));
    assert!(
        names(&out.path().join("day")).is_empty(),
        "nothing is there before the end"
    );
    let summary = writer.finish(&ended(3), &stage_s()).unwrap();

    assert_eq!(names(&out.path().join("day")), ["a.mp4.jsonl"]);
    let lines = lines(out.path());
    let validator = jsonschema::validator_for(&report_schema()).unwrap();
    for line in &lines {
        let errors: Vec<String> = validator.iter_errors(line).map(|e| e.to_string()).collect();
        assert!(errors.is_empty(), "{errors:?} in {line}");
        serde_json::from_value::<Line>(line.clone()).unwrap();
    }
    let kinds: Vec<&str> = lines
        .iter()
        .map(|line| line["kind"].as_str().unwrap())
        .collect();
    assert_eq!(
        kinds,
        [
            "recording",
            "utterance",
            "utterance",
            "utterance",
            "summary"
        ]
    );
    let source = &lines[0]["source"];
    for line in &lines[1..] {
        assert_eq!(
            (&line["path"], &line["blake3"]),
            (&source["path"], &source["blake3"])
        );
    }
    assert_eq!(lines[0]["media"]["duration_s"], 9.123);
    assert_eq!(lines[1]["sentiment"]["score"], 1.2346);
    assert_eq!(lines[1]["flow"], "complete");
    assert_eq!(lines[2]["flow"], "text-missing");
    assert_eq!(lines[3]["sentiment"]["score"], -3.0);
    assert_eq!(lines[3]["modalities"]["video"]["present"], false);

    // Weighted by 1, 2 and 3 seconds.
    let span = summary.sentiment.unwrap();
    assert_eq!(
        span.mean,
        ((1.2346 + 0.4 - 9.0) / 6.0 * 1e4_f64).round() / 1e4
    );
    assert_eq!((span.min, span.max), (-3.0, 1.2346));
    assert_eq!(span.polarity, Polarity::Negative);
    assert_eq!(
        (summary.text.transcribed, summary.text.simulated),
        (0.6667, 0.3333)
    );
    assert_eq!(summary.stage_s["transcribe"], 1.5);
}

/// Two people: the first says the utterances that are transcribed, the second the others.
#[test]
fn whoever_speaks_is_in_every_line_and_has_a_mean() {
    use undertone_speakers::fixtures::voice;
    let out = tempfile::tempdir().unwrap();
    let mut writer = writer(out.path());
    for index in [3, 1, 0, 2, 4] {
        let mut fused = fused(index, [1.0, -1.0, 2.0, -2.0, 0.0][index as usize]);
        let far = if index % 2 == 0 { 6.0 } else { -6.0 };
        fused.observed.voice = (index < 4).then(|| voice(far, 200));
        writer.utterance(&fused).unwrap();
    }
    let summary = writer.finish(&ended(5), &stage_s()).unwrap();
    let lines = lines(out.path());
    let validator = jsonschema::validator_for(&report_schema()).unwrap();
    for line in &lines {
        assert!(validator.is_valid(line), "{line}");
    }
    let speakers = lines[1..6].iter().map(|line| line["speaker"].as_u64());
    let expected = [Some(1), Some(2), Some(1), Some(2), None];
    assert_eq!(speakers.collect::<Vec<_>>(), expected);
    // Of 1 and 3 seconds, and of 2 and 4.
    let [first, second] = &summary.speakers[..] else {
        panic!("{:?}", summary.speakers);
    };
    assert_eq!(
        (first.speaker, first.utterances, first.spoken_s),
        (1, 2, 4.0)
    );
    assert_eq!(first.sentiment.as_ref().unwrap().mean, 1.75);
    let span = second.sentiment.as_ref().unwrap();
    assert_eq!((second.scored_s, span.mean, span.min), (6.0, -1.6667, -2.0));
}

#[test]
fn a_report_without_utterances_is_a_report() {
    let out = tempfile::tempdir().unwrap();
    let summary = writer(out.path()).finish(&ended(0), &stage_s()).unwrap();
    assert_eq!((summary.utterances, summary.sentiment), (0, None));
    assert_eq!(lines(out.path()).len(), 2);
}

#[test]
fn an_incomplete_report_leaves_no_file() {
    let out = tempfile::tempdir().unwrap();
    let mut broken = writer(out.path());
    broken.utterance(&fused(1, 0.0)).unwrap();
    let error = broken.finish(&ended(2), &stage_s()).unwrap_err();
    assert_eq!(error.to_string(), "only 0 of 2 utterances arrived");
    drop(writer(out.path()));
    assert!(names(&out.path().join("day")).is_empty());
}

#[test]
fn a_score_that_is_not_finite_is_an_error() {
    let out = tempfile::tempdir().unwrap();
    let error = writer(out.path())
        .utterance(&fused(4, f32::NAN))
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "the score of utterance 4 is not a finite number"
    );
}

#[test]
fn the_ledger_knows_content_bundle_and_settings() {
    let out = tempfile::tempdir().unwrap();
    let report = out.path().join("day/a.mp4.jsonl");
    let (hash, run) = (recording().blake3.clone(), mark());
    let is_done = |hash: &str, run: &RunMark| {
        let blake3 = hash.to_owned();
        is_done(
            out.path(),
            &Recording {
                blake3,
                ..(*recording()).clone()
            },
            run,
        )
    };
    assert!(!is_done(&hash, &run));
    let mut writer = writer(out.path());
    writer.utterance(&fused(0, 1.0)).unwrap();
    writer.finish(&ended(1), &stage_s()).unwrap();
    assert!(is_done(&hash, &run));
    assert!(!is_done("other", &run));
    let mut other = (*run).clone();
    other.bundle.fingerprint = "00000000ffffffff".to_owned();
    assert!(!is_done(&hash, &other));
    // An earlier version of the program wrote the report with its fingerprint of this bundle.
    other.former_fingerprint = run.bundle.fingerprint.clone();
    assert!(is_done(&hash, &other));
    let mut other = (*run).clone();
    other.config.text_mode = "simulated".to_owned();
    assert!(!is_done(&hash, &other));

    let whole = std::fs::read(&report).unwrap();
    for length in [0, 10, whole.len() / 2, whole.len() - 1] {
        std::fs::write(&report, &whole[..length]).unwrap();
        assert_eq!(read_finished(&report), None, "{length} of {}", whole.len());
    }
}

#[test]
fn a_duplicate_is_done_as_long_as_its_original_report_exists() {
    let out = tempfile::tempdir().unwrap();
    let copy = Recording {
        path: "/in/copy.mp4".into(),
        relative: "copy.mp4".into(),
        ..(*recording()).clone()
    };
    let done = || is_done(out.path(), &copy, &mark());
    let first = recording();
    write_duplicate(out.path(), &copy, &first.path, &first.relative, &mark()).unwrap();
    assert!(!done(), "it points nowhere");
    writer(out.path()).finish(&ended(0), &stage_s()).unwrap();
    assert!(done());
    let text = std::fs::read(out.path().join("copy.mp4.jsonl")).unwrap();
    let line: serde_json::Value = serde_json::from_slice(&text).unwrap();
    assert_eq!(line["of"]["report"], "day/a.mp4.jsonl");
    let validator = jsonschema::validator_for(&report_schema()).unwrap();
    assert!(validator.is_valid(&line), "{line}");
    let facts = (recording().size_bytes, recording().modified);
    match standing(out.path(), &copy.relative) {
        Standing::Duplicate { pointer, .. } => {
            assert!(pointer.source.is_unchanged(facts.0, facts.1));
        }
        other => panic!("{other:?}"),
    }
    std::fs::remove_file(out.path().join("day/a.mp4.jsonl")).unwrap();
    assert_eq!(standing(out.path(), &copy.relative), Standing::Unknown);
}

/// The original was made anew with other settings: what the pointer says of itself is not what
/// it leads to.
#[test]
fn a_duplicate_is_as_outdated_as_its_original() {
    let out = tempfile::tempdir().unwrap();
    let copy = Recording {
        path: "/in/copy.mp4".into(),
        relative: "copy.mp4".into(),
        ..(*recording()).clone()
    };
    let first = recording();
    let mut other = (*mark()).clone();
    other.config.text_mode = "none".to_owned();
    let paths = ReportPaths::new(out.path(), &first.relative);
    let other_run = ReportWriter::create(paths, first.clone(), Arc::new(other.clone())).unwrap();
    other_run.finish(&ended(0), &stage_s()).unwrap();
    write_duplicate(out.path(), &copy, &first.path, &first.relative, &mark()).unwrap();
    for mark in [&*mark(), &other] {
        assert!(!is_done(out.path(), &copy, mark));
    }
    writer(out.path()).finish(&ended(0), &stage_s()).unwrap();
    assert!(is_done(out.path(), &copy, &mark()));
}

#[test]
fn lines_without_path_and_hash_are_read() {
    let out = tempfile::tempdir().unwrap();
    let mut writer = writer(out.path());
    writer.utterance(&fused(0, 0.5)).unwrap();
    writer.finish(&ended(1), &stage_s()).unwrap();
    let report = out.path().join("day/a.mp4.jsonl");
    let mut old = String::new();
    for mut line in lines(out.path()) {
        for key in ["path", "blake3"] {
            line.as_object_mut().unwrap().remove(key);
        }
        serde_json::from_value::<Line>(line.clone()).unwrap();
        old += &format!("{line}\n");
    }
    std::fs::write(&report, old).unwrap();
    let recording = recording();
    let done = |mark: &RunMark| is_done(out.path(), &recording, mark);
    assert!(done(&mark()));
}

#[test]
fn a_long_report_is_read_from_its_end() {
    let out = tempfile::tempdir().unwrap();
    let mut writer = writer(out.path());
    for index in 0..200 {
        writer.utterance(&fused(index, 0.5)).unwrap();
    }
    let summary = writer.finish(&ended(200), &stage_s()).unwrap();
    let finished = read_finished(&out.path().join("day/a.mp4.jsonl")).unwrap();
    assert_eq!(finished.summary, summary);
    assert_eq!(
        lines(out.path())[2]["flow"],
        serde_json::to_value(FlowName::TextMissing).unwrap()
    );
}

#[test]
fn failures_are_counted_until_there_is_a_report() {
    let out = tempfile::tempdir().unwrap();
    let record = out.path().join("day/a.mp4.failed.json");
    let failure = Failure {
        stage: Stage::Decode,
        cause: undertone_types::Cause::Content,
        chain: vec!["no stream can be read".to_owned(), "no decoder".to_owned()],
        hint: Some("install gstreamer1.0-libav".to_owned()),
    };
    let validator = jsonschema::validator_for(&report_schema()).unwrap();
    for attempt in 1..=2 {
        let paths = ReportPaths::new(out.path(), &recording().relative);
        let former = failed_before(&paths, &recording().blake3);
        let attempts = 1 + former.map_or(0, |former| former.attempts);
        let next = NextTry::Never;
        write_failure(&paths, &recording(), &mark(), &failure, attempts, &[], next).unwrap();
        let line: serde_json::Value =
            serde_json::from_slice(&std::fs::read(&record).unwrap()).unwrap();
        assert_eq!(line["attempts"], attempt);
        assert!(validator.is_valid(&line), "{line}");
        assert_eq!(line["error"][1], "no decoder");
    }
    assert_eq!(names(&out.path().join("day")), ["a.mp4.failed.json"]);
    writer(out.path()).finish(&ended(0), &stage_s()).unwrap();
    assert_eq!(names(&out.path().join("day")), ["a.mp4.jsonl"]);
}

/// As the first version of the program wrote it: an upgrade scores nothing again.
#[test]
fn reports_of_schema_1_are_read_and_count_as_done() {
    let out = tempfile::tempdir().unwrap();
    let relative = Path::new("unknown-voice.mp4");
    let report = out.path().join("unknown-voice.mp4.jsonl");
    let text = include_str!("schema-1.jsonl");
    std::fs::write(&report, text).unwrap();
    let read = read_finished(&report).unwrap();
    assert_eq!(read.recording.schema, 1);
    for line in text.lines() {
        serde_json::from_str::<Line>(line).unwrap();
    }
    let run = RunMark {
        bundle: read.recording.bundle.clone(),
        config: read.recording.config.clone(),
        former_fingerprint: String::new(),
        sidecars: None,
    };
    let recording = Recording {
        relative: relative.to_owned(),
        blake3: read.recording.source.blake3.unwrap(),
        ..(*recording()).clone()
    };
    assert!(is_done(out.path(), &recording, &run));
    let mut with_words = run;
    with_words.config.words = true;
    assert!(!is_done(out.path(), &recording, &with_words));
}

#[test]
fn the_mean_has_an_interval_where_each_utterance_has_one() {
    let out = tempfile::tempdir().unwrap();
    let summary = |with_margin: usize| {
        let mut writer = writer(out.path());
        // They last 1, 2 and 3 seconds.
        for index in 0..3 {
            let mut fused = fused(index, 0.5);
            fused.sentiment.as_mut().unwrap().margin =
                ((index as usize) < with_margin).then_some(Margin {
                    utterance: 1.0,
                    recording: Some(RecordingMargin {
                        shared: 0.3,
                        own: 0.6,
                        factor: 2.0,
                        recordings: 100,
                    }),
                    utterances: 1000,
                });
            writer.utterance(&fused).unwrap();
        }
        writer.finish(&ended(3), &stage_s()).unwrap()
    };
    let interval = summary(3).sentiment.unwrap().interval_90.unwrap();
    // 2 sqrt(0.3² + 0.6² (1 + 4 + 9) / 6²)
    let margin = 0.9592;
    assert_eq!((interval.low, interval.high), (-0.4592, 0.5 + margin));
    assert_eq!(summary(2).sentiment.unwrap().interval_90, None);
}
