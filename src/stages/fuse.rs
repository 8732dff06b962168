//! `fuse`: the fusion network scores the waiting utterances in batches.

use super::explain::explain;
use undertone_fusion::{FusionError, FusionInput, Modality, Scorer};
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

    /// The scores alone, in order.
    ///
    /// # Errors
    /// When an input has the wrong width or is not finite.
    fn scores(&self, inputs: &[FusionInput]) -> Result<Vec<f32>, FusionError>;

    /// The modalities that no data taught it in a flow: it takes them as absent.
    fn untrained(&self, flow: Flow) -> &[Modality];
}

impl SentimentModel for Scorer {
    fn score(&self, inputs: &[FusionInput]) -> Result<Vec<Sentiment>, FusionError> {
        self.score(inputs)
    }

    fn scores(&self, inputs: &[FusionInput]) -> Result<Vec<f32>, FusionError> {
        self.scores(inputs)
    }

    fn untrained(&self, flow: Flow) -> &[Modality] {
        self.config().untrained_in(flow)
    }
}

/// Scores a batch of utterances; without a model, and where there is nothing to be scored, they have
/// no sentiment. When the batch fails each utterance is scored alone, so that one bad utterance
/// fails its own recording only.
///
/// With `explain` each score is explained. One result per utterance, in order.
pub fn fuse(
    model: Result<&dyn SentimentModel, NoSentiment>,
    batch: Vec<Observed>,
    explain: bool,
) -> Vec<Result<Fused, Failure>> {
    let unscored = |observed, why| Fused {
        observed,
        sentiment: Err(why),
        explanation: None,
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
    let why: Vec<Option<NoSentiment>> = batch
        .iter()
        .map(|observed| {
            let flow = observed.represented.text.source.flow();
            unscorable(observed, model.untrained(flow))
        })
        .collect();
    let mut can_be = why.iter().map(Option::is_none);
    let (batch, nothing): (Vec<_>, Vec<_>) = batch
        .into_iter()
        .partition(|_| can_be.next().unwrap_or_default());
    let mut scored = match batch.is_empty() {
        true => Vec::new(),
        false => score(model, batch),
    }
    .into_iter()
    .map(|scored| match explain {
        true => explained(model, scored?),
        false => scored,
    });
    let mut nothing = nothing.into_iter();
    let next = |why| match why {
        Some(why) => nothing.next().map(|one| Ok(unscored(one, why))),
        None => scored.next(),
    };
    why.into_iter().filter_map(next).collect()
}

/// What was scored, with what made its score.
fn explained(model: &dyn SentimentModel, mut fused: Fused) -> Result<Fused, Failure> {
    if let Ok(sentiment) = &fused.sentiment {
        let explanation = explain(model, &fused.observed, sentiment.score);
        fused.explanation = Some(explanation.map_err(failure)?);
    }
    Ok(fused)
}

/// Why an utterance cannot be scored, where it has neither voice, words nor face, or only such as
/// no data taught the network: what the network would say of it is what it has learned from others.
fn unscorable(observed: &Observed, untrained: &[Modality]) -> Option<NoSentiment> {
    let represented = &observed.represented;
    let utterance = &represented.transcribed.utterance;
    let voice = utterance.audio.is_some() && utterance.voiced_share > 0.0;
    let words = represented.text.source != TextSource::None && !represented.text.hidden.is_empty();
    let face = !observed.observation.video.is_empty();
    let there: Vec<Modality> = [
        (Modality::Audio, voice),
        (Modality::Text, words),
        (Modality::Video, face),
    ]
    .into_iter()
    .filter_map(|(modality, is_there)| is_there.then_some(modality))
    .collect();
    match there.iter().all(|modality| untrained.contains(modality)) {
        true if there.is_empty() => Some(NoSentiment::Nothing),
        true => Some(NoSentiment::Untrained),
        false => None,
    }
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
                    explanation: None,
                })
            })
            .collect(),
        Err(_) if batch.len() > 1 => batch
            .into_iter()
            .flat_map(|observed| score(model, vec![observed]))
            .collect(),
        // It is alone.
        Err(error) => vec![Err(failure(error))],
    }
}

