//! Studies: folds without leaks, rows over seeds, and going on after a stop.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::super::folds::folds;
use super::*;

/// Twelve recordings of four utterances, one more recording in the test split.
fn recordings(folder: &Path) -> Dataset {
    let mut writer = DatasetWriter::open(folder, info()).unwrap();
    for number in 0..52 {
        let split = if number < 48 {
            Split::Train
        } else {
            Split::Test
        };
        let mut example = example(number, split);
        example.source = format!("video-{}", number / 4);
        writer.add(example).unwrap();
    }
    writer.finish().unwrap();
    Dataset::open(folder).unwrap()
}

/// Stops once so many runs are done.
struct Until(usize, AtomicUsize);

impl StudyObserver for Until {
    fn run_done(&self, run: &RunDone<'_>) {
        assert_eq!(run.runs, 6);
        self.1.fetch_max(run.done, Ordering::Relaxed);
    }

    fn is_interrupted(&self) -> bool {
        self.1.load(Ordering::Relaxed) >= self.0
    }
}

#[test]
fn a_recording_is_in_one_split_and_tested_once() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = recordings(folder.path());
    let folds = folds(&dataset, 3).unwrap();
    let mut tested = Vec::new();
    for fold in &folds {
        let sources = |split| {
            let of = |at: usize| fold.entries()[at].source.clone();
            fold.split(split).into_iter().map(of).collect::<Vec<_>>()
        };
        let [train, val, test] = Split::ALL.map(sources);
        assert!(!val.is_empty());
        assert!(
            train
                .iter()
                .all(|one| !val.contains(one) && !test.contains(one))
        );
        assert!(val.iter().all(|one| !test.contains(one)));
        assert_eq!(train.len() + val.len() + test.len(), 48);
        tested.extend(test);
    }
    tested.sort_unstable();
    assert_eq!(tested.len(), 48);
    assert!(
        !tested.contains(&"video-12".to_owned()),
        "the test split stays out"
    );
    assert_ne!(folds[0].fingerprint(), folds[1].fingerprint());
    assert!(super::super::folds::folds(&dataset, 12).is_err());
}

#[test]
fn a_stopped_study_goes_on_and_is_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = recordings(&folder.path().join("data"));
    let plan = StudyPlan {
        from: None,
        folds: Some(3),
        seeds: 2,
        without: Vec::new(),
        protocols: vec![Protocol::Complete, Protocol::Simulated],
        jobs: 2,
    };
    let [whole, parts] = ["whole", "parts"].map(|name| folder.path().join(name));
    let never = Until(usize::MAX, AtomicUsize::new(0));
    let expected = study(&config(2), &dataset, &plan, &whole, &never)
        .unwrap()
        .unwrap();
    let stopped = Until(2, AtomicUsize::new(0));
    assert_eq!(
        study(&config(2), &dataset, &plan, &parts, &stopped).unwrap(),
        None
    );
    let got = study(&config(2), &dataset, &plan, &parts, &never)
        .unwrap()
        .unwrap();
    assert_eq!(got, expected);

    let names: Vec<_> = got
        .iter()
        .map(|row| (row.model.as_str(), row.protocol.as_str()))
        .collect();
    assert_eq!(
        names,
        [
            ("undertone", "complete"),
            ("undertone", "simulated"),
            ("ridge", "complete"),
            ("ridge", "simulated"),
            ("ridge without text", "audio+video"),
            ("median", "any"),
        ]
    );
    assert_eq!((got[0].seeds.len(), got[2].seeds.len()), (2, 1));
    assert!(got.iter().all(|row| row.seeds[0].count == 48));
    let spread = got[0].spread(|metrics| Some(metrics.mae)).unwrap();
    assert!(
        spread.deviation.unwrap() > 0.0,
        "another seed is another network"
    );
    // The labels are in the words, linearly: what the baseline is for.
    assert!(got[2].seeds[0].corr.unwrap() > 0.8);
    let [ridge, median] = [&got[2], &got[5]].map(|row| &row.seeds[0]);
    assert!(median.mae > 2.0 * ridge.mae, "{median:?} {ridge:?}");
    let mut other = config(2);
    other.optimiser.batch = 7;
    assert!(study(&other, &dataset, &plan, &parts, &never).is_err());
}

#[test]
fn a_study_that_is_refused_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    // Without a validation split.
    let dataset = recordings(&folder.path().join("data"));
    let plan = |without, folds| StudyPlan {
        from: None,
        folds,
        seeds: 1,
        without,
        protocols: vec![Protocol::Complete],
        jobs: 1,
    };
    let mut off = config(1);
    off.loss.fused = 0.0;
    let refused = [
        (config(1), plan(vec![], None)),
        (config(1), plan(vec![], Some(99))),
        (off, plan(vec!["mkd".parse().unwrap()], Some(3))),
    ];
    for (config, plan) in refused {
        study(
            &config,
            &dataset,
            &plan,
            &out,
            &Until(9, AtomicUsize::new(0)),
        )
        .unwrap_err();
        assert!(!out.exists(), "{plan:?}");
    }
}

#[test]
fn the_runs_of_a_study_go_on_from_a_network() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let dataset = recordings(&path("data"));
    let [own, other] = [1, 2].map(|seed| {
        let mut config = config(20);
        config.run.seed = seed;
        let fold = &folds(&dataset, 3).unwrap()[0];
        let out = path(&format!("network-{seed}"));
        train(&config, fold, &out, false, &mut |_| {
            ControlFlow::Continue(())
        })
        .unwrap();
        out
    });
    let errors = |from: Option<&Path>, out: &str| {
        let plan = StudyPlan {
            from: from.map(Path::to_owned),
            folds: Some(3),
            seeds: 1,
            without: vec!["mia".parse().unwrap()],
            protocols: vec![Protocol::Complete],
            jobs: 2,
        };
        let never = Until(usize::MAX, AtomicUsize::new(0));
        let rows = study(&config(1), &dataset, &plan, &path(out), &never)?.unwrap();
        Ok::<_, StudyError>([0, 1].map(|model| rows[model].seeds[0].mae))
    };
    let (new, further) = (
        errors(None, "new").unwrap(),
        errors(Some(&own), "further").unwrap(),
    );
    for (new, further) in new.iter().zip(further) {
        assert!(further < 0.7 * new, "{further} {new}");
    }
    assert_eq!(errors(Some(&own), "further").unwrap(), further);
    // It was trained on words of another width.
    let config_of = own.join("fusion.json");
    let text = std::fs::read_to_string(&config_of).unwrap();
    let width = format!("\"text\": {}", dataset.info().widths.text);
    assert!(text.contains(&width), "{text}");
    std::fs::write(&config_of, text.replace(&width, "\"text\": 99")).unwrap();
    let error = errors(Some(&own), "refused").unwrap_err();
    assert!(error.to_string().contains("99 wide"), "{error}");
    assert!(!path("refused").exists());
    for changed in [Some(other.as_path()), None] {
        let error = errors(changed, "further").unwrap_err();
        assert!(matches!(error, StudyError::Other { .. }), "{error}");
    }
}
