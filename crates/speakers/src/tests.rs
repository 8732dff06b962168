//! Voices made from the fitted model: whom it can tell apart, and whom it must not.

use super::fixtures::voice;
use super::weights::WEIGHTS;
use super::*;

/// Who speaks, for voices about these places, of so many steps.
fn told_apart(places: &[(f32, u32)]) -> Vec<Option<u32>> {
    let mut voices = Voices::default();
    for (index, &(far, steps)) in places.iter().enumerate() {
        let beside = 0.1 * (index % 7) as f32 - 0.3;
        voices.push(Some(&voice(far + beside, steps)));
    }
    voices.tell_apart()
}

#[test]
fn the_weights_fit_together() {
    let width = WEIGHTS.mean.len();
    assert_eq!(WEIGHTS.projection.len(), WEIGHTS.between.len());
    assert!(WEIGHTS.projection.iter().all(|row| row.len() == width));
    assert!(WEIGHTS.between.iter().all(|variance| *variance > 0.0));
}

#[test]
fn two_voices_are_told_apart_and_numbered_as_they_come() {
    let (low, high) = ((-6.0, 200), (6.0, 200));
    let found = told_apart(&[high, low, low, high, high, low]);
    assert_eq!(found, [1, 2, 2, 1, 1, 2].map(Some));
}

#[test]
fn one_voice_is_one_speaker() {
    assert_eq!(told_apart(&[(1.0, 200); 40]), [Some(1); 40]);
    assert_eq!(told_apart(&[(1.0, 20)]), [Some(1)]);
    assert_eq!(Voices::default().tell_apart(), []);
}

#[test]
fn who_hardly_speaks_is_not_told_apart() {
    let mut places = vec![(6.0, 200); 6];
    places.push((-6.0, 80));
    assert_eq!(told_apart(&places), [Some(1); 7]);
    places.push((-6.0, 80));
    assert_eq!(told_apart(&places)[6..], [Some(2); 2]);
    // All of it is short.
    assert_eq!(told_apart(&[(6.0, 30); 2]), [Some(1); 2]);
}

#[test]
fn utterances_without_a_voice_have_no_speaker() {
    let mut voices = Voices::default();
    let odd = |features: Vec<f32>| Voice {
        features,
        steps: 50,
    };
    voices.push(None);
    voices.push(Some(&voice(6.0, 200)));
    voices.push(Some(&odd(vec![f32::NAN; WEIGHTS.mean.len()])));
    voices.push(Some(&odd(vec![0.0; 3])));
    assert_eq!(voices.tell_apart(), [None, Some(1), None, None]);
}

#[test]
fn of_very_many_utterances_the_short_ones_join_whom_they_are_like() {
    let places: Vec<(f32, u32)> = (0..3000)
        .map(|i| (if i % 2 == 0 { 6.0 } else { -6.0 }, 50 + i % 100))
        .collect();
    for (index, speaker) in told_apart(&places).into_iter().enumerate() {
        assert_eq!(speaker, Some(1 + index as u32 % 2), "{index}");
    }
}
