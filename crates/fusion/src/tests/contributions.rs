//! What modalities add to a score.

use super::scoring::saved;
use super::*;
use undertone_types::Contributions;

fn scorer() -> Scorer {
    let (_folder, weights, config) = saved(&network(true));
    Scorer::load(&weights, &config, 1).unwrap()
}

fn score(scorer: &Scorer, input: FusionInput) -> f32 {
    scorer.score(&[input]).unwrap()[0].score
}

#[test]
fn a_contribution_is_the_score_minus_the_score_without() {
    let scorer = scorer();
    let full = input([6, 3, 2], Flow::Complete, 5);
    let silent = input([6, 3, 2], Flow::TextMissing, 6);
    let scored = scorer.score(&[full.clone(), silent]).unwrap();
    let mut voiceless = full.clone();
    voiceless.audio = Matrix::empty(WIDTHS.audio);
    // Where there is no text the chain takes the text-missing flow.
    let mut wordless = full;
    wordless.text = Matrix::empty(0);
    wordless.flow = Flow::TextMissing;
    let Contributions { audio, text, video } = scored[0].contributions;
    let near = |found: Option<f32>, without| {
        let expected = scored[0].score - score(&scorer, without);
        (found.unwrap() - expected).abs() < 1e-5
    };
    assert!(near(audio, voiceless) && near(text, wordless));
    assert!(video.is_some_and(|video| video != 0.0));
    assert_ne!(scored[0].contributions, scored[1].contributions);
}

#[test]
fn what_takes_no_part_adds_nothing_and_what_is_alone_all() {
    let scorer = scorer();
    let inputs = [[6, 0, 2], [0, 3, 0], [0, 0, 0]].map(|rows| input(rows, Flow::TextMissing, 5));
    let scored = scorer.score(&inputs).unwrap();
    let [pair, alone, nothing] = [0, 1, 2].map(|at: usize| scored[at].contributions);
    assert!(pair.audio.is_some() && pair.text.is_none() && pair.video.is_some());
    let expected = Contributions {
        text: Some(scored[1].score),
        ..Contributions::default()
    };
    assert_eq!(alone, expected);
    assert_eq!(nothing, Contributions::default());
}
