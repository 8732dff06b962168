//! What made a score: the scores of both flows, and the words that move it most.

use undertone_engines::llama::MOST_LEFT_OUT;
use undertone_fusion::{FusionError, FusionInput, Modality};
use undertone_types::{Explanation, Flow, Observed, TextRepresentation, TextSource, WordEffect};

use super::fuse::{SentimentModel, input};

/// Words that are named.
const NAMED: usize = 5;
/// What moves a score by less is not named.
const LEAST: f32 = 0.01;

/// Explains the score of an utterance whose texts were made for that (`Representer::new`).
///
/// # Errors
/// When one of its texts cannot be scored.
pub fn explain(
    model: &dyn SentimentModel,
    observed: &Observed,
    score: f32,
) -> Result<Explanation, FusionError> {
    let represented = &observed.represented;
    let (text, scored) = (&represented.text, input(observed));
    let other = represented.other.as_ref();
    let other_score = other
        .filter(|other| other.source != TextSource::None)
        .map(|other| with_text(&scored, other))
        .filter(|input| takes_part(input, model))
        .map(|input| model.scores(&[input]).map(|scores| scores[0]))
        .transpose()?;
    let (complete, text_missing) = match scored.flow {
        Flow::Complete => (Some(score), other_score),
        Flow::TextMissing => (other_score, Some(score)),
    };
    Ok(Explanation {
        complete,
        text_missing,
        simulated: other.and_then(|other| other.simulated.clone()),
        words: words(model, &scored, text, score)?,
        notes: notes(text, other),
    })
}

/// What an explanation lacks.
fn notes(text: &TextRepresentation, other: Option<&TextRepresentation>) -> Vec<String> {
    let long = (text.without.len() == MOST_LEFT_OUT).then(|| {
        format!("of the words only the first {MOST_LEFT_OUT} were tried for what moves the score")
    });
    let missing = other.and_then(|other| other.missing.as_ref());
    let missing = missing.map(|why| format!("no score of the other flow: {why}"));
    long.into_iter().chain(missing).collect()
}

/// The utterance with another text, in the flow of that.
fn with_text(scored: &FusionInput, text: &TextRepresentation) -> FusionInput {
    FusionInput {
        text: text.hidden.clone(),
        flow: text.source.flow(),
        ..scored.clone()
    }
}

/// Whether the network was taught anything that there is, in the flow that would score it.
fn takes_part(input: &FusionInput, model: &dyn SentimentModel) -> bool {
    !input.taking_part(model.untrained(input.flow)).is_empty()
}

/// The words without which the score would be another, by how much of another.
fn words(
    model: &dyn SentimentModel,
    scored: &FusionInput,
    text: &TextRepresentation,
    score: f32,
) -> Result<Vec<WordEffect>, FusionError> {
    let without = text.without.iter().map(|left_out| {
        if left_out.hidden.is_empty() {
            return scored.without(Modality::Text);
        }
        FusionInput {
            text: left_out.hidden.clone(),
            ..scored.clone()
        }
    });
    // Where a text has no other word, nothing may be left: then the whole score is the word's.
    let without: Vec<Option<FusionInput>> = without
        .map(|input| Some(input).filter(|input| takes_part(input, model)))
        .collect();
    let inputs: Vec<FusionInput> = without.iter().flatten().cloned().collect();
    let mut scores = model.scores(&inputs)?.into_iter();
    let mut words: Vec<WordEffect> = (text.without.iter().zip(without))
        .map(|(left_out, without)| WordEffect {
            word: left_out.word.clone(),
            effect: score - without.and_then(|_| scores.next()).unwrap_or_default(),
        })
        .filter(|word| word.effect.abs() >= LEAST)
        .collect();
    words.sort_by(|a, b| b.effect.abs().total_cmp(&a.effect.abs()));
    words.truncate(NAMED);
    Ok(words)
}

#[cfg(test)]
mod tests {
    use undertone_types::{Contributions, LeftOutWord, Matrix, Sentiment};

