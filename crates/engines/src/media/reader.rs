//! Reads a running pipeline to its end: merges its streams, and handles stalls, errors and
//! cancellation.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::{Receiver, never, select};
use gstreamer as gst;
use gstreamer::prelude::*;

use super::branch::{Block, BranchOutput};
use super::bus::{ErrorKind, PipelineError, PipelineEvent, StreamKind};
use super::clock::DecodedEnd;
use super::codecs::{Undecoded, states_true_length};
use super::merge::Merge;
use super::playback::Playback;
use super::{MediaError, MediaEvent, Wanted};
use undertone_types::{AudioFacts, Frame, MediaFacts, VideoFacts};

/// Files up to this size are read in one go: when they deliver nothing within
/// [`SMALL_LIMIT_S`], they never will. (`decodebin` loses errors that are posted while it
/// connects elements, so a damaged file of a few hundred bytes may produce neither data nor an
/// error.)
const SMALL_BYTES: u64 = 64 * 1024;
const SMALL_LIMIT_S: f64 = 5.0;

/// How long to wait, after an error, for data that were decoded before it.
const AFTER_ERROR: Duration = Duration::from_millis(300);

/// The receiving ends of a pipeline.
#[derive(Debug)]
pub(super) struct BranchReceivers {
    pub(super) audio: Receiver<BranchOutput<AudioFacts, Block>>,
    pub(super) video: Receiver<BranchOutput<VideoFacts, Frame>>,
    pub(super) events: Receiver<PipelineEvent>,
}

/// Reads one pipeline.
#[derive(Debug)]
pub(super) struct Reader {
    pipeline: gst::Pipeline,
    path: PathBuf,
    wanted: Wanted,
    decoded_end: Arc<DecodedEnd>,
    stall_s: f64,
    small: bool,
    merge: Merge,
    undecoded: Vec<Undecoded>,
    still: bool,
    error: Option<PipelineError>,
    started: Receiver<bool>,
}

/// Whether to continue: the sink may stop the decoding.
type Taken = Result<(), MediaError>;

impl Reader {
    pub(super) fn new(
        pipeline: gst::Pipeline,
        path: &Path,
        wanted: Wanted,
        decoded_end: Arc<DecodedEnd>,
        stall_s: f64,
    ) -> Self {
        Self {
            pipeline,
            path: path.to_owned(),
            wanted,
            decoded_end,
            stall_s,
            small: std::fs::metadata(path).is_ok_and(|file| file.len() <= SMALL_BYTES),
            merge: Merge::new(),
            undecoded: Vec::new(),
            still: false,
            error: None,
            started: never(),
        }
    }

    /// Plays the pipeline and passes every event to `sink`.
    pub(super) fn read(
        mut self,
        receivers: BranchReceivers,
        sink: &mut dyn FnMut(MediaEvent) -> ControlFlow<()>,
    ) -> Result<MediaFacts, MediaError> {
        let playback = Playback::start(self.pipeline.clone())?;
        self.started = playback.started();
        let outcome = self.follow(&receivers, sink);
        // Drop the receivers first: that unblocks a branch that waits in `send`.
        drop(receivers);
        drop(playback);
        outcome
    }

    fn follow(
        &mut self,
        receivers: &BranchReceivers,
        sink: &mut dyn FnMut(MediaEvent) -> ControlFlow<()>,
    ) -> Result<MediaFacts, MediaError> {
        while !self.merge.ended() {
            let limit = if self.error.is_some() {
                AFTER_ERROR
            } else {
                self.stall()
            };
            let received = self.receive(receivers, limit);
            if !received && self.error.is_none() {
                return Err(self.stalled());
            }
            if !received || (self.error.is_some() && !self.merge.opened() && self.idle(receivers)) {
                self.merge.end();
            }
            self.check_streams()?;
            self.forward(sink)?;
        }
        // An error may have been posted just before the end.
        while let Ok(events) = receivers.events.try_recv() {
            self.note(events);
        }
        self.forward(sink)?;
        self.conclude()
    }

    /// Takes one message from the pipeline; false when none came within `limit`.
    fn receive(&mut self, receivers: &BranchReceivers, limit: Duration) -> bool {
        select! {
            recv(self.started) -> playing => {
                self.started = never();
                while let Ok(events) = receivers.events.try_recv() {
                    self.note(events);
                }
                if playing == Ok(false) && self.error.is_none() {
                    let reason = "the pipeline cannot be started".to_owned();
                    let kind = ErrorKind::Data;
                    self.error = Some(PipelineError { kind, reason });
                }
            }
            recv(receivers.events) -> events => match events {
                Ok(events) => self.note(events),
                Err(_) => return false,
            },
            recv(receivers.audio) -> output => match output {
                Ok(output) => self.merge.take_audio(output),
                Err(_) => return false,
            },
            recv(receivers.video) -> output => match output {
                Ok(output) => self.merge.take_video(output),
                Err(_) => return false,
            },
            default(limit) => return false,
        }
        true
    }

    fn idle(&self, receivers: &BranchReceivers) -> bool {
        !self.merge.has(StreamKind::Audio)
            && !self.merge.has(StreamKind::Video)
            && receivers.events.is_empty()
    }

