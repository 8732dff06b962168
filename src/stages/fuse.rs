//! `fuse`: the fusion network scores the waiting utterances in batches.

use undertone_fusion::{FusionError, FusionInput, Scorer};
use undertone_types::{
    Cause, Failure, Flow, Fused, NoSentiment, Observed, Sentiment, Stage, TextSource,
};

/// Scores utterances: the fusion network, or a fake in tests.
pub trait SentimentModel: Send {
    /// One sentiment for each input, in order.
    ///
    /// # Errors
    /// When an input has the wrong width or is not finite.
    fn score(&self, inputs: &[FusionInput]) -> Result<Vec<Sentiment>, FusionError>;
}

impl SentimentModel for Scorer {
    fn score(&self, inputs: &[FusionInput]) -> Result<Vec<Sentiment>, FusionError> {
        self.score(inputs)
    }
}

/// Scores a batch of utterances; without a model, and where there is nothing to be scored, they have
/// no sentiment. When the batch fails each utterance is scored alone, so that one bad utterance
/// fails its own recording only.
///
/// One result per utterance, in order.
pub fn fuse(
    model: Result<&dyn SentimentModel, NoSentiment>,
    batch: Vec<Observed>,
) -> Vec<Result<Fused, Failure>> {
    let unscored = |observed, why| Fused {
        observed,
        sentiment: Err(why),
    };
    let model = match model {
        Ok(model) => model,
        Err(why) => {
            return batch
                .into_iter()
                .map(|one| Ok(unscored(one, why)))
                .collect();
        }
    };
    let empty: Vec<bool> = batch.iter().map(has_nothing).collect();
    let (nothing, batch): (Vec<_>, Vec<_>) = batch.into_iter().partition(has_nothing);
    let mut scored = match batch.is_empty() {
        true => Vec::new(),
        false => score(model, batch),
    }
    .into_iter();
    let mut nothing = nothing.into_iter();
    let next = |empty| match empty {
        true => nothing
            .next()
            .map(|one| Ok(unscored(one, NoSentiment::Nothing))),
        false => scored.next(),
    };
    empty.into_iter().filter_map(next).collect()
}

/// True for an utterance without voice, words and face: what the network would say of it is what
/// it has learned from others.
fn has_nothing(observed: &Observed) -> bool {
    let represented = &observed.represented;
    let utterance = &represented.transcribed.utterance;
    let voice = utterance.audio.is_some() && utterance.voiced_share > 0.0;
    let words = represented.text.source != TextSource::None && !represented.text.hidden.is_empty();
    !voice && !words && observed.observation.video.is_empty()
}

fn score(model: &dyn SentimentModel, batch: Vec<Observed>) -> Vec<Result<Fused, Failure>> {
    let inputs: Vec<FusionInput> = batch.iter().map(input).collect();
    match model.score(&inputs) {
        Ok(sentiments) => batch
            .into_iter()
            .zip(sentiments)
            .map(|(observed, sentiment)| {
                Ok(Fused {
                    observed,
                    sentiment: Ok(sentiment),
                })
            })
            .collect(),
        Err(_) if batch.len() > 1 => batch
            .into_iter()
            .flat_map(|observed| score(model, vec![observed]))
            .collect(),
        Err(error) => batch
            .iter()
            .map(|_| Err(Failure::new(Stage::Fuse, cause_of(&error), &error)))
            .collect(),
    }
}

/// Whether the utterance, the installation or libtorch is the cause.
fn cause_of(error: &FusionError) -> Cause {
    match error {
        FusionError::NotFinite { .. } | FusionError::Overflow { .. } => Cause::Content,
        FusionError::Torch(_) => Cause::Engine,
        FusionError::Read { .. }
        | FusionError::Write { .. }
        | FusionError::Config { .. }
        | FusionError::Unusable(_)
        | FusionError::Damaged { .. }
        | FusionError::Mismatch(_)
        | FusionError::Width { .. } => Cause::Environment,
    }
}

fn input(observed: &Observed) -> FusionInput {
    let text = &observed.represented.text;
    FusionInput {
        audio: observed.observation.audio.clone(),
        text: text.hidden.clone(),
        video: observed.observation.video.clone(),
        flow: match text.source {
            TextSource::Transcript => Flow::Complete,
            TextSource::Simulated | TextSource::None => Flow::TextMissing,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use undertone_fusion::Modality;
    use undertone_reports::fixtures;
    use undertone_types::ModalityWeights;

    /// Refuses a batch in which any text is as wide as `refused`.
    struct Picky {
        refused: usize,
    }

    impl SentimentModel for Picky {
        fn score(&self, inputs: &[FusionInput]) -> Result<Vec<Sentiment>, FusionError> {
            if let Some(at) = inputs
                .iter()
                .position(|input| input.text.cols() == self.refused)
            {
                return Err(FusionError::Width {
                    input: at,
                    modality: Modality::Text,
                    expected: 2,
                    got: self.refused,
                });
            }
            let neutral = |input: &FusionInput| Sentiment {
                score: 1.0,
                flow: input.flow,
                weights: ModalityWeights::default(),
            };
            Ok(inputs.iter().map(neutral).collect())
        }
    }

    fn observed(text_width: usize) -> Observed {
        let mut observed = fixtures::fused(0, 0.0).observed;
        observed.represented.text.hidden = undertone_types::Matrix::empty(text_width);
        observed
    }

    #[test]
    fn one_bad_utterance_does_not_fail_its_batch() {
        let batch = vec![observed(2), observed(3), observed(2)];
        let scored = fuse(Ok(&Picky { refused: 3 }), batch);
        let kept: Vec<_> = scored.iter().map(Result::is_ok).collect();
        assert_eq!(kept, [true, false, true]);
        let failure = scored[1].as_ref().unwrap_err();
        assert_eq!(failure.stage, Stage::Fuse);
    }

    #[test]
    fn without_a_network_nothing_is_scored_and_nothing_fails() {
        let fused = fuse(Err(NoSentiment::NoNetwork), vec![observed(2)]);
        let sentiment = &fused[0].as_ref().unwrap().sentiment;
        assert_eq!(*sentiment, Err(NoSentiment::NoNetwork));
    }
}