/// Whether the utterance, the installation or libtorch is the cause.
fn failure(error: FusionError) -> Failure {
    let cause = match error {
        FusionError::NotFinite { .. } | FusionError::Overflow { .. } => Cause::Content,
        FusionError::Torch(_) => Cause::Engine,
        FusionError::Read { .. }
        | FusionError::Write { .. }
        | FusionError::Config { .. }
        | FusionError::Unusable(_)
        | FusionError::Damaged { .. }
        | FusionError::Mismatch(_)
        | FusionError::Width { .. } => Cause::Environment,
    };
    Failure::new(Stage::Fuse, cause, &error)
}

/// What the network is given of an utterance.
pub(super) fn input(observed: &Observed) -> FusionInput {
    let text = &observed.represented.text;
    FusionInput {
        audio: observed.observation.audio.clone(),
        text: text.hidden.clone(),
        video: observed.observation.video.clone(),
        flow: text.source.flow(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use undertone_fusion::Modality;
    use undertone_reports::fixtures;
    use undertone_types::Contributions;

    /// Refuses a batch in which any text is as wide as `refused`.
    struct Picky {
        refused: usize,
        untrained: Vec<Modality>,
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
                contributions: Contributions::default(),
                margin: None,
            };
            Ok(inputs.iter().map(neutral).collect())
        }

        fn scores(&self, inputs: &[FusionInput]) -> Result<Vec<f32>, FusionError> {
            let scored = self.score(inputs)?;
            Ok(scored.iter().map(|sentiment| sentiment.score).collect())
        }

        fn untrained(&self, flow: Flow) -> &[Modality] {
            match flow {
                Flow::Complete => &self.untrained,
                Flow::TextMissing => &Modality::ALL,
            }
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
        let model = Picky {
            refused: 3,
            untrained: Vec::new(),
        };
        let scored = fuse(Ok(&model), batch, false);
        let kept: Vec<_> = scored.iter().map(Result::is_ok).collect();
        assert_eq!(kept, [true, false, true]);
        let failure = scored[1].as_ref().unwrap_err();
        assert_eq!(failure.stage, Stage::Fuse);
    }

    #[test]
    fn what_has_only_untrained_modalities_is_not_scored() {
        let model = Picky {
            refused: 9,
            untrained: vec![Modality::Audio, Modality::Video],
        };
        let mut words = observed(2);
        words.represented.text.hidden = undertone_types::Matrix::from_rows(&[[0.0; 2]]);
        let mut silence = observed(2);
        silence.represented.transcribed.utterance.audio = None;
        let fused = fuse(Ok(&model), vec![observed(2), words, silence], false);
        let why = |index: usize| fused[index].as_ref().unwrap().sentiment.err();
        assert_eq!(why(0), Some(NoSentiment::Untrained));
        assert_eq!(why(1), None);
        assert_eq!(why(2), Some(NoSentiment::Nothing));
    }

    #[test]
    fn a_flow_that_was_not_trained_scores_nothing() {
        let model = Picky {
            refused: 9,
            untrained: Vec::new(),
        };
        let mut simulated = observed(2);
        simulated.represented.text.source = TextSource::Simulated;
        let fused = fuse(Ok(&model), vec![simulated, observed(2)], true);
        let why = |index: usize| fused[index].as_ref().unwrap().sentiment.err();
        assert_eq!(why(0), Some(NoSentiment::Untrained));
        assert_eq!(why(1), None);
    }

    #[test]
    fn without_a_network_nothing_is_scored_and_nothing_fails() {
        let fused = fuse(Err(NoSentiment::NoNetwork), vec![observed(2)], true);
        let sentiment = &fused[0].as_ref().unwrap().sentiment;
        assert_eq!(*sentiment, Err(NoSentiment::NoNetwork));
    }
}
