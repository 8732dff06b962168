//! Reads a running pipeline to its end: order, stalls, errors, and always a way out.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::{Receiver, never, select};
use gstreamer as gst;
use gstreamer::prelude::*;

use super::branch::{Block, Tapped};
use super::bus::{Cause, Fault, Kind, News};
use super::clock::Reach;
use super::codecs::{Undecoded, states_true_length};
use super::merge::Merge;
use super::playback::Playback;
use super::{MediaError, MediaEvent, Wanted};
use undertone_types::{AudioFacts, Frame, MediaFacts, VideoFacts};

/// Files up to this size are read at once: where nothing comes of them within
/// [`SMALL_LIMIT_S`], nothing will. (`decodebin` loses an error that is posted while it still
/// connects elements, so a broken file of a few hundred bytes may end in silence.)
const SMALL_BYTES: u64 = 64 * 1024;
const SMALL_LIMIT_S: f64 = 5.0;

/// After an error, how long to wait for what is still on its way.
const AFTER_FAULT: Duration = Duration::from_millis(300);

/// The receiving ends of a pipeline.
#[derive(Debug)]
pub(super) struct Inlets {
    pub(super) audio: Receiver<Tapped<AudioFacts, Block>>,
    pub(super) video: Receiver<Tapped<VideoFacts, Frame>>,
    pub(super) news: Receiver<News>,
}

/// Reads one pipeline.
#[derive(Debug)]
pub(super) struct Reader {
    pipeline: gst::Pipeline,
    path: PathBuf,
    wanted: Wanted,
    reach: Arc<Reach>,
    stall_s: f64,
    small: bool,
    merge: Merge,
    undecoded: Vec<Undecoded>,
    still: bool,
    fault: Option<Fault>,
    started: Receiver<bool>,
}

/// The sink took an event, or wants no more.
type Taken = Result<(), MediaError>;

impl Reader {
    pub(super) fn new(
        pipeline: gst::Pipeline,
        path: &Path,
        wanted: Wanted,
        reach: Arc<Reach>,
        stall_s: f64,
    ) -> Self {
        Self {
            pipeline,
            path: path.to_owned(),
            wanted,
            reach,
            stall_s,
            small: std::fs::metadata(path).is_ok_and(|file| file.len() <= SMALL_BYTES),
            merge: Merge::new(),
            undecoded: Vec::new(),
            still: false,
            fault: None,
            started: never(),
        }
    }

    /// Plays the pipeline and hands everything to `sink`.
    pub(super) fn read(
        mut self,
        inlets: Inlets,
        sink: &mut dyn FnMut(MediaEvent) -> ControlFlow<()>,
    ) -> Result<MediaFacts, MediaError> {
        let playback = Playback::start(self.pipeline.clone())?;
        self.started = playback.started();
        let outcome = self.follow(&inlets, sink);
        // Receivers first: a branch that waits in `send` has to come free.
        drop(inlets);
        drop(playback);
        outcome
    }

    fn follow(
        &mut self,
        inlets: &Inlets,
        sink: &mut dyn FnMut(MediaEvent) -> ControlFlow<()>,
    ) -> Result<MediaFacts, MediaError> {
        while !self.merge.ended() {
            let limit = if self.fault.is_some() {
                AFTER_FAULT
            } else {
                self.stall()
            };
            let progress = self.receive(inlets, limit);
            if !progress && self.fault.is_none() {
                return Err(self.stalled());
            }
            if !progress || (self.fault.is_some() && !self.merge.opened() && self.idle(inlets)) {
                self.merge.end();
            }
            self.check_streams()?;
            self.hand_on(sink)?;
        }
        // An error may have been posted just before the end.
        while let Ok(news) = inlets.news.try_recv() {
            self.note(news);
        }
        self.hand_on(sink)?;
        self.conclude()
    }

