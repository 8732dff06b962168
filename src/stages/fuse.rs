//! `fuse`: the network's verdict, in batches of whatever is waiting.

use crate::flow::{Failure, Flow, Fused, Observed, Sentiment, Stage, TextSource};
use crate::fusion::{FusionError, FusionInput, Scorer};

/// What gives a verdict; the fusion network, or a fake in tests.
pub trait Judge: Send {
    /// One verdict per input, in order.
    ///
    /// # Errors
    /// When an input has the wrong width or is not finite.
    fn judge(&self, inputs: &[FusionInput]) -> Result<Vec<Sentiment>, FusionError>;
}

impl Judge for Scorer {
    fn judge(&self, inputs: &[FusionInput]) -> Result<Vec<Sentiment>, FusionError> {
        self.score(inputs)
    }
}

/// Scores a batch of utterances. When the batch is refused each utterance is tried
/// alone, so that one bad utterance fails its own recording only.
///
/// One result per utterance, in order.
pub fn fuse(judge: &dyn Judge, batch: Vec<Observed>) -> Vec<Result<Fused, Failure>> {
    let inputs: Vec<FusionInput> = batch.iter().map(input).collect();
    match judge.judge(&inputs) {
        Ok(verdicts) => batch
            .into_iter()
            .zip(verdicts)
            .map(|(observed, sentiment)| {
                Ok(Fused {
                    observed,
                    sentiment,
                })
            })
            .collect(),
        Err(_) if batch.len() > 1 => batch
            .into_iter()
            .flat_map(|observed| fuse(judge, vec![observed]))
            .collect(),
        Err(error) => batch
            .iter()
            .map(|_| Err(Failure::new(Stage::Fuse, &error)))
            .collect(),
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
