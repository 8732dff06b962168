//! One stream of a recording, decoded by a pipeline of its own.
//!
//! Sound and pictures have a pipeline each, which reads the file for itself. A stream that nobody
//! reads just waits; so the one that is behind is never kept waiting by the one that is ahead,
//! however far apart the container stores them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, never, select};
use gstreamer as gst;
use gstreamer::prelude::*;

use super::MediaError;
use super::branch::BranchOutput;
use super::bus::{ErrorKind, PipelineError, PipelineEvent, Streams};
use super::clock::Decoded;
use super::codecs::Undecoded;
use super::edits::BytesRead;
use super::playback::Playback;

/// How long to wait, after an error, for data that were decoded before it. Most demuxers end their
/// streams after an error; this is for those that do not.
const AFTER_ERROR: Duration = Duration::from_secs(3);
/// Files up to this size are read in one go: when they deliver nothing within
/// [`SMALL_LIMIT`], they never will. (`decodebin` loses errors that are posted while it connects
/// elements, so a damaged file of a few hundred bytes may produce neither data nor an error.)
const SMALL_BYTES: u64 = 64 * 1024;
const SMALL_LIMIT: Duration = Duration::from_secs(5);
/// How long nothing may run that reads the file, before the pipeline counts as dead.
const DEAD: Duration = Duration::from_secs(1);
/// How often a silent pipeline is looked at.
const LOOK: Duration = Duration::from_millis(200);

/// The receiving ends of a pipeline.
#[derive(Debug)]
pub(super) struct Receivers<F, T> {
    pub(super) outputs: Receiver<BranchOutput<F, T>>,
    pub(super) events: Receiver<PipelineEvent>,
    pub(super) decoded: Arc<Decoded>,
    pub(super) read: Arc<BytesRead>,
}

/// What a pipeline has told of itself.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// A stream of the wanted kind is decoded.
    pub(super) attached: bool,
    /// All streams, once they are known.
    pub(super) streams: Option<Streams>,
    /// Streams without a decoder.
    pub(super) undecoded: Vec<Undecoded>,
    /// There is a still image, which is not decoded.
    pub(super) still: bool,
    /// The first error, which is the cause of those that follow.
    pub(super) error: Option<PipelineError>,
    /// The container's name.
    pub(super) container: Option<String>,
}

/// A stream that is being read.
#[derive(Debug)]
pub(super) struct Stream<F, T> {
    // Dropped in this order: that unblocks a branch that waits in `send`.
    receivers: Receivers<F, T>,
    started: Receiver<bool>,
    _playback: Playback,
    pipeline: gst::Pipeline,
    stall: Duration,
    small: bool,
    told: Told,
    facts: Option<F>,
    head: Option<T>,
    ended: bool,
}

impl<F, T> Stream<F, T> {
    /// Starts to play.
    pub(super) fn start(
        pipeline: gst::Pipeline,
        receivers: Receivers<F, T>,
        stall: Duration,
        size_bytes: u64,
    ) -> Result<Self, MediaError> {
        let playback = Playback::start(pipeline.clone())?;
        Ok(Self {
            receivers,
            started: playback.started(),
            _playback: playback,
            pipeline,
            stall,
            small: size_bytes <= SMALL_BYTES,
            told: Told::default(),
            facts: None,
            head: None,
            ended: false,
        })
    }

    /// Reads until the stream has begun and all others are known, or it is known not to be there.
    pub(super) fn open(&mut self) -> Result<(), MediaError> {
        while !self.ended && (self.facts.is_none() || self.told.streams.is_none()) {
            self.step()?;
        }
        Ok(())
    }

    /// True after [`Stream::open`] when it ended without data, perhaps because they began to flow
    /// before anything was linked to take them: a race within `decodebin` (1.22), which may lose
    /// the error as well. Another attempt wins it.
    pub(super) fn missed_its_start(&self) -> bool {
        let fault = self
            .told
            .error
            .as_ref()
            .is_some_and(|error| !error.unlinked);
        self.told.attached && self.facts.is_none() && !fault
    }

    /// The next item; `None` at the end.
    pub(super) fn head(&mut self) -> Result<Option<&T>, MediaError> {
        while self.head.is_none() && !self.ended {
            self.step()?;
        }
        Ok(self.head.as_ref())
    }

    /// Takes the next item.
    pub(super) fn take(&mut self) -> Option<T> {
        self.head.take()
    }

    pub(super) fn told(&self) -> &Told {
        &self.told
    }

    pub(super) fn facts(&self) -> Option<&F> {
        self.facts.as_ref()
    }

    pub(super) fn decoded(&self) -> &Decoded {
        &self.receivers.decoded
    }

