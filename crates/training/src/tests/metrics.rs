//! The metrics against the field's formulas; `metrics.py` says where the numbers come from.

use serde::Deserialize;

#[derive(Deserialize)]
struct Case {
    truth: Vec<f32>,
    predicted: Vec<f32>,
    mae: f64,
    corr: Option<f64>,
    acc7: f64,
    acc5: f64,
    acc2_has0: f64,
    f1_has0: f64,
    acc2_non0: Option<f64>,
    f1_non0: Option<f64>,
    sims: Option<Sims>,
}

#[derive(Deserialize)]
struct Sims {
    mae: f64,
    corr: Option<f64>,
    acc2: f64,
    acc3: f64,
    acc5: f64,
    f1: f64,
}

fn assert_close(number: usize, name: &str, got: Option<f64>, expected: Option<f64>) {
    let close = match (got, expected) {
        (Some(got), Some(expected)) => (got - expected).abs() < 1e-6,
        (got, expected) => got == expected,
    };
    assert!(close, "case {number}, {name}: {got:?}, not {expected:?}");
}

#[test]
fn they_are_the_fields() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("metrics.json")).unwrap();
    assert_eq!(cases.len(), 13);
    for (number, case) in cases.iter().enumerate() {
        let got = crate::metrics(&case.truth, &case.predicted).unwrap();
        for (name, got, expected) in [
            ("mae", Some(got.mae), Some(case.mae)),
            ("corr", got.corr, case.corr),
            ("acc7", Some(got.acc7), Some(case.acc7)),
            ("acc5", Some(got.acc5), Some(case.acc5)),
            ("acc2_has0", Some(got.acc2_has0), Some(case.acc2_has0)),
            ("f1_has0", Some(got.f1_has0), Some(case.f1_has0)),
            ("acc2_non0", got.acc2_non0, case.acc2_non0),
            ("f1_non0", got.f1_non0, case.f1_non0),
        ] {
            assert_close(number, name, got, expected);
        }
    }
}

#[test]
fn those_of_sims_are_the_fields() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("metrics.json")).unwrap();
    let there = cases.iter().filter(|case| case.sims.is_some()).count();
    assert_eq!(there, 6);
    for (number, case) in cases.iter().enumerate() {
        let got = crate::metrics(&case.truth, &case.predicted).unwrap().sims;
        assert_eq!(got.is_some(), case.sims.is_some(), "case {number}");
        let (Some(got), Some(case)) = (got, &case.sims) else {
            continue;
        };
        for (name, got, expected) in [
            ("mae", Some(got.mae), Some(case.mae)),
            ("corr", got.corr, case.corr),
            ("acc2", Some(got.acc2), Some(case.acc2)),
            ("acc3", Some(got.acc3), Some(case.acc3)),
            ("acc5", Some(got.acc5), Some(case.acc5)),
            ("f1", Some(got.f1), Some(case.f1)),
        ] {
            assert_close(number, name, got, expected);
        }
    }
}