    use super::*;

    /// Says the sum of what it is given of the text; a tenth of that in the text-missing flow.
    struct Sum;

    impl SentimentModel for Sum {
        fn score(&self, inputs: &[FusionInput]) -> Result<Vec<Sentiment>, FusionError> {
            let sentiment = |(score, input): (f32, &FusionInput)| Sentiment {
                score,
                flow: input.flow,
                contributions: Contributions::default(),
                margin: None,
            };
            let scores = self.scores(inputs)?.into_iter();
            Ok(scores.zip(inputs).map(sentiment).collect())
        }

        fn scores(&self, inputs: &[FusionInput]) -> Result<Vec<f32>, FusionError> {
            let score = |input: &FusionInput| {
                let sum: f32 = input.text.as_slice().iter().sum();
                match input.flow {
                    Flow::Complete => sum,
                    Flow::TextMissing => sum / 10.0,
                }
            };
            Ok(inputs.iter().map(score).collect())
        }

        fn untrained(&self, _: Flow) -> &[Modality] {
            &[Modality::Audio]
        }
    }

    fn text(source: TextSource, values: &[f32]) -> TextRepresentation {
        let rows: Vec<[f32; 1]> = values.iter().map(|value| [*value]).collect();
        let left_out = |at: usize| {
            let mut rest = rows.clone();
            rest.remove(at);
            LeftOutWord {
                word: format!("word {at}"),
                hidden: Matrix::from_rows(&rest),
            }
        };
        TextRepresentation {
            without: (0..rows.len()).map(left_out).collect(),
            ..TextRepresentation::new(source, Matrix::from_rows(&rows))
        }
    }

    fn explained(text: TextRepresentation, other: Option<TextRepresentation>) -> Explanation {
        let mut observed = undertone_reports::fixtures::fused(0, 0.0).observed;
        observed.represented.text = text;
        observed.represented.other = other;
        let score = Sum.scores(&[input(&observed)]).unwrap()[0];
        explain(&Sum, &observed, score).unwrap()
    }

    fn words(explanation: &Explanation) -> Vec<(&str, f32)> {
        let words = explanation.words.iter();
        words.map(|word| (&*word.word, word.effect)).collect()
    }

    #[test]
    fn the_words_that_move_a_score_most_come_first() {
        let values = [0.25, 0.0, -2.0, 0.5, 1.0, 0.75, 0.125];
        let found = explained(text(TextSource::Transcript, &values), None);
        assert_eq!(
            words(&found),
            [
                ("word 2", -2.0),
                ("word 4", 1.0),
                ("word 5", 0.75),
                ("word 3", 0.5),
                ("word 0", 0.25)
            ]
        );
        assert_eq!((found.complete, found.text_missing), (Some(0.625), None));
    }

    #[test]
    fn both_flows_have_a_score_where_both_have_a_text() {
        let heard = || text(TextSource::Transcript, &[1.0]);
        let simulated = || TextRepresentation {
            simulated: Some("hero".to_owned()),
            ..text(TextSource::Simulated, &[5.0])
        };
        let found = explained(heard(), Some(simulated()));
        assert_eq!((found.complete, found.text_missing), (Some(1.0), Some(0.5)));
        assert_eq!(found.simulated.as_deref(), Some("hero"));
        let found = explained(simulated(), Some(heard()));
        assert_eq!((found.complete, found.text_missing), (Some(1.0), Some(0.5)));
        assert_eq!(found.simulated, None);
        let missing = TextRepresentation::none(1, Some("no projector".to_owned()));
        let found = explained(heard(), Some(missing));
        assert_eq!(found.text_missing, None);
        assert_eq!(found.notes, ["no score of the other flow: no projector"]);
    }

    #[test]
    fn to_an_only_word_belongs_the_whole_score() {
        // Its voice was never taught, and a face is not there.
        let found = explained(text(TextSource::Transcript, &[2.0]), None);
        assert_eq!(words(&found), [("word 0", 2.0)]);
    }
}
