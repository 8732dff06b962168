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
}

#[test]
fn they_are_the_fields() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("metrics.json")).unwrap();
    assert_eq!(cases.len(), 9);
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
            let close = match (got, expected) {
                (Some(got), Some(expected)) => (got - expected).abs() < 1e-6,
                (got, expected) => got == expected,
            };
            assert!(close, "case {number}, {name}: {got:?}, not {expected:?}");
        }
    }
}
