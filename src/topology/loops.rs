//! The loops of the stages that do not turn one utterance into one utterance.

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use crossbeam_channel::{Receiver, Sender};

use super::stop::{StageError, Stop};
use super::worker::{Port, panic_error, receive, send, span};
use crate::stages::decode::DecodeStage;
use crate::stages::fuse::{SentimentModel, fuse};
use crate::stages::passages::PassageBuilder;
use undertone_engines::media::{MediaError, MediaEvent, MediaSource, Wanted};
use undertone_engines::whisper::Window;
use undertone_telemetry::StageClock;
use undertone_types::{
    Body, Fused, MediaFacts, Message, NoSentiment, Observed, Passage, Recording, SourceItem, Stage,
    Utterance, WorkTimes,
};

/// Sends recordings until there are no more, or the run is asked to stop.
pub(super) fn send_all(
    recordings: impl Iterator<Item = SourceItem>,
    output: &Sender<SourceItem>,
    clock: &StageClock,
    stop: &Stop,
) {
    for item in recordings {
        if stop.asked() || !send(output, item, clock, stop) {
            return;
        }
    }
}

/// A media source that counts every event as progress of `decode`: an hour of silence gives no
/// utterance, but the stage is not stuck.
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

/// Passes every message to `report`; an error of `report` ends the run.
pub(super) fn report_all(
    input: &Receiver<Message<Fused>>,
    mut report: impl FnMut(Message<Fused>) -> Result<(), StageError>,
    clock: &StageClock,
    stop: &Stop,
) {
    while let Some(message) = receive(input, clock, stop) {
        let started = Instant::now();
        let is_utterance = matches!(message.body, Body::Utterance(_));
        let _span = span(Stage::Report, &message.recording).entered();
        let _at_work = clock.at_work();
        if let Err(error) = report(message) {
            return stop.fail(error);
        }
        clock.worked(started.elapsed(), u64::from(is_utterance));
    }
}

/// Scores the utterances that are waiting, without waiting for a full batch; without a model
/// they pass unscored. With `explain` each score is explained.
pub(super) fn fuse_all(
    port: &Port<'_, Observed, Fused>,
    model: Result<&dyn SentimentModel, NoSentiment>,
    batch: usize,
    explain: bool,
) {
    while let Some(first) = port.receive() {
        let waiting: Vec<_> = std::iter::once(first)
            .chain(port.waiting(batch - 1))
            .collect();
        let mut utterances = Vec::new();
        // Utterances are scored apart from their messages, which keep their order.
        let places: Vec<_> = waiting
            .into_iter()
            .map(|message| {
                message.try_map(|payload| {
                    utterances.push(payload);
                    Ok(())
                })
            })
            .collect();
        let taken = port.cores.take(port.threads);
        let started = Instant::now();
        let at_work = port.clock.at_work();
        let items = utterances.len();
        let scored = catch_unwind(AssertUnwindSafe(|| fuse(model, utterances, explain)));
        drop((at_work, taken));
        let worked = started.elapsed();
        port.clock.worked(worked, items as u64);
        let mut scored = match scored {
            Ok(scored) => scored.into_iter(),
            Err(panic) => {
                return port.stop.fail(panic_error(Stage::Fuse, &*panic));
            }
        };
        for place in places {
            let is_utterance = matches!(place.body, Body::Utterance(_));
            let mut message = place.try_map(|()| {
                scored
                    .next()
                    .expect("fuse returns one result for each utterance")
            });
            if is_utterance {
                message
                    .work_times
                    .add(Stage::Fuse, worked / u32::try_from(items).unwrap_or(1));
            }
            if !port.send(message) {
                return;
            }
        }
    }
}

/// Decodes what the source sends, until the run is asked to stop; a file that could not be read
/// becomes a failure here.
pub(super) fn decode_all(
    input: &Receiver<SourceItem>,
    output: &Sender<Message<Passage>>,
    mut stage: DecodeStage<'_>,
    window: Option<Window>,
    clock: &StageClock,
    stop: &Stop,
) {
    while let Some(item) = receive(input, clock, stop) {
        if stop.asked() {
            return;
        }
        let alive = match item {
            SourceItem::Recording(recording) => {
                decode_one(&mut stage, recording, window, output, clock, stop)
            }
            SourceItem::Unreadable(recording, failure) => {
                let body = Body::Failed(failure);
                send(
                    output,
                    Message {
                        recording,
                        body,
                        work_times: WorkTimes::default(),
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

/// Decodes a recording and sends its utterances in passages; `false` when the next stage has
/// ended.
fn decode_one(
    stage: &mut DecodeStage<'_>,
    recording: Arc<Recording>,
    window: Option<Window>,
    output: &Sender<Message<Passage>>,
    clock: &StageClock,
    stop: &Stop,
) -> bool {
    let (mut since, mut alive) = (Instant::now(), true);
    let mut passages = PassageBuilder::new(window);
    let mut send_on = |body: Body<Passage>| {
        let worked = since.elapsed();
        let items = match &body {
            Body::Utterance(passage) => passage.0.len() as u64,
            _ => 0,
        };
        clock.worked(worked, items);
        let mut work_times = WorkTimes::default();
        work_times.add(Stage::Decode, worked);
        alive = send(
            output,
            Message {
                recording: recording.clone(),
                body,
                work_times,
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
    let mut forward = |body: Body<Utterance>| {
        let passage = match body {
            Body::Utterance(utterance) => passages.add(*utterance),
            Body::Opened(facts) => return send_on(Body::Opened(facts)),
            Body::Failed(failure) => return send_on(Body::Failed(failure)),
            Body::Ended(ended) => {
                if let Some(last) = passages.take() {
                    send_on(Body::Utterance(Box::new(last)))?;
                }
                return send_on(Body::Ended(ended));
            }
        };
        match passage {
            Some(passage) => send_on(Body::Utterance(Box::new(passage))),
            None => ControlFlow::Continue(()),
        }
    };
    let _at_work = clock.at_work();
    let _span = span(Stage::Decode, &recording).entered();
    // Errors and panics have been sent as `Failed`; `alive` records whether `send` broke off.
    let _ = stage.run(&recording, &mut forward);
    alive
}
