//! Data sets of words alone, and several data sets at once.

use std::ops::ControlFlow;

use super::*;
use undertone_fusion::{FusionConfig, Modality, Scorer, read_checkpoint};
use undertone_types::Flow;

fn quiet(_: TrainEvent<'_>) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// An utterance of which only words are known; every second one has a simulated text too.
fn words(number: usize, split: Split, simulated: bool) -> Example {
    let whole = example(number, split);
    Example {
        id: format!("text {number}"),
        audio: Matrix::empty(WIDTHS.audio),
        video: Matrix::empty(WIDTHS.video),
        simulated: match simulated {
            true => whole.real.clone(),
            false => Matrix::empty(WIDTHS.text),
        },
        ..whole
    }
}

fn write(folder: &Path, info: DatasetInfo, all: impl IntoIterator<Item = Example>) -> Dataset {
    let mut writer = DatasetWriter::open(folder, info).unwrap();
    for example in all {
        writer.add(example).unwrap();
    }
    writer.finish().unwrap();
    Dataset::open(folder).unwrap()
}

/// Words of 120 utterances; those whose number `simulated` accepts have a simulated text.
fn write_words(folder: &Path, simulated: fn(usize) -> bool) -> Dataset {
    let split = |at| match at {
        0..80 => Split::Train,
        80..100 => Split::Val,
        _ => Split::Test,
    };
    let all = (0..120).map(|at| words(at, split(at), simulated(at)));
    let mut origin = info();
    origin.extractors = BTreeMap::from([("text".to_owned(), "reader 1".to_owned())]);
    write(folder, origin, all)
}

#[test]
fn words_alone_teach_a_network_nothing_of_voice_and_face() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = write_words(&folder.path().join("data"), |_| false);
    let out = folder.path().join("out");
    let mut reports = Vec::new();
    let summary = train(&config(10), &dataset, &out, false, &mut |event| {
        if let TrainEvent::Epoch(report) = event {
            reports.push(report.clone());
        }
        ControlFlow::Continue(())
    });
    let summary = summary.unwrap();
    let findings = &summary.findings;
    let unheard = [Modality::Audio, Modality::Video];
    assert_eq!(findings.untaught, unheard);
    let network = FusionConfig::read(&summary.config).unwrap();
    assert!(network.text_missing_untrained);
    assert_eq!(network.untrained_in(Flow::Complete), unheard);
    assert_eq!(network.untrained_in(Flow::TextMissing), Modality::ALL);
    assert_eq!(
        (findings.without_audio, findings.without_substitute),
        (120, 120)
    );
    for report in &reports {
        assert_eq!(report.validation.simulated, None);
        assert_eq!((report.loss.missing, report.loss.fused), (0.0, 0.0));
    }
    let scorer = Scorer::load(&summary.weights, &summary.config, 1).unwrap();
    assert_eq!(scorer.config().untrained, unheard);
    let report = |protocol| evaluate(&scorer, &dataset, Split::Test, protocol, 0);
    assert!(report(Protocol::Complete).unwrap().metrics.mae < 0.8);
    let said = report(Protocol::Simulated).unwrap_err().to_string();
    assert!(
        said.contains("simulated cannot be measured: no test utterance"),
        "{said}"
    );
    let said = report("audio+text".parse().unwrap())
        .unwrap_err()
        .to_string();
    assert!(said.ends_with("no test utterance has audio"), "{said}");

    // What nothing taught is as it was drawn, so that it can be taught later.
    let fusion = FusionConfig::new(WIDTHS, config(1).network);
    let fresh = undertone_fusion::Network::new(fusion, config(1).run.seed).unwrap();
    let trained = read_checkpoint(&summary.weights).unwrap().tensors;
    for (name, tensor) in fresh.trainable() {
        let of = |modality: &str| name.split('.').any(|part| part == modality);
        if of("audio") || of("video") {
            assert_eq!(tensor, trained[&name], "{name}");
        }
        assert_eq!(
            trained[&name].isfinite().all().int64_value(&[]),
            1,
            "{name}"
        );
    }

    let mut missing = config(1);
    missing.run.criterion = Criterion::Missing;
    let error = train(
        &missing,
        &dataset,
        &folder.path().join("no"),
        false,
        &mut quiet,
    );
    let said = error.unwrap_err().to_string();
    assert!(
        said.contains("needs train utterances with simulated text"),
        "{said}"
    );
}