    fn note(&mut self, events: PipelineEvent) {
        match events {
            PipelineEvent::Exposed(kind) => self.merge.expose(kind),
            PipelineEvent::Complete => self.merge.complete(),
            PipelineEvent::Undecoded(undecoded) => self.undecoded.push(undecoded),
            PipelineEvent::Still => self.still = true,
            PipelineEvent::Error(error) => {
                // The first error is the cause of those that follow.
                self.error.get_or_insert(error);
            }
        }
    }

    /// A missing decoder for the only sound or video stream is an error: the user can install it,
    /// so the recording is not scored without that modality.
    fn check_streams(&self) -> Taken {
        if self.merge.opened() || !self.merge.known() {
            return Ok(());
        }
        self.missing().map_or(Ok(()), Err)
    }

    fn missing(&self) -> Option<MediaError> {
        if self.undecoded.iter().any(Undecoded::is_encrypted) {
            return Some(MediaError::Encrypted);
        }
        let lacks = |undecoded: &&Undecoded| {
            let media_type = &undecoded.media_type;
            (media_type.starts_with("video/") && !self.merge.has(StreamKind::Video))
                || (media_type.starts_with("audio/")
                    && !self.merge.has(StreamKind::Audio)
                    && self.wanted == Wanted::AudioAndVideo)
        };
        let undecoded = self.undecoded.iter().find(lacks)?;
        Some(MediaError::MissingDecoder {
            codec: undecoded.codec.clone(),
            package: undecoded.package,
        })
    }

    fn forward(&mut self, sink: &mut dyn FnMut(MediaEvent) -> ControlFlow<()>) -> Taken {
        let pipeline = self.pipeline.clone();
        while let Some(event) = self.merge.next(|| stated_length(&pipeline)) {
            if sink(event).is_break() {
                return Err(MediaError::Stopped);
            }
        }
        Ok(())
    }

    fn conclude(&mut self) -> Result<MediaFacts, MediaError> {
        let reached_s = self.decoded_end.seconds();
        if let Some(error) = self.error.take() {
            return Err(self.explain(error, reached_s));
        }
        if let Some(missing) = self.missing() {
            return Err(missing);
        }
        if !self.merge.opened() {
            return Err(if self.still {
                MediaError::StillImage
            } else if self.merge.has(StreamKind::Audio) || self.merge.has(StreamKind::Video) {
                MediaError::Broken {
                    reached_s,
                    reason: "its streams hold no data".to_owned(),
                }
            } else {
                MediaError::NoStreams
            });
        }
        if let Some(declared_s) = self.true_length()
            && reached_s < declared_s * 0.95 - 1.0
        {
            return Err(MediaError::Truncated {
                reached_s,
                declared_s,
            });
        }
        Ok(self.merge.facts(Some(reached_s)))
    }

    fn explain(&self, error: PipelineError, reached_s: f64) -> MediaError {
        if let Some(missing) = self.missing() {
            return missing;
        }
        let reason = error.reason;
        match error.kind {
            ErrorKind::Encrypted => MediaError::Encrypted,
            ErrorKind::Engine => MediaError::Engine { reason },
            // A still image is linked to nothing, which the demuxer reports as an error.
            ErrorKind::NotMedia | ErrorKind::Data if self.still && !self.merge.opened() => {
                MediaError::StillImage
            }
            ErrorKind::NotMedia if !self.merge.opened() => MediaError::NotMedia {
                reason: self.undecoded.first().map_or(reason, |undecoded| {
                    format!("it is probably {}", undecoded.media_type)
                }),
            },
            ErrorKind::File => MediaError::Unreadable {
                path: self.path.clone(),
                reason,
            },
            ErrorKind::NotMedia | ErrorKind::Data => MediaError::Broken { reached_s, reason },
        }
    }

    /// The length that the container states, unless it is an estimate.
    fn true_length(&self) -> Option<f64> {
        let caps = self
            .pipeline
            .by_name("typefind")?
            .property::<Option<gst::Caps>>("caps")?;
        states_true_length(caps.structure(0)?.name())
            .then(|| stated_length(&self.pipeline))
            .flatten()
    }

    fn stall(&self) -> Duration {
        let limit_s = if self.silent_and_small() {
            self.stall_s.min(SMALL_LIMIT_S)
        } else {
            self.stall_s
        };
        Duration::from_secs_f64(limit_s.clamp(0.1, 1e6))
    }

    fn silent_and_small(&self) -> bool {
        self.small && !self.merge.has(StreamKind::Audio) && !self.merge.has(StreamKind::Video)
    }

    fn stalled(&self) -> MediaError {
        if self.silent_and_small() {
            return MediaError::Broken {
                reached_s: self.decoded_end.seconds(),
                reason: "nothing in it can be decoded".to_owned(),
            };
        }
        MediaError::Stalled {
            limit_s: self.stall_s,
            reached_s: self.decoded_end.seconds(),
        }
    }
}

fn stated_length(pipeline: &gst::Pipeline) -> Option<f64> {
    pipeline
        .query_duration::<gst::ClockTime>()
        .map(gst::ClockTime::seconds_f64)
}
