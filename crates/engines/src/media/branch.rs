//! The audio and the video branch of the pipeline, and the taps at their ends.
//!
//! A tap runs in the thread of its branch: it turns buffers into blocks and frames and sends
//! them over a short channel. A full channel blocks the branch, a closed one ends it.

use std::sync::{Arc, Mutex, PoisonError};

use crossbeam_channel::Sender;
use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app::{AppSink, AppSinkCallbacks};

use super::bus::StreamKind;
use super::clock::{DecodedEnd, SoundClock, running_time, samples_of};
use super::codecs::{codec_name, container_name};
use super::faces::{FoundFaces, Picture};
use super::{MediaError, pipelines};
use undertone_types::{AudioFacts, Frame, VideoFacts};

/// Sound with its time on the recording's clock.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Block {
    pub(super) start_s: f64,
    pub(super) samples: Vec<f32>,
}

/// What a tap sends.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum BranchOutput<F, T> {
    /// The stream's facts, and the container's name; before the first item.
    Started(F, Option<String>),
    /// A block or a frame.
    Item(T),
    /// The stream has ended.
    Ended,
}

/// What the branches need: where they send to, and how.
#[derive(Clone, Debug)]
pub(super) struct BranchSenders {
    pub(super) audio: Sender<BranchOutput<AudioFacts, Block>>,
    pub(super) video: Sender<BranchOutput<VideoFacts, Frame>>,
    pub(super) faces: Arc<FoundFaces>,
    pub(super) decoded_end: Arc<DecodedEnd>,
    pub(super) margin: f32,
}

/// Builds a branch from its text, adds it to the pipeline and links it to a decoded pad.
/// Returns the branch's input pad.
pub(super) fn attach(
    pipeline: &gst::Pipeline,
    pad: &gst::Pad,
    kind: StreamKind,
    text: &str,
    senders: &BranchSenders,
) -> Result<gst::Pad, MediaError> {
    let wrong = |what: &str| MediaError::Engine {
        reason: format!("the {kind:?} branch {what}"),
    };
    let branch = pipelines::parse_branch(text)?;
    let input = branch
        .static_pad("sink")
        .ok_or_else(|| wrong("has no input"))?;
    let name = match kind {
        StreamKind::Audio => "audio",
        StreamKind::Video => "video",
    };
    let sink = branch
        .by_name(name)
        .and_then(|element| element.downcast::<AppSink>().ok())
        .ok_or_else(|| wrong("has no appsink"))?;
    let source = SourceFacts::of(pad);
    measure(&input, senders.decoded_end.clone(), &source);
    sink.set_callbacks(match kind {
        StreamKind::Audio => tap_audio(senders, source),
        StreamKind::Video => tap_video(senders, source),
    });
    pipeline
        .add(&branch)
        .map_err(|_| wrong("cannot be added"))?;
    branch
        .sync_state_with_parent()
        .map_err(|_| wrong("does not start"))?;
    pad.link(&input).map_err(|_| wrong("cannot be linked"))?;
    // The stream of a very short file may have ended before its pad was linked; the end is not
    // signalled again.
    if pad.sticky_event::<gst::event::Eos>(0).is_some() {
        input.send_event(gst::event::Eos::new());
    }
    Ok(input)
}

/// What the caps of the decoded pad say about the stream.
#[derive(Clone, Debug, Default)]
struct SourceFacts {
    rate_hz: u32,
    channels: u32,
    width_px: u32,
    height_px: u32,
    fps: f64,
}

impl SourceFacts {
    fn of(pad: &gst::Pad) -> Self {
        let caps = pad.current_caps().unwrap_or_else(|| pad.query_caps(None));
        let Some(structure) = caps.structure(0) else {
            return Self::default();
        };
        let number = |name| {
            structure
                .get::<i32>(name)
                .unwrap_or(0)
                .max(0)
                .unsigned_abs()
        };
        let fps = structure
            .get::<gst::Fraction>("framerate")
            .map_or(0.0, |rate| {
                f64::from(rate.numer()) / f64::from(rate.denom())
            });
        Self {
            rate_hz: number("rate"),
            channels: number("channels"),
            width_px: number("width"),
            height_px: number("height"),
            fps,
        }
    }

    /// Seconds between frames, if known.
    fn step_s(&self) -> Option<f64> {
        (self.fps > 0.0).then(|| 1.0 / self.fps)
    }
}

/// Notes the end of every decoded buffer, before frames are dropped.
fn measure(input: &gst::Pad, decoded_end: Arc<DecodedEnd>, source: &SourceFacts) {
    let step_s = source.step_s();
    input.add_probe(gst::PadProbeType::BUFFER, move |pad, info| {
        if let (Some(buffer), Some(segment)) =
            (info.buffer(), pad.sticky_event::<gst::event::Segment>(0))
        {
            decoded_end.note(segment.segment(), buffer, step_s);
        }
        gst::PadProbeReturn::Ok
    });
}

