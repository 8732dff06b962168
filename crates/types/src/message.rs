//! The envelope on every channel of the chain.

use std::sync::Arc;

use super::{Failure, MediaFacts, Recording, SidecarUse, WorkTimes};

/// Something about one recording, on its way to the report.
#[derive(Clone, Debug)]
pub struct Message<P> {
    /// Which recording.
    pub recording: Arc<Recording>,
    /// What about it.
    pub body: Body<P>,
    /// Working time on it so far.
    pub work_times: WorkTimes,
}

/// What a message says. With replicated stages messages may overtake each other;
/// `report` restores the order.
#[derive(Clone, Debug)]
pub enum Body<P> {
    /// The recording was opened; the first message.
    Opened(MediaFacts),
    /// An utterance (from `decode` to `transcribe` a passage of them), as far as this hop has
    /// brought it.
    Utterance(Box<P>),
    /// The last message of a recording that was decoded to its end.
    Ended(Ended),
    /// The recording failed: what else arrives of it is void.
    Failed(Failure),
}

/// The end of a recording.
#[derive(Clone, Debug, PartialEq)]
pub struct Ended {
    /// How many utterances were sent before.
    pub utterances: u32,
    /// The facts as they are known at the end (the true duration).
    pub facts: MediaFacts,
    /// The subtitles beside it, where they were asked for and there are some.
    pub sidecar: Option<SidecarUse>,
}

impl<P> Message<P> {
    /// Replaces the payload of an utterance message; everything else passes as it is.
    pub fn try_map<Q>(self, hop: impl FnOnce(P) -> Result<Q, Failure>) -> Message<Q> {
        let body = match self.body {
            Body::Utterance(payload) => match hop(*payload) {
                Ok(enriched) => Body::Utterance(Box::new(enriched)),
                Err(failure) => Body::Failed(failure),
            },
            Body::Opened(facts) => Body::Opened(facts),
            Body::Ended(ended) => Body::Ended(ended),
            Body::Failed(failure) => Body::Failed(failure),
        };
        Message {
            recording: self.recording,
            body,
            work_times: self.work_times,
        }
    }
}

impl<I: IntoIterator> Body<I> {
    /// A message about several utterances as messages about each; everything else passes as it
    /// is.
    pub fn divide(self) -> impl Iterator<Item = Body<I::Item>> {
        let (several, other) = match self {
            Self::Utterance(several) => (Some(*several), None),
            Self::Opened(facts) => (None, Some(Body::Opened(facts))),
            Self::Ended(ended) => (None, Some(Body::Ended(ended))),
            Self::Failed(failure) => (None, Some(Body::Failed(failure))),
        };
        let each = several.into_iter().flatten();
        each.map(|one| Body::Utterance(Box::new(one))).chain(other)
    }
}