    /// Takes one thing from the pipeline; false when nothing came.
    fn receive(&mut self, inlets: &Inlets, limit: Duration) -> bool {
        select! {
            recv(self.started) -> playing => {
                self.started = never();
                while let Ok(news) = inlets.news.try_recv() {
                    self.note(news);
                }
                if playing == Ok(false) && self.fault.is_none() {
                    let reason = "the pipeline does not start".to_owned();
                    let cause = Cause::Data;
                    self.fault = Some(Fault { cause, reason });
                }
            }
            recv(inlets.news) -> news => match news {
                Ok(news) => self.note(news),
                Err(_) => return false,
            },
            recv(inlets.audio) -> tapped => match tapped {
                Ok(tapped) => self.merge.take_audio(tapped),
                Err(_) => return false,
            },
            recv(inlets.video) -> tapped => match tapped {
                Ok(tapped) => self.merge.take_video(tapped),
                Err(_) => return false,
            },
            default(limit) => return false,
        }
        true
    }

    fn idle(&self, inlets: &Inlets) -> bool {
        !self.merge.has(Kind::Audio) && !self.merge.has(Kind::Video) && inlets.news.is_empty()
    }

    fn note(&mut self, news: News) {
        match news {
            News::Exposed(kind) => self.merge.expose(kind),
            News::Complete => self.merge.complete(),
            News::Undecoded(undecoded) => self.undecoded.push(undecoded),
            News::Still => self.still = true,
            News::Fault(fault) => {
                // The first is the cause; others follow from it.
                self.fault.get_or_insert(fault);
            }
        }
    }

    /// A recording that lacks a decoder for its sound or its pictures is not decoded by
    /// halves: the user can install it.
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
            (media_type.starts_with("video/") && !self.merge.has(Kind::Video))
                || (media_type.starts_with("audio/")
                    && !self.merge.has(Kind::Audio)
                    && self.wanted == Wanted::AudioAndVideo)
        };
        let undecoded = self.undecoded.iter().find(lacks)?;
        Some(MediaError::MissingDecoder {
            codec: undecoded.codec.clone(),
            package: undecoded.package,
        })
    }

    fn hand_on(&mut self, sink: &mut dyn FnMut(MediaEvent) -> ControlFlow<()>) -> Taken {
        let pipeline = self.pipeline.clone();
        while let Some(event) = self.merge.next(|| stated_length(&pipeline)) {
            if sink(event).is_break() {
                return Err(MediaError::Stopped);
            }
        }
        Ok(())
    }

    fn conclude(&mut self) -> Result<MediaFacts, MediaError> {
        let reached_s = self.reach.seconds();
        if let Some(fault) = self.fault.take() {
            return Err(self.explain(fault, reached_s));
        }
        if let Some(missing) = self.missing() {
            return Err(missing);
        }
        if !self.merge.opened() {
            return Err(if self.still {
                MediaError::StillImage
            } else if self.merge.has(Kind::Audio) || self.merge.has(Kind::Video) {
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

    fn explain(&self, fault: Fault, reached_s: f64) -> MediaError {
        if let Some(missing) = self.missing() {
            return missing;
        }
        let reason = fault.reason;
        match fault.cause {
            Cause::Encrypted => MediaError::Encrypted,
            Cause::Engine => MediaError::Engine { reason },
            // Nothing is linked to a picture, and the demuxer stumbles over that.
            Cause::NotMedia | Cause::Data if self.still && !self.merge.opened() => {
                MediaError::StillImage
            }
            Cause::NotMedia if !self.merge.opened() => MediaError::NotMedia {
                reason: self.undecoded.first().map_or(reason, |undecoded| {
                    format!("it looks like {}", undecoded.media_type)
                }),
            },
            Cause::File => MediaError::Unreadable {
                path: self.path.clone(),
                reason,
            },
            Cause::NotMedia | Cause::Data => MediaError::Broken { reached_s, reason },
        }
    }

    /// The container's length, where it is more than an estimate.
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
        self.small && !self.merge.has(Kind::Audio) && !self.merge.has(Kind::Video)
    }

    fn stalled(&self) -> MediaError {
        if self.silent_and_small() {
            return MediaError::Broken {
                reached_s: self.reach.seconds(),
                reason: "nothing in it can be decoded".to_owned(),
            };
        }
        MediaError::Stalled {
            limit_s: self.stall_s,
            reached_s: self.reach.seconds(),
        }
    }
}

fn stated_length(pipeline: &gst::Pipeline) -> Option<f64> {
    pipeline
        .query_duration::<gst::ClockTime>()
        .map(gst::ClockTime::seconds_f64)
}