fn tags(sink: &AppSink) -> Vec<gst::TagList> {
    let mut tags = Vec::new();
    if let Some(pad) = sink.static_pad("sink") {
        let mut at = 0;
        while let Some(event) = pad.sticky_event::<gst::event::Tag>(at) {
            tags.push(event.tag_owned());
            at += 1;
        }
    }
    tags
}

/// The reader has closed its end of the channel.
fn closed<T>(_: crossbeam_channel::SendError<T>) -> gst::FlowError {
    gst::FlowError::Eos
}

fn tap_audio(senders: &BranchSenders, source: SourceFacts) -> AppSinkCallbacks {
    let (sender, at_end) = (senders.audio.clone(), senders.audio.clone());
    let mut clock = SoundClock::default();
    let mut started = false;
    AppSinkCallbacks::builder()
        .new_sample(move |sink| {
            let sample = sink.pull_sample().map_err(|_| gst::FlowError::Eos)?;
            let Some(buffer) = sample.buffer() else {
                return Ok(gst::FlowSuccess::Ok);
            };
            let start_s = running_time(&sample).map(gst::ClockTime::seconds_f64);
            let samples = samples_of(&buffer.map_readable().map_err(|_| gst::FlowError::Error)?);
            if samples.is_empty() {
                return Ok(gst::FlowSuccess::Ok);
            }
            if !started {
                started = true;
                let tags = tags(sink);
                let facts = AudioFacts {
                    codec: codec_name(&tags, true, "raw audio"),
                    rate_hz: source.rate_hz,
                    channels: source.channels,
                    start_s: start_s.unwrap_or(0.0),
                };
                let started = BranchOutput::Started(facts, container_name(&tags));
                sender.send(started).map_err(closed)?;
            }
            let heard = clock.place(start_s, samples, |start_s, samples| {
                sender
                    .send(BranchOutput::Item(Block { start_s, samples }))
                    .is_ok()
            });
            heard
                .then_some(gst::FlowSuccess::Ok)
                .ok_or(gst::FlowError::Eos)
        })
        .eos(move |_| {
            let _ = at_end.send(BranchOutput::Ended);
        })
        .build()
}

fn tap_video(senders: &BranchSenders, source: SourceFacts) -> AppSinkCallbacks {
    let (sender, at_end) = (senders.video.clone(), senders.video.clone());
    let (faces, margin) = (senders.faces.clone(), senders.margin);
    let mut started = false;
    AppSinkCallbacks::builder()
        .new_sample(move |sink| {
            let sample = sink.pull_sample().map_err(|_| gst::FlowError::Eos)?;
            let Some(time) = running_time(&sample) else {
                return Ok(gst::FlowSuccess::Ok);
            };
            if !started {
                started = true;
                let tags = tags(sink);
                let facts = VideoFacts {
                    codec: codec_name(&tags, false, "raw video"),
                    width_px: source.width_px,
                    height_px: source.height_px,
                    fps: source.fps,
                    start_s: time.seconds_f64(),
                };
                let started = BranchOutput::Started(facts, container_name(&tags));
                sender.send(started).map_err(closed)?;
            }
            let frame = frame_of(&sample, time, &faces, margin).ok_or(gst::FlowError::Error)?;
            sender.send(BranchOutput::Item(frame)).map_err(closed)?;
            Ok(gst::FlowSuccess::Ok)
        })
        .eos(move |_| {
            let _ = at_end.send(BranchOutput::Ended);
        })
        .build()
}

/// Reduces a picture to its largest face; `None` when the buffer does not fit its caps.
fn frame_of(
    sample: &gst::Sample,
    time: gst::ClockTime,
    faces: &FoundFaces,
    margin: f32,
) -> Option<Frame> {
    let time_s = time.seconds_f64();
    let Some(found) = faces.take(time) else {
        return Some(Frame { time_s, face: None });
    };
    let structure = sample.caps()?.structure(0)?;
    let width = usize::try_from(structure.get::<i32>("width").ok()?).ok()?;
    let height = usize::try_from(structure.get::<i32>("height").ok()?).ok()?;
    let pixels = sample.buffer()?.map_readable().ok()?;
    let stride = pixels.len().checked_div(height)?;
    if stride < width * 3 {
        return None;
    }
    let picture = Picture {
        rgb: &pixels,
        width,
        height,
        stride,
    };
    Some(Frame {
        time_s,
        face: Some(picture.crop(found, margin)),
    })
}

/// The input pads of the branches built so far: each branch is built once.
#[derive(Debug, Default)]
pub(super) struct Inputs(Mutex<[Option<gst::Pad>; 2]>);

impl Inputs {
    /// Links a pad to its branch, which is built if needed; in chained files one stream replaces
    /// the previous one. False when the branch is in use: only the first stream of a kind is used.
    pub(super) fn connect(
        &self,
        pad: &gst::Pad,
        kind: StreamKind,
        build: impl FnOnce() -> Result<gst::Pad, MediaError>,
    ) -> Result<bool, MediaError> {
        let mut inputs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let place = &mut inputs[kind as usize];
        match place {
            Some(input) if input.is_linked() => Ok(false),
            Some(input) => Ok(pad.link(input).is_ok()),
            None => {
                *place = Some(build()?);
                Ok(true)
            }
        }
    }
}