#[test]
fn utterances_with_nothing_to_simulate_from_are_not_in_the_figures_of_the_text_missing_flow() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = write_words(&folder.path().join("data"), |at| at.is_multiple_of(3));
    let mut all_dropped = config(6);
    all_dropped.missing.modalities = 1.0;
    let out = folder.path().join("out");
    let summary = train(&all_dropped, &dataset, &out, false, &mut quiet).unwrap();
    assert_eq!(summary.findings.without_substitute, 80);
    let provenance = Provenance::read(&out).unwrap();
    assert_eq!(provenance.complete.count, 20);
    assert_eq!(provenance.simulated.unwrap().count, 7);
    let scorer = Scorer::load(&summary.weights, &summary.config, 1).unwrap();
    let report = evaluate(&scorer, &dataset, Split::Test, Protocol::Simulated, 0).unwrap();
    let ids: Vec<&str> = report
        .utterances
        .iter()
        .map(|one| one.id.as_str())
        .collect();
    assert_eq!(
        ids,
        [102, 105, 108, 111, 114, 117].map(|at| format!("text {at}"))
    );
    let complete = evaluate(&scorer, &dataset, Split::Test, Protocol::Complete, 0).unwrap();
    let figures = folder.path().join("figures");
    publish(&[report.clone(), complete], &figures).unwrap();
    let table = std::fs::read_to_string(figures.join("predictions.csv")).unwrap();
    let rows: Vec<&str> = table.lines().collect();
    assert_eq!(
        (rows.len(), rows[0]),
        (21, "id,source,label,simulated,complete")
    );
    let is_empty = |row: &&str| row.split(',').nth(3) == Some("");
    assert_eq!(rows.iter().filter(|row| is_empty(row)).count(), 14);
    assert!(
        rows[3].starts_with("text 102,") && !is_empty(&rows[3]),
        "{table}"
    );
    assert!(report.metrics.mae < 1.2, "{}", report.metrics.mae);
}

#[test]
fn several_data_sets_are_one() {
    let folder = tempfile::tempdir().unwrap();
    let [clips, texts] = ["clips", "texts"].map(|name| folder.path().join(name));
    write_dataset(&clips, [70, 8, 6]);
    let alone = write_words(&texts, |_| false);
    let dataset = Dataset::open_all(&[clips.clone(), texts.clone()]).unwrap();
    assert_eq!(dataset.entries().len(), 84 + 120);
    assert_eq!(dataset.example(71).unwrap(), example(71, Split::Val));
    assert_eq!(dataset.example(84).unwrap(), words(0, Split::Train, false));
    assert_eq!(
        dataset.example(203).unwrap(),
        words(119, Split::Test, false)
    );
    let made: Vec<&str> = dataset
        .info()
        .extractors
        .values()
        .map(String::as_str)
        .collect();
    assert_eq!(made, ["made-up 1", "reader 1"]);
    let other_way = Dataset::open_all(&[texts.clone(), clips]).unwrap();
    assert_ne!(dataset.fingerprint(), other_way.fingerprint());
    let single = Dataset::open_all(&[texts]).unwrap();
    assert_eq!(single.fingerprint(), alone.fingerprint());
    let out = folder.path().join("out");
    let summary = train(&config(2), &dataset, &out, false, &mut quiet).unwrap();
    assert_eq!(summary.findings.untaught, []);
    let network = FusionConfig::read(&summary.config).unwrap();
    assert!(!network.text_missing_untrained);
    assert_eq!(
        Provenance::read(&out).unwrap().dataset,
        dataset.fingerprint()
    );
}

