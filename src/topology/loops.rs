//! The loops of the stages that are not one utterance in, one utterance out.

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use crossbeam_channel::{Receiver, Sender};

use super::stop::{Fault, Stop};
use super::worker::{Port, panic_failure, receive, send, span};
use crate::stages::decode::DecodeStage;
use crate::stages::fuse::{Judge, fuse};
use undertone_engines::media::{MediaError, MediaEvent, MediaSource, Wanted};
use undertone_telemetry::StageClock;
use undertone_types::{
    Body, Fused, MediaFacts, Message, Observed, Recording, Sourced, Spent, Stage, Utterance,
};

/// Gives recordings until there are no more, or the run is to stop.
pub(super) fn give_all(
    recordings: impl Iterator<Item = Sourced>,
    output: &Sender<Sourced>,
    clock: &StageClock,
    stop: &Stop,
) {
    for sourced in recordings {
        if stop.asked() || !send(output, sourced, clock, stop) {
            return;
        }
    }
}

/// A media source whose every event is a step of `decode`: a silent hour has no
/// utterances, but it moves.
pub(super) struct Stepping<'c> {
    pub(super) source: Box<dyn MediaSource>,
    pub(super) clock: &'c StageClock,
}

impl MediaSource for Stepping<'_> {
    fn decode(
        &self,
        path: &Path,
        wanted: Wanted,
        sink: &mut dyn FnMut(MediaEvent) -> ControlFlow<()>,
    ) -> Result<MediaFacts, MediaError> {
        self.source.decode(path, wanted, &mut |event| {
            self.clock.step();
            sink(event)
        })
    }
}

/// Hands everything to `report`, whose error ends the run.
pub(super) fn report_all(
    input: &Receiver<Message<Fused>>,
    mut report: impl FnMut(Message<Fused>) -> Result<(), Fault>,
    clock: &StageClock,
    stop: &Stop,
) {
    while let Some(message) = receive(input, clock, stop) {
        let started = Instant::now();
        let is_utterance = matches!(message.body, Body::Utterance(_));
        let _span = span(Stage::Report, &message.recording).entered();
        let _at_work = clock.at_work();
        if let Err(fault) = report(message) {
            return stop.fault(fault);
        }
        clock.worked(started.elapsed(), u64::from(is_utterance));
    }
}

/// Scores what is waiting, never waiting for a batch to fill.
pub(super) fn fuse_all(port: &Port<'_, Observed, Fused>, judge: &dyn Judge, batch: usize) {
    while let Some(first) = port.receive() {
        let waiting: Vec<_> = std::iter::once(first)
            .chain(port.waiting(batch - 1))
            .collect();
        let started = Instant::now();
        let mut utterances = Vec::new();
        // What is not an utterance passes; what is finds its place again by order.
        let places: Vec<_> = waiting
            .into_iter()
            .map(|message| {
                message.try_map(|payload| {
                    utterances.push(payload);
                    Ok(())
                })
            })
            .collect();
        let at_work = port.clock.at_work();
        let items = utterances.len();
        let scored = catch_unwind(AssertUnwindSafe(|| fuse(judge, utterances)));
        drop(at_work);
        let worked = started.elapsed();
        port.clock.worked(worked, items as u64);
        let mut scored = match scored {
            Ok(scored) => scored.into_iter(),
            Err(panic) => {
                let reason = panic_failure(Stage::Fuse, &*panic).chain.join(": ");
                return port.stop.fault(Fault {
                    stage: Stage::Fuse,
                    reason,
                });
            }
        };
        for place in places {
            let is_utterance = matches!(place.body, Body::Utterance(_));
            let mut message = place.try_map(|()| {
                scored
                    .next()
                    .expect("fuse gives one result for each utterance")
            });
            if is_utterance {
                message
                    .spent
                    .add(Stage::Fuse, worked / u32::try_from(items).unwrap_or(1));
            }
            if !port.send(message) {
                return;
            }
        }
    }
}

/// Decodes what the source gives; a file that it could not read fails here.
pub(super) fn decode_all(
    input: &Receiver<Sourced>,
    output: &Sender<Message<Utterance>>,
    mut stage: DecodeStage<'_>,
    clock: &StageClock,
    stop: &Stop,
) {
    while let Some(sourced) = receive(input, clock, stop) {
        let alive = match sourced {
            Sourced::Recording(recording) => decode_one(&mut stage, recording, output, clock, stop),
            Sourced::Unreadable(recording, failure) => {
                let body = Body::Failed(failure);
                send(
                    output,
                    Message {
                        recording,
                        body,
                        spent: Spent::default(),
                    },
                    clock,
                    stop,
                )
            }
        };
        if !alive {
            return;
        }
    }
}

/// Decodes a recording; `false` when the next stage is gone.
fn decode_one(
    stage: &mut DecodeStage<'_>,
    recording: Arc<Recording>,
    output: &Sender<Message<Utterance>>,
    clock: &StageClock,
    stop: &Stop,
) -> bool {
    let (mut since, mut alive) = (Instant::now(), true);
    let mut hand_on = |body: Body<Utterance>| {
        let worked = since.elapsed();
        clock.worked(worked, u64::from(matches!(body, Body::Utterance(_))));
        let mut spent = Spent::default();
        spent.add(Stage::Decode, worked);
        alive = send(
            output,
            Message {
                recording: recording.clone(),
                body,
                spent,
            },
            clock,
            stop,
        );
        since = Instant::now();
        if alive {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    };
    let _at_work = clock.at_work();
    let _span = span(Stage::Decode, &recording).entered();
    // The stage turns errors and panics into `Failed` itself; a break is in `alive`.
    let _ = stage.run(&recording, &mut hand_on);
    alive
}
