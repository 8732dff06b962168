//! The scorer: files, checks, messages.

use std::path::PathBuf;

use super::*;
use undertone_types::{Contributions, Sentiment};

/// A network on disk; the folder goes with the guard.
pub(super) fn saved(network: &Network) -> (tempfile::TempDir, PathBuf, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let (weights, config) = (
        folder.path().join("n.safetensors"),
        folder.path().join("n.json"),
    );
    write_checkpoint(&weights, &Checkpoint::of(network)).unwrap();
    network.config().write(&config).unwrap();
    (folder, weights, config)
}

#[test]
fn a_saved_network_scores_as_before() {
    let mut network = network(true);
    network.normalise(Modality::Audio, &[1.0; 5], &[2.0; 5]);
    let inputs = FLOWS.map(|flow| input([6, 3, 2], flow, 5));
    let before = predict(&network, &inputs).unwrap();
    let (_folder, weights, config) = saved(&network);
    let scorer = Scorer::load(&weights, &config, 1).unwrap();
    assert_eq!(scorer.widths(), WIDTHS);
    let after = scorer.score(&inputs).unwrap();
    for ((before, after), flow) in before.iter().zip(&after).zip(FLOWS) {
        assert_eq!(before.score.clamp(-3.0, 3.0), after.score);
        assert_eq!(after.flow, flow);
    }
}

#[test]
fn scores_are_clamped() {
    let network = network(true);
    let mut bias = network.tensors().remove("score.bias").unwrap();
    let _ = tch::no_grad(|| bias.fill_(50.0));
    let (_folder, weights, config) = saved(&network);
    let scorer = Scorer::load(&weights, &config, 0).unwrap();
    let scored = scorer
        .score(&[input([6, 3, 2], Flow::Complete, 5)])
        .unwrap();
    assert_eq!(scored[0].score, 3.0);
    assert!(scorer.score(&[]).unwrap().is_empty());
}

#[test]
fn a_freak_value_counts_no_more_than_the_limit() {
    let mut network = network(true);
    network.normalise(Modality::Audio, &[1.0; 5], &[0.5; 5]);
    let with = |value: f32| {
        let mut one = input([1, 3, 2], Flow::Complete, 5);
        one.audio = Matrix::new(1, WIDTHS.audio, vec![value; 5]).unwrap();
        predict(&network, &[one]).unwrap()[0].score
    };
    // Ten deviations of 0.5 from a mean of 1.
    assert_eq!(with(6.0), with(1e30));
    assert_eq!(with(-4.0), with(-50.0));
    assert_ne!(with(5.0), with(6.0));
}

#[test]
fn normalised_features_are_what_counts() {
    let raw = input([6, 3, 2], Flow::Complete, 5);
    let mut shifted = raw.clone();
    let values: Vec<f32> = raw.audio.as_slice().iter().map(|v| v * 2.0 + 1.0).collect();
    shifted.audio = Matrix::new(6, WIDTHS.audio, values).unwrap();
    let plain = predict(&network(true), &[raw]).unwrap();
    let mut fitted = network(true);
    fitted.normalise(Modality::Audio, &[1.0; 5], &[2.0; 5]);
    let fitted = predict(&fitted, &[shifted]).unwrap();
    assert!((plain[0].score - fitted[0].score).abs() < 1e-5);
}

#[test]
fn a_wrong_width_says_expected_and_got() {
    let mut bad = input([2, 2, 2], Flow::Complete, 1);
    bad.text = Matrix::from_rows(&[[0.0; 9]]);
    let good = input([2, 2, 2], Flow::Complete, 1);
    let error = predict(&network(true), &[good, bad]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "text of input 1 is 9 wide, the network expects 6"
    );
}

#[test]
fn a_value_that_is_not_finite_is_refused() {
    let mut bad = input([2, 2, 2], Flow::Complete, 1);
    bad.video = Matrix::from_rows(&[[0.0; 4], [0.0, f32::NAN, 0.0, 0.0]]);
    let error = predict(&network(true), &[bad]).unwrap_err().to_string();
    assert!(
        error.contains("video of input 0") && error.ends_with("step 1"),
        "{error}"
    );

    let mut huge = input([2, 2, 2], Flow::Complete, 1);
    huge.video = Matrix::from_rows(&[[f32::MAX; 4]; 2]);
    let mut unlimited = config(true);
    unlimited.network.feature_limit = 0.0;
    let unlimited = Network::new(unlimited, 7).unwrap();
    assert!(matches!(
        predict(&unlimited, &[huge]),
        Err(FusionError::Overflow { input: 0 })
    ));
}

#[test]
fn weights_of_another_network_say_what_differs() {
    let (_folder, weights, _) = saved(&network(true));
    let checkpoint = read_checkpoint(&weights).unwrap();
    let mut wider = config(true);
    wider.widths.audio = 6;
    let error = checkpoint
        .fill(&Network::new(wider, 1).unwrap())
        .unwrap_err();
    let message = error.to_string();
    assert!(
        message.contains("project.audio.weight is [16, 5], expected [16, 6]"),
        "{message}"
    );
    let message = checkpoint.fill(&network(false)).unwrap_err().to_string();
    assert!(
        message.contains("imagine.cross.decoder.bias is unknown"),
        "{message}"
    );
}

#[test]
fn damaged_files_are_named() {
    let (folder, weights, config) = saved(&network(true));
    let bytes = std::fs::read(&weights).unwrap();
    std::fs::write(&weights, &bytes[..bytes.len() / 2]).unwrap();
    let error = Scorer::load(&weights, &config, 0).unwrap_err();
    assert!(
        error.to_string().contains("n.safetensors is not a whole"),
        "{error}"
    );
    let absent = folder.path().join("absent.json");
    let error = Scorer::load(&weights, &absent, 0).unwrap_err();
    assert!(error.to_string().contains("absent.json"), "{error}");
    std::fs::write(&config, "{\"format\": 1, \"sizes\": 3}").unwrap();
    let error = Scorer::load(&weights, &config, 0).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("is not a fusion network's config"),
        "{error}"
    );
}

#[test]
fn a_config_that_makes_no_network_is_refused() {
    let mut bad = config(true);
    bad.widths.video = 0;
    bad.network.fused_width = 1;
    let message = Network::new(bad, 1).unwrap_err().to_string();
    assert!(
        message.contains("fused_width") && message.contains("a width of 0"),
        "{message}"
    );
}

#[test]
fn modalities_that_no_data_taught_have_no_say() {
    let untrained = FusionConfig {
        untrained: vec![Modality::Audio, Modality::Video],
        ..config(true)
    };
    let network = Network::new(untrained, 7).unwrap();
    let (_folder, weights, config) = saved(&network);
    let scorer = Scorer::load(&weights, &config, 1).unwrap();
    for flow in FLOWS {
        let full = input([6, 3, 2], flow, 5);
        let mut words = full.clone();
        words.audio = Matrix::empty(WIDTHS.audio);
        words.video = Matrix::empty(WIDTHS.video);
        let mut odd = full.clone();
        odd.audio = Matrix::new(1, 1, vec![f32::NAN]).unwrap();
        let scored = scorer.score(&[full, words, odd]).unwrap();
        assert_eq!(scored[0], scored[1]);
        assert_eq!(scored[0], scored[2]);
        let Sentiment {
            score,
            contributions,
            ..
        } = scored[0];
        // Words alone take part: the whole score is theirs.
        let expected = Contributions {
            text: Some(score),
            ..Contributions::default()
        };
        assert_eq!(contributions, expected);
    }
}