#[test]
fn data_sets_that_do_not_go_together_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let texts = write_words(&at("texts"), |_| false);
    let said = |name: &str| {
        let folders = [at("texts"), at(name)];
        Dataset::open_all(&folders).unwrap_err().to_string()
    };
    write(
        &at("same"),
        texts.info().clone(),
        [words(3, Split::Train, false)],
    );
    let same = said("same");
    assert!(
        same.contains("texts and ") && same.contains("same both have text 3:"),
        "{same}"
    );

    let mut wide = info();
    wide.widths.text = 7;
    let mut example = example(3, Split::Train);
    example.real = Matrix::from_rows(&[[0.0; 7]]);
    example.simulated = Matrix::empty(7);
    write(&at("wide"), wide, [example.clone()]);
    let wide = said("wide");
    assert!(wide.contains("their text is 6 and 7 values wide"), "{wide}");

    let mut other = texts.info().clone();
    other
        .extractors
        .insert("text".to_owned(), "reader 2".to_owned());
    let one = Example {
        id: "other".to_owned(),
        ..words(3, Split::Train, false)
    };
    write(&at("other"), other.clone(), [one]);
    let other_reader = said("other");
    assert!(
        other_reader.contains("made by reader 1 and by reader 2"),
        "{other_reader}"
    );

    // Without any words its reader does not matter.
    let mut silent = super::example(5, Split::Train);
    silent.real = Matrix::empty(WIDTHS.text);
    silent.simulated = Matrix::empty(WIDTHS.text);
    write(&at("silent"), other, [silent]);
    Dataset::open_all(&[at("texts"), at("silent")]).unwrap();
}

#[test]
fn words_lost_and_simulated_text_go_together() {
    let folder = tempfile::tempdir().unwrap();
    let [lost, heard, more] = ["lost", "heard", "more"].map(|name| folder.path().join(name));
    let origin = |key: &str, value: &str| {
        let mut info = info();
        let made = [("text", "reader 1"), (key, value)];
        info.extractors = made
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into();
        info
    };
    let lost_words = |share: &str| origin(WordsLost::KEY, &format!("words lost {share}"));
    write(&lost, lost_words("0.3"), [words(1, Split::Train, true)]);
    write(
        &heard,
        origin("simulated text", "projector 1"),
        [example(2, Split::Train)],
    );
    write(&more, lost_words("0.5"), [words(4, Split::Train, true)]);
    let all = Dataset::open_all(&[lost, heard, more]).unwrap();
    let made = &all.info().extractors;
    assert_eq!(made["simulated"], "words lost 0.3, words lost 0.5");
    assert_eq!(made["simulated text"], "projector 1");
}