    /// The length that the container states, in seconds.
    pub(super) fn stated_s(&self) -> Option<f64> {
        self.pipeline
            .query_duration::<gst::ClockTime>()
            .map(gst::ClockTime::seconds_f64)
    }

    /// The media type of the container.
    pub(super) fn container_type(&self) -> Option<String> {
        let typefind = self.pipeline.by_name("typefind")?;
        let caps = typefind.property::<Option<gst::Caps>>("caps")?;
        Some(caps.structure(0)?.name().to_string())
    }

    /// Takes one message, or notes that there will be no more.
    fn step(&mut self) -> Result<(), MediaError> {
        let nothing_from_small = self.small && !self.told.attached;
        let limit = match self.told.error {
            Some(_) => AFTER_ERROR,
            None if nothing_from_small => self.stall.min(SMALL_LIMIT),
            None => self.stall,
        };
        if !self.receive(limit) {
            if self.told.error.is_none() && self.is_dead() {
                self.told.error = Some(PipelineError {
                    kind: ErrorKind::Data,
                    reason: "the demuxer stopped without an error".to_owned(),
                    unlinked: false,
                });
            } else if self.told.error.is_none() && !nothing_from_small {
                return Err(MediaError::Stalled {
                    limit_s: self.stall.as_secs_f64(),
                    reached_s: self.receivers.decoded.end_s(),
                });
            }
            self.ended = true;
        }
        if self.receivers.events.is_empty() && !self.told.attached {
            // Without this kind of stream there is nothing to wait for.
            self.ended |= self.told.streams.is_some() || self.told.error.is_some();
        }
        if self.ended {
            while let Ok(event) = self.receivers.events.try_recv() {
                self.note(event);
            }
        }
        Ok(())
    }

    /// True when nothing runs any more that reads the file: a demuxer has met an error that
    /// `decodebin` lost while it was connecting elements. (Queues run on, but have no data.)
    fn is_dead(&self) -> bool {
        let elements = self.pipeline.iterate_recurse().into_iter().flatten();
        let mut readers = elements.filter(|element| {
            let factory = element.factory();
            factory.is_none_or(|factory| factory.name() != "multiqueue")
        });
        let runs = |pad: &gst::Pad| pad.task_state() == gst::TaskState::Started;
        self.receivers.read.get() > 0 && !readers.any(|element| element.pads().iter().any(runs))
    }

    /// Takes one message; false when none came within `limit` though nothing was read either, or
    /// when none can come.
    fn receive(&mut self, limit: Duration) -> bool {
        let (mut since, mut read) = (Instant::now(), self.receivers.read.get());
        let mut dead_since = Instant::now();
        let full = never();
        let outputs = match self.head {
            Some(_) => &full,
            None => &self.receivers.outputs,
        };
        while since.elapsed() < limit {
            let wait = LOOK.min(limit);
            select! {
                recv(self.started) -> playing => {
                    self.started = never();
                    if playing == Ok(false) {
                        self.not_started();
                    }
                    return true;
                }
                recv(self.receivers.events) -> event => {
                    let Ok(event) = event else { return false };
                    self.note(event);
                    return true;
                }
                recv(outputs) -> output => {
                    match output {
                        Ok(BranchOutput::Started(facts, container)) => {
                            self.facts.get_or_insert(facts);
                            self.told.container = self.told.container.take().or(container);
                        }
                        Ok(BranchOutput::Item(item)) => self.head = Some(item),
                        Ok(BranchOutput::Ended) | Err(_) => self.ended = true,
                    }
                    return true;
                }
                default(wait) => {}
            }
            let now_read = self.receivers.read.get();
            if now_read != read {
                (since, read) = (Instant::now(), now_read);
            }
            // Of a stream that has begun, data may still be on their way through its decoder.
            if self.told.attached || !self.is_dead() {
                dead_since = Instant::now();
            } else if dead_since.elapsed() > DEAD {
                return false;
            }
        }
        false
    }

    /// The pipeline cannot play: an error that it has posted says more.
    fn not_started(&mut self) {
        while let Ok(event) = self.receivers.events.try_recv() {
            self.note(event);
        }
        self.told.error.get_or_insert_with(|| PipelineError {
            kind: ErrorKind::Data,
            reason: "the pipeline cannot be started".to_owned(),
            unlinked: false,
        });
    }

    fn note(&mut self, event: PipelineEvent) {
        match event {
            PipelineEvent::Attached => self.told.attached = true,
            PipelineEvent::Complete(streams) => {
                self.told.streams.get_or_insert(streams);
            }
            PipelineEvent::Undecoded(undecoded) => self.told.undecoded.push(undecoded),
            PipelineEvent::Still => self.told.still = true,
            PipelineEvent::Error(error) => {
                self.told.error.get_or_insert(error);
            }
        }
    }
}
