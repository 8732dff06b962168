//! The loop of a stage's worker thread.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, SendTimeoutError, Sender};

use super::cores::Cores;
use super::stop::{StageError, Stop};
use crate::stages::panics::{panic_failure, panicked};
use undertone_telemetry::StageClock;
use undertone_types::{Body, Failure, Message, Recording, Stage, shown_path};

/// How often a waiting worker checks whether the run has failed.
const CHECK_INTERVAL: Duration = Duration::from_millis(200);

/// What a worker thread works with: its input, its output, its clock.
pub struct Port<'r, P, Q> {
    pub stage: Stage,
    pub input: Receiver<Message<P>>,
    pub output: Sender<Message<Q>>,
    pub clock: &'r StageClock,
    pub stop: &'r Stop,
    /// The budget, and how many cores this worker uses when it works.
    pub cores: &'r Cores,
    pub threads: usize,
}

impl<P, Q> Port<'_, P, Q> {
    /// The next message, or `None` when the input has ended or the run has failed.
    pub fn receive(&self) -> Option<Message<P>> {
        receive(&self.input, self.clock, self.stop)
    }

    /// The messages that are already waiting, at most `most`.
    pub fn waiting(&self, most: usize) -> Vec<Message<P>> {
        let messages: Vec<_> = self.input.try_iter().take(most).collect();
        self.clock.took(messages.len() as u64);
        messages
    }

    /// Sends a message on; `false` when the next stage has ended.
    pub fn send(&self, message: Message<Q>) -> bool {
        send(&self.output, message, self.clock, self.stop)
    }
}

/// The next message, or `None` when the input has ended or the run has failed.
pub fn receive<T>(input: &Receiver<T>, clock: &StageClock, stop: &Stop) -> Option<T> {
    let waiting = Instant::now();
    let received = loop {
        match input.recv_timeout(CHECK_INTERVAL) {
            Ok(message) => break Some(message),
            Err(RecvTimeoutError::Disconnected) => break None,
            Err(RecvTimeoutError::Timeout) if stop.has_failed() => break None,
            Err(RecvTimeoutError::Timeout) => {}
        }
    };
    clock.waited_for_input(waiting.elapsed());
    clock.took(u64::from(received.is_some()));
    received
}

/// Sends a message on; `false` when the next stage has ended or the run has failed.
pub fn send<T>(output: &Sender<T>, message: T, clock: &StageClock, stop: &Stop) -> bool {
    let waiting = Instant::now();
    let mut pending = message;
    let sent = loop {
        match output.send_timeout(pending, CHECK_INTERVAL) {
            Ok(()) => break true,
            Err(SendTimeoutError::Disconnected(_)) => break false,
            Err(SendTimeoutError::Timeout(_)) if stop.has_failed() => break false,
            Err(SendTimeoutError::Timeout(message)) => pending = message,
        }
    };
    clock.waited_for_output(waiting.elapsed());
    if sent {
        clock.gave();
    }
    sent
}

/// A worker that turns each utterance of type `P` into one of type `Q`.
///
/// A panic on an utterance fails only its recording. The worker's state may be damaged then, so
/// `make` makes a new one.
pub fn work<P, Q, H>(port: &Port<'_, P, Q>, make: impl Fn() -> Result<H, StageError>)
where
    H: FnMut(P) -> Result<Q, Failure>,
{
    work_each(port, || {
        let mut hop = make()?;
        Ok(move |payload| Ok([hop(payload)?]))
    });
}

/// A worker that turns each message about several utterances into a message about each; as
/// [`work`] otherwise.
pub fn work_each<P, Q, I, H>(port: &Port<'_, P, Q>, make: impl Fn() -> Result<H, StageError>)
where
    H: FnMut(P) -> Result<I, Failure>,
    I: IntoIterator<Item = Q>,
{
    let mut hop = match make() {
        Ok(hop) => hop,
        Err(error) => return port.stop.fail(error),
    };
    while let Some(message) = port.receive() {
        let taken = port.cores.take(port.threads);
        let started = Instant::now();
        let at_work = port.clock.at_work();
        let span = span(port.stage, &message.recording).entered();
        let mut panicked = false;
        let message = message.try_map(|payload| {
            catch_unwind(AssertUnwindSafe(|| hop(payload))).unwrap_or_else(|panic| {
                panicked = true;
                Err(panic_failure(port.stage, &*panic))
            })
        });
        drop((span, at_work, taken));
        let worked = started.elapsed();
        let mut items = 0;
        let mut work_times = message.work_times;
        work_times.add(port.stage, worked);
        for body in message.body.divide() {
            items += u64::from(matches!(body, Body::Utterance(_)));
            let message = Message {
                recording: message.recording.clone(),
                body,
                // Once: `report` adds up what the messages say.
                work_times: std::mem::take(&mut work_times),
            };
            if !port.send(message) {
                port.clock.worked(worked, items);
                return;
            }
        }
        port.clock.worked(worked, items);
        if panicked {
            hop = match make() {
                Ok(hop) => hop,
                Err(error) => return port.stop.fail(error),
            };
        }
    }
}

/// A span that adds stage and recording to everything that is logged in it.
pub fn span(stage: Stage, recording: &Recording) -> tracing::Span {
    let recording = shown_path(&recording.relative);
    tracing::info_span!("work", %stage, %recording)
}

/// A panic that ends the run.
pub fn panic_error(stage: Stage, panic: &(dyn Any + Send)) -> StageError {
    StageError::new(stage, panicked(panic))
}