#[test]
fn a_network_of_words_is_taught_voice_and_face_by_going_on_from_it() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let texts = write_words(&at("texts"), |at| at.is_multiple_of(2));
    train(&config(4), &texts, &at("first"), false, &mut quiet).unwrap();
    let parent = Parent::open(&at("first")).unwrap();
    let before = tensors(&at("first"));

    let mut origin = info();
    origin
        .extractors
        .insert("text".to_owned(), "reader 1".to_owned());
    let split = |at| if at < 80 { Split::Train } else { Split::Val };
    let clips = (0..100).map(|at| example(at, split(at)));
    let clips = write(&at("clips"), origin, clips);
    let set = |key: &str, value: &str| vec![(key.to_owned(), value.to_owned())];
    let dropout = set("network.mlp_dropout", "0.2");
    let mut settings = parent.settings(None, &dropout).unwrap();
    settings.optimiser = config(1).optimiser;
    assert_eq!(settings.network.model_width, 16);
    assert!((settings.network.mlp_dropout - 0.2).abs() < 1e-9);
    let out = at("second");
    let going_on = |epochs, resume, parent: Option<&Parent>| {
        let mut settings = settings.clone();
        settings.run.epochs = epochs;
        train_from(parent, &settings, &clips, &out, resume, &mut quiet)
    };
    going_on(1, false, Some(&parent)).unwrap();
    // The run knows what it went on from.
    let summary = going_on(3, true, None).unwrap();
    let scorer = Scorer::load(&summary.weights, &summary.config, 1).unwrap();
    assert_eq!(scorer.config().untrained, []);
    let after = tensors(&out);
    for (name, is_kept) in [
        ("norm.text.mean", true),
        ("norm.audio.mean", false),
        ("norm.video.deviation", false),
        ("project.audio.weight", false),
        ("pool.video.key.weight", false),
    ] {
        assert_eq!(before[name] == after[name], is_kept, "{name}");
    }
    let provenance = Provenance::read(&out).unwrap();
    assert_eq!(provenance.from, Some(parent.descent().sha256.clone()));
    let report = evaluate(&scorer, &clips, Split::Val, "audio".parse().unwrap(), 0).unwrap();
    assert!(report.metrics.corr.unwrap() > 0.3, "{:?}", report.metrics);

    let other = Parent::open(&out).unwrap();
    let error = going_on(4, true, Some(&other)).unwrap_err();
    let said = error_chain(&error).join(": ");
    assert!(said.contains("did not go on from the network"), "{said}");
    let wider = set("network.model_width", "32");
    let said = parent.settings(None, &wider).unwrap_err().to_string();
    assert!(
        said.ends_with("network.model_width is 16, not 32"),
        "{said}"
    );
}

fn tensors(network: &Path) -> BTreeMap<String, tch::Tensor> {
    let weights = network.join("fusion.safetensors");
    read_checkpoint(&weights).unwrap().tensors
}

#[test]
fn a_network_of_other_words_is_not_gone_on_from() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let texts = write_words(&at("texts"), |_| false);
    train(&config(1), &texts, &at("first"), false, &mut quiet).unwrap();
    let parent = Parent::open(&at("first")).unwrap();
    let mut other = texts.info().clone();
    other
        .extractors
        .insert("text".to_owned(), "reader 2".to_owned());
    let others = [Split::Train, Split::Val].map(|split| words(split as usize, split, false));
    let others = write(&at("others"), other, others);
    let out = at("out");
    let begun = train_from(Some(&parent), &config(1), &others, &out, false, &mut quiet);
    let said = begun.unwrap_err().to_string();
    let expected = "its text was made by reader 1, the data's by reader 2";
    assert!(said.contains(expected), "{said}");
    let said = Parent::open(folder.path()).unwrap_err().to_string();
    assert!(said.contains("has no network to go on from"), "{said}");
}

#[test]
fn what_is_not_taken_from_the_data_is_as_if_it_were_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    write_dataset(&at("clips"), [60, 12, 8]);
    let clips = Dataset::open(&at("clips")).unwrap();
    let mut settings = config(2);
    settings.data.without = vec![Modality::Audio, Modality::Video];
    let summary = train(&settings, &clips, &at("out"), false, &mut quiet).unwrap();
    assert_eq!(summary.findings.untaught, settings.data.without);
    let scorer = Scorer::load(&summary.weights, &summary.config, 1).unwrap();
    assert_eq!(scorer.config().untrained, settings.data.without);

    let words = (0..80).map(|number| {
        let split = clips.entries()[number].split;
        Example {
            audio: Matrix::empty(WIDTHS.audio),
            video: Matrix::empty(WIDTHS.video),
            ..example(number, split)
        }
    });
    let words = write(&at("words"), info(), words);
    train(&config(2), &words, &at("same"), false, &mut quiet).unwrap();
    let [taken, there] = ["out", "same"].map(|name| tensors(&at(name)));
    assert_eq!(taken, there);
    // Where it is there, it is not looked at.
    let mae = |dataset| {
        let report = evaluate(&scorer, dataset, Split::Test, Protocol::Complete, 0);
        report.unwrap().metrics.mae
    };
    assert_eq!(mae(&clips), mae(&words));
}
